//! One flow of a mitmproxy dump → what was seen in it: exchange, `WebSocket` messages, lookups, bytes of TCP and UDP.
//!
//! Versions differ in where things stand, never in what they mean, so each thing is looked for in all its places:
//! `mitmproxy/io/compat.py` lists the changes from one version to the next.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::tnetstring::Element;
use crate::intake::clock::timestamp_of_seconds;
use crate::limits::{BODY_BYTES, DNS_ANSWERS, DNS_NAME_BYTES, DNS_QUESTIONS, HEADERS};
use crate::model::{
    Answer, Body, Event, Exchange, FlowKey, Header, Lookup, Message, Origin, Owner, Request,
    Response, ServerName, Sighting, Timestamp, Transport,
};

/// What a flow tells; `None` if it is of no known kind.
pub(super) fn sightings(flow: Element<'_>, origin: Origin) -> Option<Vec<Sighting>> {
    let kind = flow.get("type").and_then(Element::text);
    let mut told = Told::of(flow, origin);
    match kind.as_deref() {
        // The first versions had one kind only.
        Some("http") | None => {
            told.exchange(flow)?;
            if let Some(socket) = flow.get("websocket") {
                told.messages(socket, "websocket");
            }
        }
        Some("websocket") => told.messages(flow, "websocket"),
        Some("tcp") => told.messages(flow, "tcp"),
        Some("udp") => {
            // Some dumps have no transport, or that of the proxy's own connection.
            if let Some(flow) = &mut told.flow {
                flow.transport = Transport::Udp;
            }
            told.messages(flow, "udp");
        }
        Some("dns") => told.lookups(flow),
        Some(_) => return None,
    }
    Some(told.sightings)
}

struct Told {
    origin: Origin,
    flow: Option<FlowKey>,
    server: Option<ServerName>,
    is_protected: bool,
    /// Path of the request that opened a `WebSocket`.
    path: Arc<str>,
    sightings: Vec<Sighting>,
}

impl Told {
    fn of(flow: Element<'_>, mut origin: Origin) -> Self {
        let client = flow.get("client_conn");
        let server = flow.get("server_conn");
        let times = [
            flow.get("request")
                .and_then(|request| request.get("timestamp_start")),
            flow.get("timestamp_created"),
            client.and_then(|client| client.get("timestamp_start")),
        ];
        origin.time = times
            .into_iter()
            .flatten()
            .find_map(time)
            .unwrap_or_default();
        let sni = client
            .and_then(|client| client.get("sni"))
            .or_else(|| server?.get("sni"))
            .and_then(Element::text)
            .filter(|sni| !sni.is_empty());
        let named = server
            .and_then(|server| host_and_port(server.get("address")?))
            .map(|(host, _)| host);
        let name = sni
            .or(named)
            .map(|name| tidy(&name))
            .filter(|name| name.parse::<IpAddr>().is_err() && !name.is_empty());
        Self {
            origin,
            flow: client.and_then(|client| flow_key(client, server?)),
            server: name.map(|name| ServerName::Asked(Arc::from(name))),
            is_protected: client
                .and_then(|client| {
                    client.get_any(&[
                        "tls_established",
                        "ssl_established",
                        "timestamp_tls_setup",
                        "tls",
                    ])
                })
                .is_some_and(|tls| tls.flag().unwrap_or_else(|| tls.number().is_some())),
            path: Arc::default(),
            sightings: Vec::new(),
        }
    }

    fn push(&mut self, time: Option<Timestamp>, event: Event) {
        self.sightings.push(Sighting {
            origin: Origin {
                time: time.unwrap_or(self.origin.time),
                ..self.origin
            },
            flow: self.flow,
            server: self.server.clone(),
            owner: Owner::default(),
            event,
        });
    }

