//! What `PiRogue` writes beside a capture: which process used which socket, the phone's properties, its advertising ids. What
//! identifies the phone becomes known values.
//!
//! `experiment.json` only names the other files, which are recognised by themselves.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde_json::Value;

use super::document::read_whole;
use super::json::{Cut, JsonText, parse};
use super::known_values::{getprop_line, is_getprop, kind_of_property};
use super::window::Window;
use super::{Format, Gathered, Input, Sample};
use crate::limits::{ADVERTISING_IDS, CONNECTION_NOTES, DOCUMENT_BYTES, ENTRY_BYTES, TEXT_BYTES};
use crate::model::{
    ConnectionNote, Dossier, FlowKey, KnownKind, KnownValue, Owner, Platform, Shortfall, Timestamp,
    Transport,
};
use crate::{Error, Result};

/// `socket_trace.json`.
pub(super) const SOCKET_TRACE: Format = Format {
    name: "pirogue-socket-trace",
    sniff: |sample| begins_with_record(sample, "\"socket_trace_log\""),
    gather: Some(socket_trace),
    open: None,
};

/// `aes_info.json`: what apps encrypted themselves, before and after.
pub(super) const AES_TRACE: Format = Format {
    name: "pirogue-aes-trace",
    sniff: |sample| begins_with_record(sample, "\"aes_info_log\""),
    gather: Some(aes_trace),
    open: None,
};

/// `experiment.json`.
pub(super) const EXPERIMENT: Format = Format {
    name: "pirogue-experiment",
    sniff: |sample| {
        sample.text().is_some_and(|text| {
            text.starts_with('{')
                && text.contains("\"socket_traces\"")
                && text.contains("\"network\"")
        })
    },
    gather: Some(properties),
    open: None,
};

/// `device.json`, and the output of `getprop`.
pub(super) const PROPERTIES: Format = Format {
    name: "android-properties",
    sniff: |sample| {
        sample.text().is_some_and(|text| {
            (text.starts_with('{') && text.contains("\"ro.product.model\"")) || is_getprop(text)
        })
    },
    gather: Some(properties),
    open: None,
};

/// `ad_ids.txt`: UUIDs, one a line.
pub(super) const ADVERTISING: Format = Format {
    name: "advertising-ids",
    sniff: |sample| {
        sample.text().is_some_and(|text| {
            let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.next().is_some_and(is_uuid) && lines.take(20).all(is_uuid)
        })
    },
    gather: Some(advertising_ids),
    open: None,
};

fn begins_with_record(sample: &Sample<'_>, kind: &str) -> bool {
    sample
        .text()
        .is_some_and(|text| text.starts_with(['[', '{']) && text.contains(kind))
}

fn is_uuid(text: &str) -> bool {
    let mut lengths = text.split('-').map(|group| {
        let is_hex = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex { group.len() } else { 0 }
    });
    [8, 4, 4, 4, 12]
        .iter()
        .all(|length| lengths.next() == Some(*length))
        && lengths.next().is_none()
}

