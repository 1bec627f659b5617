//! Hosts in one form: records of browsers and proxies have names in letters (`bücher.example`), DNS and TLS in the ASCII form of
//! them (`xn--bcher-kva.example`, RFC 5891, UTS #46). One host must not be two recipients.

use std::sync::Arc;

use crate::model::{Event, ServerName, Sighting};

/// Puts the names of hosts that a sighting has into their ASCII form.
pub(super) fn in_ascii(sighting: &mut Sighting) {
    if let Some(ServerName::Asked(name) | ServerName::Resolved(name)) = &mut sighting.server
        && let Some(ascii) = ascii(name)
    {
        *name = Arc::from(ascii);
    }
    match &mut sighting.event {
        Event::Exchange(exchange) => {
            if let Some(host) = &mut exchange.request.host
                && let Some(ascii) = ascii(host)
            {
                *host = ascii;
            }
        }
        Event::Access(access) => {
            if let Some(host) = &mut access.host
                && let Some(ascii) = ascii(host)
            {
                *host = Arc::from(ascii);
            }
        }
        _ => {}
    }
}

/// `None` for what is ASCII already, and for what is no name of a host: that stays as it is.
fn ascii(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let ascii = idna::domain_to_ascii(name).ok()?;
    (!ascii.is_empty()).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_letters_are_those_of_dns() {
        assert_eq!(
            ascii("Bücher.example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        // Decomposed letters, and the full stop of Chinese.
        assert_eq!(
            ascii("bu\u{308}cher\u{3002}example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        assert_eq!(ascii("*.example"), None);
        assert_eq!(ascii("a\u{202e}b.example"), None);
    }
}
