//! The names in a server's certificate (RFC 5280), sent in clear up to TLS 1.2.

use std::net::{Ipv4Addr, Ipv6Addr};

use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use crate::limits;
use crate::protocol::cursor::Cursor;

/// Whom a certificate names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// DNS names and addresses it is valid for, lower case; the subject's common name where it adds one.
    pub(super) subjects: Vec<String>,
    /// Common name of the issuer.
    pub(super) issuer: Option<String>,
}

/// Reads the first certificate of a Certificate message (RFC 5246 §7.4.2), which is the server's own.
pub(super) fn read_message(body: &[u8]) -> Names {
    let mut cursor = Cursor::new(body);
    let chain = cursor.vector24().unwrap_or_default();
    Cursor::new(chain).vector24().map(read).unwrap_or_default()
}

/// As [`read_message`], in the form of TLS 1.3 (RFC 8446 §4.4.2).
pub(super) fn read_message_1_3(body: &[u8]) -> Names {
    let mut cursor = Cursor::new(body);
    let _context = cursor.vector8();
    read_message(cursor.rest())
}

/// Reads one certificate; what cannot be read is left out.
pub(super) fn read(der: &[u8]) -> Names {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return Names::default();
    };
    let mut subjects: Vec<String> = Vec::new();
    if let Ok(Some(extension)) = certificate.subject_alternative_name() {
        subjects = extension
            .value
            .general_names
            .iter()
            .filter_map(subject)
            .take(limits::CERTIFICATE_NAMES)
            .collect();
    }
    if let Some(name) = common_name(certificate.subject()).map(|name| name.to_lowercase())
        && !subjects.contains(&name)
    {
        subjects.push(name);
    }
    Names {
        subjects,
        issuer: common_name(certificate.issuer()),
    }
}

fn subject(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_lowercase()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(|octets| Ipv4Addr::from(octets).to_string())
            .or_else(|_| {
                <[u8; 16]>::try_from(*bytes).map(|octets| Ipv6Addr::from(octets).to_string())
            })
            .ok(),
        _ => None,
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name()
        .find_map(|attribute| attribute.as_str().ok())
        .map(str::to_owned)
}