/// Hands out the records of a JSON array, or of objects one after the other, one at a time.
fn each_record(
    input: &Input,
    notes: &mut Vec<(Shortfall, String)>,
    take: &mut dyn FnMut(&Value) -> bool,
) -> Result<()> {
    let failed = |source: io::Error| Error::Read {
        path: input.path.clone(),
        source,
    };
    let mut json = JsonText::new(Window::new(input.reader()?, 16)).map_err(failed)?;
    let mut bytes = Vec::new();
    let _ = json.accept(b'[').map_err(failed)?;
    loop {
        let offset = json.offset();
        let next = json.peek().and_then(|next| match next {
            None | Some(b']') => Ok(None),
            Some(_) => json.value(&mut bytes, ENTRY_BYTES).map(Some),
        });
        match next {
            Ok(None) => return Ok(()),
            Ok(Some(cut @ (Cut::Whole | Cut::Shortened))) => {
                if cut == Cut::Shortened {
                    let detail = format!(
                        "a text in the record at byte {offset} is longer than {TEXT_BYTES} bytes; its beginning is kept"
                    );
                    notes.push((Shortfall::InputLimit, detail));
                }
                let Some(record) = parse(&bytes) else {
                    let detail = format!("what begins at byte {offset} is no JSON");
                    notes.push((Shortfall::Damaged, detail));
                    return Ok(());
                };
                if !take(&record) {
                    return Ok(());
                }
            }
            Ok(Some(Cut::TooLong)) => notes.push((
                Shortfall::InputLimit,
                format!("the record at byte {offset} is longer than {ENTRY_BYTES} bytes"),
            )),
            Ok(Some(Cut::Ended)) => {
                let detail = format!("the file ends within the record at byte {offset}");
                notes.push((Shortfall::Truncated, detail));
                return Ok(());
            }
            Err(error) => {
                let detail = format!("reading stopped at byte {offset}: {error}");
                notes.push((Shortfall::Damaged, detail));
                return Ok(());
            }
        }
        let _ = json.accept(b',').map_err(failed)?;
    }
}

fn socket_trace(input: &Input) -> Result<Gathered> {
    let mut dossier = Dossier {
        platform: Some(Platform::Android),
        ..Dossier::default()
    };
    let mut notes = Vec::new();
    let mut is_full = false;
    each_record(input, &mut notes, &mut |record| {
        if let Some((flow, note)) = socket(record) {
            is_full = !dossier.connections.add(flow, note);
        }
        !is_full
    })?;
    if is_full {
        let detail = format!("more than {CONNECTION_NOTES} connections; the rest is left out");
        notes.push((Shortfall::InputLimit, detail));
    }
    Ok((dossier, notes))
}

/// Whose a process of Android is; one beside the main process has its name behind a colon.
pub(super) fn of_process(process: &str) -> Owner {
    let package = process.split(':').next().unwrap_or(process);
    let is_package = package.contains('.') && !package.contains(['/', ' ']);
    if is_package {
        Owner {
            package: Some(Arc::from(package)),
            ..Owner::default()
        }
    } else {
        Owner {
            process: Some(Arc::from(process)),
            ..Owner::default()
        }
    }
}

/// One call on a socket. Times are the phone's.
fn socket(record: &Value) -> Option<(FlowKey, ConnectionNote)> {
    let data = record.get("data")?;
    let text = |name| data.get(name).and_then(Value::as_str);
    let end = |address, port| {
        let address: IpAddr = text(address)?.parse().ok()?;
        let port = data.get(port)?;
        let port = port
            .as_u64()
            .or_else(|| port.as_str()?.parse().ok())
            .and_then(|port| u16::try_from(port).ok())?;
        Some(SocketAddr::new(address, port))
    };
    let transport = match text("socket_type")? {
        "udp" | "udp6" => Transport::Udp,
        "tcp" | "tcp6" => Transport::Tcp,
        _ => return None,
    };
    let process = record.get("process")?.as_str()?;
    let owner = of_process(process);
    let milliseconds = record.get("timestamp").and_then(Value::as_f64);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast from floating point saturates, as time stamps are to"
    )]
    let time = Timestamp((milliseconds.unwrap_or(0.0) * 1e6) as i64);
    Some((
        FlowKey {
            transport,
            client: end("local_ip", "local_port")?,
            server: end("dest_ip", "dest_port")?,
        },
        ConnectionNote {
            first: time,
            last: time,
            owner,
            server: None,
        },
    ))
}