    fn exchange(&mut self, flow: Element<'_>) -> Option<()> {
        let request = flow.get("request")?;
        let scheme = request.get("scheme").and_then(Element::text);
        // A CONNECT has no scheme, and was in clear up to the proxy.
        let is_protected = scheme.as_deref() == Some("https");
        let host = host_of(request);
        if let Some(host) = host
            .as_deref()
            .filter(|host| host.parse::<IpAddr>().is_err())
        {
            self.server = Some(ServerName::Asked(Arc::from(host)));
        }
        let exchange = Exchange {
            request: Request {
                method: request
                    .get("method")
                    .and_then(Element::text)
                    .unwrap_or_else(|| "GET".to_owned()),
                target: request
                    .get("path")
                    .and_then(Element::text)
                    .unwrap_or_else(|| "/".to_owned()),
                host,
                headers: headers(request),
                body: body(request),
            },
            response: flow.get("response").map(|response| Response {
                status: response
                    .get_any(&["status_code", "code"])
                    .and_then(Element::integer)
                    .and_then(|status| u16::try_from(status).ok())
                    .unwrap_or(0),
                headers: headers(response),
                body: body(response),
            }),
            is_protected,
        };
        self.is_protected = is_protected;
        self.path = Arc::from(exchange.request.path());
        self.push(None, Event::Exchange(exchange));
        Some(())
    }

    /// Messages of a `WebSocket` (`[opcode, from client, content, time, …]`) or of a stream (`[from client, content, time]`).
    fn messages(&mut self, holder: Element<'_>, protocol: &'static str) {
        let messages = holder.get("messages").map(Element::elements);
        for message in messages.into_iter().flatten() {
            let mut parts = message.elements();
            let opcode = if protocol == "websocket" {
                parts.next().and_then(Element::integer)
            } else {
                None
            };
            let from_client = parts.next().and_then(Element::flag).unwrap_or(false);
            let Some(content) = parts.next().and_then(Element::bytes) else {
                continue;
            };
            let time = parts.next().and_then(time);
            let kept = content.get(..BODY_BYTES).unwrap_or(content);
            let kind = match (opcode, str::from_utf8(kept)) {
                (Some(2), _) | (_, Err(_)) => "binary",
                _ => "text",
            };
            self.push(
                time,
                Event::Message(Message {
                    protocol,
                    kind: kind.to_owned(),
                    body: Body {
                        bytes: kept.to_vec(),
                        wire_len: content.len() as u64,
                        is_cut: kept.len() < content.len(),
                    },
                    from_client,
                    is_protected: self.is_protected,
                    path: Arc::clone(&self.path),
                    ..Message::default()
                }),
            );
        }
    }

    fn lookups(&mut self, flow: Element<'_>) {
        for (name, is_response) in [("request", false), ("response", true)] {
            let Some(message) = flow.get(name) else {
                continue;
            };
            let time = message.get("timestamp").and_then(time);
            let answers: Vec<Answer> = if is_response {
                message
                    .get("answers")
                    .into_iter()
                    .flat_map(Element::elements)
                    .filter_map(answer)
                    .take(DNS_ANSWERS)
                    .collect()
            } else {
                Vec::new()
            };
            let questions = message.get("questions").map(Element::elements);
            for question in questions.into_iter().flatten().take(DNS_QUESTIONS) {
                let Some(name) = question.get("name").and_then(Element::text) else {
                    continue;
                };
                self.push(
                    time,
                    Event::Lookup(Lookup {
                        name: tidy(&name),
                        record_type: record_type(question),
                        answers: answers.clone(),
                        is_response,
                        is_local: false,
                    }),
                );
            }
        }
    }
}

fn time(element: Element<'_>) -> Option<Timestamp> {
    element.number().and_then(timestamp_of_seconds)
}

fn tidy(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The ends of a connection. A proxy that knows no address of the server, because none was needed, knows no flow.
fn flow_key(client: Element<'_>, server: Element<'_>) -> Option<FlowKey> {
    let ends = |element: Element<'_>, names: &[&str]| {
        let (host, port) = host_and_port(element.get_any(names)?)?;
        let host = host.split('%').next().unwrap_or_default();
        Some(SocketAddr::new(host.parse().ok()?, port))
    };
    let transport = match client.get("transport_protocol").and_then(Element::bytes) {
        Some(b"udp") => Transport::Udp,
        _ => Transport::Tcp,
    };
    Some(FlowKey {
        transport,
        client: ends(client, &["peername", "address"])?,
        server: ends(server, &["peername", "ip_address", "peer_address"])
            .or_else(|| ends(server, &["address"]))?,
    })
}

