//! What the logs of network sensors (Zeek, Suricata) have in common: words, names and how they are joined.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Gathered, Input, Item, Open};
use crate::Result;
use crate::limits::{CONNECTION_NOTES, NOTES_PER_ENDS, RESOLVED_NAMES};
use crate::model::{
    Answer, Body, ConnectionNote, ContentState, Dossier, Event, Owner, ServerName, Shortfall,
    Timestamp,
};

/// Lower case, without the dot at the end.
pub(super) fn tidy(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// A host name out of `name` or `name:port`; `None` for addresses and what is empty.
pub(super) fn host(text: &str) -> Option<Arc<str>> {
    let name = text.trim();
    let name = match name.split_once(':') {
        Some((name, port)) if !port.contains(':') => name,
        _ => name,
    };
    let name = tidy(name);
    (!name.is_empty() && !name.starts_with('[') && name.parse::<IpAddr>().is_err())
        .then(|| Arc::from(name))
}

/// An address or a name. Other answers (texts, keys) have spaces or no dot.
pub(super) fn answer(text: &str) -> Option<Answer> {
    if let Ok(address) = text.parse() {
        return Some(Answer::Address(address));
    }
    let name = tidy(text);
    (name.contains('.') && !name.contains(' ')).then_some(Answer::Name(name))
}

/// Protocol and readability by the sensor's name for the service; several are joined by commas.
pub(super) fn service(name: &str) -> (&'static str, ContentState) {
    const SERVICES: [(&str, &str, ContentState); 11] = [
        ("quic", "quic", ContentState::NoKey),
        ("ssl", "tls", ContentState::NoKey),
        ("tls", "tls", ContentState::NoKey),
        ("http", "http", ContentState::Clear),
        ("http2", "http2", ContentState::Clear),
        ("dns", "dns", ContentState::Clear),
        ("smtp", "smtp", ContentState::Clear),
        ("imap", "imap", ContentState::Clear),
        ("mqtt", "mqtt", ContentState::Clear),
        ("ssh", "", ContentState::NoKey),
        ("ntp", "ntp", ContentState::Clear),
    ];
    let is_named = |known: &str| {
        name.split([',', '-'])
            .any(|part| part.trim().eq_ignore_ascii_case(known))
    };
    SERVICES
        .iter()
        .find(|(known, ..)| is_named(known))
        .map_or(("", ContentState::NotExamined), |(_, protocol, content)| {
            (protocol, *content)
        })
}

/// `TLSv12`, `TLS 1.2`, `TLSv1.2` and the like, as in the handshake; 0 if unknown.
pub(super) fn tls_version(name: &str) -> u16 {
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    let is_ssl = name.to_ascii_lowercase().starts_with("ssl");
    match (is_ssl, digits.as_str()) {
        (true, "2") => 0x0002,
        (true, "3" | "30") => 0x0300,
        (false, "1" | "10") => 0x0301,
        (false, "11") => 0x0302,
        (false, "12") => 0x0303,
        (false, "13") => 0x0304,
        _ => 0,
    }
}

/// `1`, `2`, `quicv2`, `Q050`, `draft-29`, `0x00000001`; 1 if it is some other, for that it is QUIC is known.
pub(super) fn quic_version(name: &str) -> u32 {
    let name = name.trim().to_ascii_lowercase();
    if let Some(digits) = name.strip_prefix("0x") {
        return u32::from_str_radix(digits, 16).unwrap_or(1);
    }
    if let Some(draft) = name.strip_prefix("draft-") {
        return draft
            .parse::<u32>()
            .map_or(1, |number| 0xff00_0000 | (number & 0xff));
    }
    if name.starts_with('q') && name.len() == 4 {
        let bytes = name.to_ascii_uppercase().into_bytes();
        return bytes.try_into().map_or(1, u32::from_be_bytes);
    }
    match name.as_str() {
        "2" | "quicv2" => 0x6b33_43cf,
        _ => 1,
    }
}

/// `CN=` of a distinguished name.
pub(super) fn common_name(distinguished: &str) -> Option<String> {
    distinguished
        .split(',')
        .find_map(|part| part.trim().strip_prefix("CN="))
        .map(|name| name.trim().to_owned())
}

/// A body of which the log has the length alone.
pub(super) fn body_left_out(length: u64) -> Body {
    Body {
        wire_len: length,
        is_cut: length > 0,
        ..Body::default()
    }
}

/// Phase 1 of a sensor's log: names by connection, for the records that have only addresses, and of which connections there are
/// such.
pub(super) fn gather(input: &Input, open: Open) -> Result<Gathered> {
    let mut dossier = Dossier::default();
    let mut notes = Vec::new();
    if input.is_stdin() {
        let detail = "a pipe passes once, so that what was seen in a connection counts beside the record of it";
        notes.push((Shortfall::PerhapsSameTraffic, detail.to_owned()));
        return Ok((dossier, notes));
    }
    let mut is_whole = true;
    let mut source = open(input)?;
    while let Some(item) = source.next_item()? {
        let Item::Sighting(sighting) = item else {
            continue;
        };
        if let Event::Lookup(lookup) = &sighting.event {
            for answer in &lookup.answers {
                if let Answer::Address(address) = answer
                    && dossier.names.len() < RESOLVED_NAMES
                {
                    Arc::make_mut(&mut dossier.names)
                        .entry(*address)
                        .or_insert_with(|| Arc::from(lookup.name.as_str()));
                }
            }
            continue;
        }
        if let (Event::Traffic(traffic), Some(flow)) = (&sighting.event, sighting.flow) {
            let (first, last) = (traffic.first.time, traffic.last.time);
            is_whole &= dossier.recorded.add(flow, first, last);
        }
        if let (Event::Handshake(handshake), Some(flow)) = (&sighting.event, sighting.flow)
            && handshake.quic_version != 0
        {
            let first = sighting.origin.time;
            let last = Timestamp(first.0.saturating_add(1));
            is_whole &= dossier.quic.add(flow, first, last);
        }
        let (Some(flow), Some(ServerName::Asked(name))) = (sighting.flow, sighting.server) else {
            continue;
        };
        let note = ConnectionNote {
            first: sighting.origin.time,
            last: sighting.origin.time,
            owner: Owner::default(),
            server: Some(name),
        };
        is_whole &= dossier.connections.add(flow, note);
    }
    if !is_whole {
        let detail = format!(
            "more than {CONNECTION_NOTES} connections, or {NOTES_PER_ENDS} between the same ends; of later ones the name may be missing, and what was seen in them counts beside the record of them"
        );
        notes.push((Shortfall::InputLimit, detail));
    }
    Ok((dossier, notes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_either_sensor_writes_them() {
        let tls = [
            "TLSv12",
            "TLS 1.2",
            "TLSv1.3",
            "TLS 1.0",
            "SSLv3",
            "UNDETERMINED",
        ];
        assert_eq!(
            tls.map(tls_version),
            [0x0303, 0x0303, 0x0304, 0x0301, 0x0300, 0]
        );
        let quic = ["1", "Q050", "draft-29", "quicv2", "0x6b3343cf", "new"];
        assert_eq!(
            quic.map(quic_version),
            [1, 0x5130_3530, 0xff00_001d, 0x6b33_43cf, 0x6b33_43cf, 1]
        );
    }

    #[test]
    fn names_are_told_from_addresses() {
        assert_eq!(host("API.example.:443").as_deref(), Some("api.example"));
        assert_eq!(host("192.0.2.1:80"), None);
        assert_eq!(host("2001:db8::1"), None);
        assert_eq!(answer("TXT 4 abcd"), None);
        assert_eq!(
            common_name("O=X, CN=api.example, C=DE").as_deref(),
            Some("api.example")
        );
        assert_eq!(service("ssl,http"), ("tls", ContentState::NoKey));
        assert_eq!(service("-"), ("", ContentState::NotExamined));
    }
}
