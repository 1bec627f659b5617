//! `phonehome observe`: each observation as one line of JSON, with view types of its own. Values are masked as in reports.

use std::io::{self, Write};

use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;

use super::json::transport;
use super::text::{self, Masks};
use crate::limits;
use crate::model::{
    Answer, AppId, Attributed, Category, Event, Field, Fields, Observation, Sensitive,
};

/// Version of the layout.
const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema of one line.
pub fn schema() -> Schema {
    schema_for!(ObservationView<'static>)
}

/// Writes observations. Labels of values are the same in all lines of one run, as far as they are remembered.
#[derive(Debug)]
pub struct Observations {
    masks: Masks,
    shows_values: bool,
}

impl Observations {
    /// Nothing written yet.
    pub fn new(shows_values: bool) -> Self {
        Self {
            masks: Masks::new(shows_values),
            shows_values,
        }
    }

    /// Writes one line. `device` is the phone's name.
    pub fn write(
        &mut self,
        device: &str,
        observation: &Observation,
        fields: &Fields<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let view = self.view(device, observation, fields);
        serde_json::to_writer(&mut *out, &view)?;
        writeln!(out)
    }

    fn view<'a>(
        &mut self,
        device: &str,
        observation: &'a Observation,
        fields: &Fields<'_>,
    ) -> ObservationView<'a> {
        let sighting = &observation.sighting;
        ObservationView {
            format: "phonehome-observation",
            schema_version: SCHEMA_VERSION,
            device: text::safe(device),
            input: sighting.origin.input.0,
            frame: sighting.origin.frame,
            time: super::json::time(sighting.origin.time),
            app: AppView::of(&observation.app),
            transport: sighting.flow.map(|flow| transport(flow.transport)),
            server: sighting.flow.map(|flow| flow.server.to_string()),
            host: sighting
                .server
                .as_ref()
                .map(|name| text::host_name(name.as_str())),
            event: self.event(&sighting.event),
            fields: fields
                .iter()
                .map(|field| self.field(fields, field))
                .collect(),
        }
    }

    fn value(&mut self, value: &str) -> String {
        let value = Sensitive::new(value);
        if !self.shows_values && self.masks.len() < limits::MASKED_VALUES {
            return self.masks.label(Category::Usage, &value).to_owned();
        }
        self.masks.show(&value)
    }

    fn field(&mut self, fields: &Fields<'_>, field: &Field<'_>) -> FieldView {
        FieldView {
            place: field.place.as_str(),
            path: text::path(&fields.path(field).to_field_path()),
            decoding: fields
                .chain(field.chain)
                .0
                .iter()
                .map(|step| step.as_str())
                .collect(),
            value: self.value(&field.value),
        }
    }

    fn event<'a>(&mut self, event: &'a Event) -> EventView<'a> {
        match event {
            Event::Lookup(lookup) => EventView::Lookup {
                name: text::host_name(&lookup.name),
                record_type: lookup.record_type,
                is_response: lookup.is_response,
                is_local: lookup.is_local,
                answers: lookup
                    .answers
                    .iter()
                    .map(|answer| match answer {
                        Answer::Address(address) => address.to_string(),
                        Answer::Name(name) => text::host_name(name),
                    })
                    .collect(),
            },
            Event::Handshake(handshake) => EventView::Handshake {
                is_quic: handshake.quic_version != 0,
                sni: handshake.sni.as_deref().map(text::host_name),
                version: format!("{:#06x}", handshake.version),
                alpn: handshake
                    .alpn_offered
                    .iter()
                    .map(|name| text::safe_up_to(name, 40))
                    .collect(),
                ech_offered: handshake.ech_offered,
                ja4: handshake.ja4.as_deref(),
                certificate_names: handshake
                    .certificate_names
                    .iter()
                    .map(|name| text::host_name(name))
                    .collect(),
            },
            Event::Exchange(exchange) => EventView::Exchange {
                method: text::safe_up_to(&exchange.request.method, 20),
                host: exchange.request.host.as_deref().map(text::host_name),
                target: self.value(&exchange.request.target),
                content_type: exchange
                    .request
                    .header("content-type")
                    .map(|kind| text::safe_up_to(kind, 80)),
                body_bytes: exchange.request.body.wire_len,
                is_body_cut: exchange.request.body.is_cut,
                status: exchange.response.as_ref().map(|response| response.status),
                is_protected: exchange.is_protected,
            },
            Event::Message(message) => EventView::Message {
                protocol: message.protocol,
                kind: text::safe_up_to(&message.kind, 40),
                from_client: message.from_client,
                is_protected: message.is_protected,
            },
            Event::Traffic(traffic) => EventView::Traffic {
                protocol: traffic.protocol,
                content: traffic.content.as_str(),
                sent_packets: traffic.client_packets,
                received_packets: traffic.server_packets,
                sent_bytes: traffic.client_bytes,
                received_bytes: traffic.server_bytes,
                until: traffic.last.time.to_string(),
            },
            Event::Access(access) => EventView::Access {
                resource: text::safe_up_to(&access.resource, 40),
                host: access.host.as_deref().map(text::host_name),
                is_of_content: access.is_of_content,
                context: access.context.as_deref().map(text::host_name),
                host_owner: access
                    .host_owner
                    .as_deref()
                    .map(|owner| text::safe_up_to(owner, 80)),
                count: access.count,
                in_background: access.in_background,
                user: access.user,
                is_refused: access.is_refused,
            },
        }
    }
}