/// `[host, port, …]`, or the dictionary around it that versions up to 1 wrote.
fn host_and_port(address: Element<'_>) -> Option<(String, u16)> {
    let address = address.get("address").unwrap_or(address);
    let mut parts = address.elements();
    let host = parts.next()?.text()?;
    let port = parts.next()?.integer()?;
    Some((host, u16::try_from(port).ok()?))
}

/// The host that the client asked for: of the authority or the Host header, else the one that the proxy connected to.
fn host_of(request: Element<'_>) -> Option<String> {
    let authority = request.get("authority").and_then(Element::text);
    let header = || {
        headers(request)
            .into_iter()
            .find(|header| header.name.eq_ignore_ascii_case("host"))
            .map(|header| header.value)
    };
    authority
        .filter(|authority| !authority.is_empty())
        .or_else(header)
        .map(|authority| without_port(&authority).to_owned())
        .filter(|host| !host.is_empty())
        .or_else(|| request.get("host").and_then(Element::text))
        .map(|host| tidy(host.trim()))
        .filter(|host| !host.is_empty())
}

fn without_port(authority: &str) -> &str {
    let authority = authority.trim();
    if let Some(bracketed) = authority.strip_prefix('[') {
        return bracketed.split(']').next().unwrap_or_default();
    }
    match authority.split_once(':') {
        Some((host, port)) if !port.contains(':') => host,
        _ => authority,
    }
}

fn headers(message: Element<'_>) -> Vec<Header> {
    let headers = message.get("headers").map(Element::elements);
    headers
        .into_iter()
        .flatten()
        .filter_map(|header| {
            let mut parts = header.elements();
            let name = parts.next()?.text()?;
            // Pseudo-headers of HTTP/2 say again what the request says.
            (!name.starts_with(':') && !name.is_empty()).then(|| Header {
                name,
                value: parts.next().and_then(Element::text).unwrap_or_default(),
            })
        })
        .take(HEADERS)
        .collect()
}

/// The body as on the wire. None at all means that the proxy did not keep it.
fn body(message: Element<'_>) -> Body {
    let Some(content) = message
        .get_any(&["content", "body"])
        .and_then(Element::bytes)
    else {
        let headers = headers(message);
        let value = |name: &str| {
            let named = headers
                .iter()
                .find(|header| header.name.eq_ignore_ascii_case(name));
            named.map(|header| header.value.trim())
        };
        let length = value("content-length").and_then(|value| value.parse().ok());
        return Body {
            wire_len: length.unwrap_or(0),
            is_cut: length.is_some_and(|length| length > 0) || value("transfer-encoding").is_some(),
            ..Body::default()
        };
    };
    let kept = content.get(..BODY_BYTES).unwrap_or(content);
    Body {
        bytes: kept.to_vec(),
        wire_len: content.len() as u64,
        is_cut: kept.len() < content.len(),
    }
}

fn record_type(record: Element<'_>) -> u16 {
    record
        .get("type")
        .and_then(Element::integer)
        .and_then(|number| u16::try_from(number).ok())
        .unwrap_or(0)
}

fn answer(record: Element<'_>) -> Option<Answer> {
    /// CNAME and PTR: data is one name.
    const NAMES: [u16; 2] = [5, 12];
    let data = record.get("data")?.bytes()?;
    match record_type(record) {
        1 => <[u8; 4]>::try_from(data)
            .ok()
            .map(|address| Answer::Address(IpAddr::from(address))),
        28 => <[u8; 16]>::try_from(data)
            .ok()
            .map(|address| Answer::Address(IpAddr::from(address))),
        kind if NAMES.contains(&kind) => domain_name(data).map(Answer::Name),
        _ => None,
    }
}

/// A name in labels (RFC 1035 §3.1), which mitmproxy has written out.
fn domain_name(mut data: &[u8]) -> Option<String> {
    let mut name = String::new();
    while let Some((length, rest)) = data.split_first() {
        let length = usize::from(*length);
        if length == 0 || name.len() > DNS_NAME_BYTES {
            break;
        }
        let (label, rest) = rest.split_at_checked(length)?;
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&String::from_utf8_lossy(label).to_ascii_lowercase());
        data = rest;
    }
    (!name.is_empty()).then_some(name)
}
