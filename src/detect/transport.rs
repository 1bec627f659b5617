//! How data were protected on the way: clear-text HTTP, outdated TLS.

use super::Scene;
use crate::model::{Category, Event, Grade, Protection, RecipientKind, Tally};

/// TLS 1.2 (RFC 5246); RFC 8996 deprecates what is older.
const TLS_1_2: u16 = 0x0303;

/// Reports unprotected exchanges that carry data to the internet, and connections agreed on below TLS 1.2.
pub(super) fn inspect(scene: &Scene<'_>, tally: &mut Tally) {
    if scene.recipient.kind != RecipientKind::Remote {
        return;
    }
    let rule = match &scene.observation.sighting.event {
        Event::Exchange(_) if scene.protection == Protection::Cleartext => "cleartext-http",
        Event::Handshake(handshake)
            if handshake.quic_version == 0
                && handshake.cipher_suite.is_some()
                && handshake.version < TLS_1_2 =>
        {
            "weak-tls"
        }
        _ => return,
    };
    scene.report(
        tally,
        scene.circumstance(rule, Category::Transport, Grade::Decoded),
    );
}
