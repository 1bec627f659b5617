//! Logs of network sensors: records of connections, and of what was seen in them.

use phonehome::model::{Audit, Shortfall};

use crate::forge::record;
use crate::on_disk::{audited, folder};

/// Recipients with their connections.
fn recipients(audit: &Audit) -> Vec<(String, u64)> {
    let apps = audit.devices[0].apps.iter();
    let mut recipients: Vec<(String, u64)> = apps
        .flat_map(|app| &app.recipients)
        .map(|known| {
            let flows = known.volumes.values().map(|volume| volume.flows).sum();
            (known.recipient.host.to_string(), flows)
        })
        .collect();
    recipients.sort();
    recipients
}

#[test]
fn connections_without_a_record_of_their_own_are_contacts_beside_those_that_have_one() {
    let eve = [record::EVE, record::EVE_OPEN].concat();
    let expected = [
        "app-measurement.com",
        "later.example",
        "plain.example",
        "push.example",
    ];
    let zeek = [
        ("conn.log", record::ZEEK_CONN),
        ("ssl.log", record::ZEEK_SSL),
        ("ssl.2.log", record::ZEEK_OPEN_TLS),
        ("quic.log", record::ZEEK_OPEN_QUIC),
        ("http.log", record::ZEEK_OPEN_HTTP),
    ];
    for (test, files) in [("zeek", &zeek[..]), ("suricata", &[("eve.json", &eve)])] {
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(name, text)| (*name, text.as_bytes()))
            .collect();
        let audit = audited(&folder(&format!("sensors/{test}"), &files));
        let expected = expected.map(|host| (host.to_owned(), 1));
        assert_eq!(recipients(&audit), expected, "{test}");
        let noted: Vec<Shortfall> = audit.coverage.iter().map(|(_, it, _)| it).collect();
        assert_eq!(noted, [], "{test}");
    }
}