/// One observation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "phonehome observation")]
struct ObservationView<'a> {
    /// Always `phonehome-observation`.
    format: &'static str,
    /// Version of this layout.
    schema_version: u32,
    /// Phone.
    device: String,
    /// Number of the input.
    input: u32,
    /// Packet, entry or line from 1.
    frame: u64,
    /// Time (RFC 3339, UTC); none where the log tells none.
    time: Option<String>,
    /// Whose it is.
    app: AppView,
    /// `tcp`, `udp` or the IP protocol number.
    transport: Option<String>,
    /// Address and port of the server.
    server: Option<String>,
    /// Name of the server, as far as known.
    host: Option<String>,
    /// What was seen.
    event: EventView<'a>,
    /// What the client sent, decoded.
    fields: Vec<FieldView>,
}

/// Whose an observation is.
#[derive(Debug, Serialize, JsonSchema)]
struct AppView {
    /// Ids of the apps that it may be; empty if nothing tells.
    candidates: Vec<String>,
    /// Whether it is the operating system.
    is_system: bool,
    /// How that is known.
    recognised_by: Option<&'static str>,
}

impl AppView {
    fn of(app: &Attributed) -> Self {
        let (candidates, by) = match app {
            Attributed::Known { app, by } => (std::slice::from_ref(app), Some(*by)),
            Attributed::Shared { apps, by } => (apps.as_slice(), Some(*by)),
            Attributed::Unknown => (&[][..], None),
        };
        Self {
            is_system: candidates.iter().any(|app| app.as_str() == AppId::SYSTEM),
            candidates: candidates
                .iter()
                .map(|app| text::safe(app.as_str()))
                .collect(),
            recognised_by: by.map(crate::model::Basis::as_str),
        }
    }
}

/// What was seen.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum EventView<'a> {
    /// A name was looked up.
    Lookup {
        /// Name.
        name: String,
        /// Record type by number.
        record_type: u16,
        /// Answer rather than question.
        is_response: bool,
        /// Asked on the local network.
        is_local: bool,
        /// Answers.
        answers: Vec<String>,
    },
    /// A TLS or QUIC connection was opened.
    Handshake {
        /// QUIC rather than TLS on TCP.
        is_quic: bool,
        /// Server name.
        sni: Option<String>,
        /// TLS version, hexadecimal.
        version: String,
        /// Protocols offered.
        alpn: Vec<String>,
        /// Encrypted client hello offered.
        ech_offered: bool,
        /// Fingerprint of the client hello.
        ja4: Option<&'a str>,
        /// Names in the certificate.
        certificate_names: Vec<String>,
    },
    /// An HTTP request.
    Exchange {
        /// Method.
        method: String,
        /// Host.
        host: Option<String>,
        /// Label of the target, or the target if values are shown.
        target: String,
        /// Content type of the request.
        content_type: Option<String>,
        /// Bytes of the request's body.
        body_bytes: u64,
        /// Whether some of them are missing.
        is_body_cut: bool,
        /// Status of the response.
        status: Option<u16>,
        /// Protected on the wire.
        is_protected: bool,
    },
    /// A message of another protocol.
    Message {
        /// Protocol.
        protocol: &'static str,
        /// What it is there.
        #[serde(rename = "type")]
        kind: String,
        /// Sent by the client.
        from_client: bool,
        /// Protected on the wire.
        is_protected: bool,
    },
    /// A flow ended.
    Traffic {
        /// Protocol; empty if unknown.
        protocol: &'static str,
        /// State of the contents.
        content: &'static str,
        /// Packets from the phone.
        sent_packets: u64,
        /// Packets to the phone.
        received_packets: u64,
        /// Bytes from the phone.
        sent_bytes: u64,
        /// Bytes to the phone.
        received_bytes: u64,
        /// Time of the last packet.
        until: String,
    },
    /// The operating system logged an access.
    Access {
        /// What was read.
        resource: String,
        /// Host contacted.
        host: Option<String>,
        /// What is shown in the app contacted it, not the app itself, by the log.
        is_of_content: bool,
        /// The website in the app that did, where the log says.
        context: Option<String>,
        /// Whose the host is, where the log says.
        host_owner: Option<String>,
        /// How often.
        count: u64,
        /// In the background.
        in_background: Option<bool>,
        /// The Android user for whom the app ran, where the log says.
        user: Option<u32>,
        /// The system refused: nothing was read.
        is_refused: bool,
    },
}

/// A decoded field.
#[derive(Debug, Serialize, JsonSchema)]
struct FieldView {
    /// Part of the message.
    place: &'static str,
    /// Way to the value, with personal-looking names as `*`.
    path: String,
    /// Encodings undone.
    decoding: Vec<&'static str>,
    /// Label of the value, or the value if values are shown.
    value: String,
}