/// Cipher operations, from the ciphertext to what it means: payload that is the ciphertext is read as that.
fn aes_trace(input: &Input) -> Result<Gathered> {
    let mut dossier = Dossier {
        platform: Some(Platform::Android),
        ..Dossier::default()
    };
    let mut notes = Vec::new();
    let mut is_full = false;
    each_record(input, &mut notes, &mut |record| {
        let Some(data) = record.get("data") else {
            return true;
        };
        let bytes = |name| data.get(name).and_then(Value::as_str).and_then(unhex);
        // Records of key set-up have neither.
        if let (Some(before), Some(after)) = (bytes("in"), bytes("out")) {
            // Whether it encrypted or decrypted is not said: what goes over the wire is looked up, so both ways are kept.
            is_full = !dossier.plaintexts.add(after.clone(), before.clone())
                || !dossier.plaintexts.add(before, after);
        }
        !is_full
    })?;
    if is_full {
        let detail = "too many cipher operations; the rest is left out".to_owned();
        notes.push((Shortfall::InputLimit, detail));
    }
    Ok((dossier, notes))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Model and operating system. `experiment.json` has the properties inside.
fn properties(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut notes: Vec<_> = cut
        .map(|detail| (Shortfall::InputLimit, detail))
        .into_iter()
        .collect();
    let text = String::from_utf8_lossy(&bytes);
    let properties = if text
        .trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with('{')
    {
        let document = parse(text.trim_start_matches('\u{feff}').as_bytes());
        if document.is_none() && notes.is_empty() {
            notes.push((Shortfall::Damaged, "it is no JSON".to_owned()));
        }
        json_properties(&document.unwrap_or_default())
    } else {
        listed_properties(&text)
    };
    let property = |name: &str| {
        properties
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    };
    let maker = property("ro.product.manufacturer");
    let model = property("ro.product.model").map(|model| match maker {
        Some(maker) if !model.to_lowercase().starts_with(&maker.to_lowercase()) => {
            format!("{maker} {model}")
        }
        _ => model,
    });
    let time_zone = property("persist.sys.timezone");
    let known = properties
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| Some(KnownValue::own(kind_of_property(name)?, value)))
        .collect();
    let dossier = Dossier {
        platform: Some(Platform::Android),
        model,
        time_zone,
        known,
        ..Dossier::default()
    };
    Ok((dossier, notes))
}

