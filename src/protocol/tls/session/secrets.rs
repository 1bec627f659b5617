//! Which keys a connection has: looked up by what its hellos say.

use super::{
    ClientHello, ContentState, Guard, Label, Ladder, Messages, Prospect, Secret, ServerHello,
    Session, Side, TLS_1_3,
};
use crate::protocol::tls::cipher::Agreement;
use crate::protocol::tls::schedule::Seed;
use crate::protocol::tls::suite::Suite;

impl Session {
    /// New keys for one side, up to TLS 1.2.
    pub(super) fn change_keys(&mut self, side: Side, is_late: bool) {
        let (Some(hello), Some(chosen), Some(master)) = (&self.hello, &self.chosen, &self.master)
        else {
            return;
        };
        let Some(suite) = chosen.cipher_suite.and_then(Suite::of) else {
            self.prospect = Prospect::Hopeless(ContentState::UnsupportedCipher);
            return;
        };
        if !chosen.session_id.is_empty() {
            self.resumptions.learn(&chosen.session_id, master);
        }
        let Some([client, server]) = agreement(hello, chosen, suite).protections(master) else {
            self.prospect = Prospect::Hopeless(ContentState::UnsupportedCipher);
            return;
        };
        let protection = match side {
            Side::Client => client,
            Side::Server => server,
        };
        let lane = self.lane(side);
        lane.messages = Messages::default();
        lane.direction.change(Guard::Keys(protection), is_late);
    }

    /// Looks for the master secret; says whether it is known.
    pub(super) fn find_master(&mut self) -> bool {
        if self.master.is_none() {
            self.master = self.look_up_master();
        }
        self.master.is_some()
    }

    fn look_up_master(&self) -> Option<Secret> {
        let (hello, chosen) = (self.hello.as_ref()?, self.chosen.as_ref()?);
        if let Some(master) = self.keys.secret(Label::ClientRandom, &hello.random) {
            return Some(Secret::new(master.to_vec()));
        }
        let is_resumed = !chosen.session_id.is_empty() && chosen.session_id == hello.session_id;
        let premaster = self
            .keys
            .secret(Label::PremasterClientRandom, &hello.random)
            .or(self.premaster.as_deref().map(Vec::as_slice));
        if let Some(premaster) = premaster
            && self.has_key_exchange
        {
            let suite = chosen.cipher_suite.and_then(Suite::of)?;
            let transcript = self.transcript.concat();
            let seed = if chosen.extends_master {
                Seed::Transcript(&transcript)
            } else {
                Seed::Randoms(&hello.random, &chosen.random)
            };
            return agreement(hello, chosen, suite)
                .derivation()
                .master(premaster, seed);
        }
        let by_id = is_resumed
            .then(|| self.resumptions.find(&chosen.session_id))
            .flatten();
        // The ticket says who resumes; that the server agrees shows in its not sending a certificate.
        by_id.or_else(|| self.resumptions.find(hello.ticket.as_deref()?))
    }

    /// Whether there can be keys at all for the client's hello, whatever the server will say.
    fn may_have_keys(&self) -> bool {
        self.hello.as_ref().is_none_or(|hello| {
            let ids = [Some(&hello.session_id), hello.ticket.as_ref()];
            self.keys.has(&hello.random)
                || self.keys.has_premasters()
                || ids
                    .into_iter()
                    .flatten()
                    .any(|id| self.resumptions.find(id).is_some())
        })
    }

    /// Once both hellos are there: are there keys?
    pub(super) fn resolve(&mut self) {
        if self.prospect == Prospect::Waiting && !self.may_have_keys() {
            self.prospect = Prospect::Hopeless(ContentState::NoKey);
        }
        let (Some(_), Some(chosen), false) = (&self.hello, &self.chosen, self.is_hopeless()) else {
            return;
        };
        let suite = chosen.cipher_suite.and_then(Suite::of);
        let is_readable = suite.is_some() && chosen.compression == 0;
        let is_first = self.prospect == Prospect::Waiting;
        if chosen.version < TLS_1_3 {
            let has_key = self.find_master();
            let may_have =
                has_key || !is_first || self.keys.has_premasters() || self.keys.has(&self.random());
            self.prospect = match (may_have, is_readable) {
                (false, _) => Prospect::Hopeless(ContentState::NoKey),
                (true, false) => Prospect::Hopeless(ContentState::UnsupportedCipher),
                (true, true) if has_key || !is_first => Prospect::Ready,
                (true, true) => Prospect::Waiting,
            };
            return;
        }
        let has_key = [Label::ClientTraffic0, Label::ServerTraffic0]
            .into_iter()
            .any(|label| self.secret(label).is_some());
        self.prospect = match (has_key, suite.filter(|_| is_readable)) {
            (false, _) => Prospect::Hopeless(ContentState::NoKey),
            (true, None) => Prospect::Hopeless(ContentState::UnsupportedCipher),
            (true, Some(suite)) => {
                let [client, server] = self.ladders(suite);
                self.client.direction.climb(client);
                self.server.direction.climb(server);
                Prospect::Ready
            }
        };
    }

    /// The keys of both sides in TLS 1.3, as far as the log has their secrets.
    pub(super) fn ladders(&self, suite: Suite) -> [Ladder; 2] {
        let [client, server] = [
            (Label::ClientHandshakeTraffic, Label::ClientTraffic0),
            (Label::ServerHandshakeTraffic, Label::ServerTraffic0),
        ]
        .map(|(handshake, traffic)| {
            let [handshake, traffic] = [handshake, traffic].map(|label| {
                let secret = self.secret(label);
                secret.filter(|secret| secret.len() == suite.derivation.len())
            });
            Ladder::new(suite, handshake, traffic)
        });
        let hello = self.hello.as_ref();
        if hello.is_some_and(|hello| hello.offers_early_data) {
            let early = self.secret(Label::ClientEarlyTraffic);
            return [client.behind_early_data(early.as_ref()), server];
        }
        [client, server]
    }

    /// A secret of this connection.
    pub(super) fn secret(&self, label: Label) -> Option<Secret> {
        let hello = self.hello.as_ref()?;
        let secret = self.keys.secret(label, &hello.random)?;
        Some(Secret::new(secret.to_vec()))
    }

    fn random(&self) -> [u8; 32] {
        self.hello.as_ref().map_or([0; 32], |hello| hello.random)
    }
}

fn agreement<'a>(hello: &'a ClientHello, chosen: &'a ServerHello, suite: Suite) -> Agreement<'a> {
    Agreement {
        suite,
        version: chosen.version,
        client_random: &hello.random,
        server_random: &chosen.random,
        encrypts_then_mac: chosen.encrypts_then_mac,
        truncates_mac: chosen.truncates_mac,
    }
}
