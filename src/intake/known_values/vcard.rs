//! vCards (RFC 6350, and versions 2.1 and 3.0 as phones export them) → names, numbers and addresses.

use super::List;
use crate::model::KnownKind;

pub(super) fn is_vcard(text: &str) -> bool {
    text.trim_start()
        .get(..11)
        .is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD"))
}

/// Names, numbers and addresses, folded lines joined (RFC 6350 §3.2; those of quoted-printable end in `=`, RFC 2045 §6.7).
pub(super) fn vcards(text: &str, list: &mut List) {
    let unfolded = text
        .replace("\r\n ", "")
        .replace("\r\n\t", "")
        .replace("\n ", "")
        .replace("\n\t", "");
    let mut lines = unfolded.lines();
    let (mut name_in_parts, mut has_name) = (None, false);
    while let Some(line) = lines.next() {
        let Some((property, value)) = line.split_once(':') else {
            continue;
        };
        let property = property.to_ascii_uppercase();
        let mut value = value.to_owned();
        if property.contains("QUOTED-PRINTABLE") {
            while value.ends_with('=') {
                value.pop();
                let Some(more) = lines.next() else { break };
                value.push_str(more);
            }
            value = quoted_printable(&value);
        }
        let name = property.split(';').next().unwrap_or_default();
        match name.rsplit('.').next().unwrap_or_default() {
            "BEGIN" => (name_in_parts, has_name) = (None, false),
            "FN" => {
                has_name = true;
                list.contact(KnownKind::Name, &unescaped(&value));
            }
            "N" => name_in_parts = Some(unescaped(&in_order(&value))),
            "TEL" => list.contact(KnownKind::Phone, value.trim_start_matches("tel:")),
            "EMAIL" => list.contact(KnownKind::Email, &unescaped(&value)),
            "IMPP" => messenger(&unescaped(&value), list),
            "GEO" => place(&unescaped(&value), list),
            "END" if !has_name => {
                let name = name_in_parts.take();
                list.contact(KnownKind::Name, name.as_deref().unwrap_or_default());
            }
            _ => {}
        }
    }
}

/// An address of a messenger (RFC 6350 §6.4.3): `xmpp:erika@post.example`, `tel:+493023125111`.
fn messenger(uri: &str, list: &mut List) {
    let (scheme, address) = uri.split_once(':').unwrap_or(("", uri));
    let address = address.split(['?', ';']).next().unwrap_or_default();
    let address = address.trim_start_matches('/');
    let kind = if scheme.eq_ignore_ascii_case("tel") {
        KnownKind::Phone
    } else {
        KnownKind::AccountId
    };
    list.contact(kind, address);
}

/// A position (RFC 6350 §6.5.2): `geo:52.5,13.4;u=35`, and `52.5;13.4` of versions before.
fn place(value: &str, list: &mut List) {
    let (mark, rest) = value
        .strip_prefix("geo:")
        .map_or((';', value), |rest| (',', rest));
    let mut parts = rest.split([mark, ';']).map(str::trim);
    if let (Some(latitude), Some(longitude)) = (parts.next(), parts.next()) {
        let position = format!("{latitude},{longitude}");
        list.contact(KnownKind::Position, &position);
    }
}

/// `Muster;Erika;…` as people say it (RFC 6350 §6.2.2).
fn in_order(parts: &str) -> String {
    let mut parts = parts.split(';').map(str::trim);
    let (family, given) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    format!("{given} {family}").trim().to_owned()
}

/// Backslashes of vCard texts (RFC 6350 §3.4).
fn unescaped(value: &str) -> String {
    value
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\")
}

/// Undoes quoted-printable; what does not follow it stays as it is.
fn quoted_printable(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let encoded = behind
            .split_at_checked(2)
            .filter(|_| *first == b'=')
            .and_then(|(digits, behind)| {
                let digits = str::from_utf8(digits).ok()?;
                Some((u8::from_str_radix(digits, 16).ok()?, behind))
            });
        let (byte, behind) = encoded.unwrap_or((*first, behind));
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