fn json_properties(document: &Value) -> BTreeMap<String, String> {
    let inner = document.get("device").filter(|inner| inner.is_object());
    let members = inner.unwrap_or(document).as_object();
    members
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn listed_properties(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(getprop_line)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn advertising_ids(input: &Input) -> Result<Gathered> {
    let (bytes, cut) = read_whole(input, DOCUMENT_BYTES)?;
    let mut notes: Vec<_> = cut
        .map(|detail| (Shortfall::InputLimit, detail))
        .into_iter()
        .collect();
    let mut dossier = Dossier::default();
    for line in String::from_utf8_lossy(&bytes).lines() {
        let id = line.trim().trim_start_matches('\u{feff}').to_lowercase();
        if !is_uuid(&id) {
            continue;
        }
        if dossier.known.len() >= ADVERTISING_IDS {
            let detail = format!("more than {ADVERTISING_IDS} advertising ids");
            notes.push((Shortfall::InputLimit, detail));
            break;
        }
        dossier
            .known
            .push(KnownValue::own(KnownKind::AdvertisingId, &id));
    }
    Ok((dossier, notes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::InputId;

    fn gathered(format: &'static Format, text: &str) -> Gathered {
        let input = Input::in_memory(InputId(0), format.name, text.as_bytes());
        (format.gather.unwrap())(&input).unwrap()
    }

    const TRACE: &str = r#"[{"type":"socket_trace_log","pid":1,"process":"org.example.chat:push","timestamp":1767225600500,
        "data":{"socket_type":"tcp6","socket_event_type":"write","local_ip":"::ffff:192.0.2.7","local_port":40123,"dest_ip":"::ffff:198.51.100.4","dest_port":443}},
        {"type":"socket_trace_log","process":"netd","timestamp":1767225601500.5,
        "data":{"socket_type":"udp","local_ip":"192.0.2.7","local_port":40124,"dest_ip":"192.0.2.1","dest_port":"53"}},
        {"type":"socket_trace_log","process":"x","data":{"socket_type":"unix"}}"#;

    #[test]
    fn a_record_with_a_long_text_keeps_the_rest() {
        let long = "a".repeat(TEXT_BYTES + (1 << 20));
        let text = TRACE.replacen("\"pid\":1", &format!("\"stack\":\"{long}\""), 1) + "]";
        let (dossier, notes) = gathered(&SOCKET_TRACE, &text);
        assert_eq!(
            dossier.connections,
            gathered(&SOCKET_TRACE, &format!("{TRACE}]")).0.connections
        );
        let [(shortfall, detail)] = &notes[..] else {
            panic!("{notes:?}");
        };
        assert_eq!(*shortfall, Shortfall::InputLimit);
        assert!(detail.contains(&TEXT_BYTES.to_string()), "{detail}");
    }

    #[test]
    fn sockets_are_joined_by_their_ends() {
        for (text, damage) in [(format!("{TRACE}]"), 0), (format!("{TRACE},{{\"a\":"), 1)] {
            let (dossier, notes) = gathered(&SOCKET_TRACE, &text);
            assert_eq!(notes.len(), damage);
            let owner = |transport, client: &str, server: &str| {
                let flow = FlowKey {
                    transport,
                    client: client.parse().unwrap(),
                    server: server.parse().unwrap(),
                };
                let owners = dossier.connections.owners(flow, Timestamp(0), None);
                owners.into_iter().next().cloned().unwrap_or_default()
            };
            let chat = owner(Transport::Tcp, "192.0.2.7:40123", "198.51.100.4:443");
            assert_eq!(chat.package.as_deref(), Some("org.example.chat"));
            let system = owner(Transport::Udp, "192.0.2.7:40124", "192.0.2.1:53");
            assert_eq!(system.process.as_deref(), Some("netd"));
        }
    }

    #[test]
    fn cipher_operations_are_kept_both_ways() {
        let text = r#"[{"type":"aes_info_log","data":{"alg":"AES/CBC/PKCS5Padding","key":"00","iv":"00","in":"7b7d20202020202020","out":"a0b1c2d3e4f5a6b7"}},
            {"type":"aes_info_log","data":{"alg":"AES","key":"00","iv":"","in":"","out":""}}]"#;
        let (dossier, notes) = gathered(&AES_TRACE, text);
        assert!(notes.is_empty());
        let found = dossier
            .plaintexts
            .undo(&[0xa0, 0xb1, 0xc2, 0xd3, 0xe4, 0xf5, 0xa6, 0xb7]);
        assert_eq!(found, Some(b"{}       ".to_vec()));
    }

    #[test]
    fn properties_and_advertising_ids_are_read() {
        for text in [
            r#"{"ro.product.model":"Fono 3","ro.product.manufacturer":"Example","ro.serialno":"EX0042ZZ"}"#,
            r#"{"device":{"ro.product.model":"Fono 3","ro.product.manufacturer":"Example","ro.serialno":"EX0042ZZ"},"network":{}}"#,
            "[ro.product.manufacturer]: [Example]\n[ro.product.model]: [Fono 3]\n[ro.serialno]: [EX0042ZZ]\n",
        ] {
            let (dossier, _) = gathered(&PROPERTIES, text);
            assert_eq!(dossier.model.as_deref(), Some("Example Fono 3"));
            assert_eq!(dossier.platform, Some(Platform::Android));
            let serial = KnownValue::own(KnownKind::Serial, "EX0042ZZ");
            assert_eq!(dossier.known, [serial]);
        }
        let id = "38400000-8CF0-11BD-B23E-10B96E40000D";
        let (dossier, _) = gathered(&ADVERTISING, &format!("{id}\r\n\nno id\n"));
        let expected = KnownValue::own(KnownKind::AdvertisingId, &id.to_lowercase());
        assert_eq!(dossier.known, [expected]);
        assert!(is_uuid(id) && !is_uuid("38400000-8CF0-11BD-B23E"));
    }
}
