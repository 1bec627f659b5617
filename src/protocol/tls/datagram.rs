//! A DTLS connection read with keys (RFC 6347 §4.1). Records carry their numbers, so that each stands for itself; those of
//! DTLS 1.3, which hides them, are opened in `unified`.

mod unified;

use std::sync::Arc;

use self::unified::Connection;
pub(in crate::protocol) use self::unified::{Closed, Inner, Unified};
use super::cipher::{Agreement, Head, Protection};
use super::handshake::{CLIENT_HELLO, SERVER_HELLO};
use super::hello::{Carrier, ClientHello, ServerHello};
use super::session::Prospect;
use super::suite::Suite;
use crate::model::{ContentState, Side};
use crate::protocol::keys::{KeyLog, Label};

/// Bytes of the sequence number below the epoch.
const SEQUENCE_BITS: u32 = 48;
const DTLS_1_3: u16 = 0xfefc;

/// A protected record.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocol) struct Sealed<'a> {
    /// Content type.
    pub(in crate::protocol) kind: u8,
    /// Version on the record.
    pub(in crate::protocol) version: u16,
    /// Epoch.
    pub(in crate::protocol) epoch: u16,
    /// Number in the epoch.
    pub(in crate::protocol) sequence: u64,
    /// What is protected.
    pub(in crate::protocol) fragment: &'a [u8],
}

/// A connection.
pub(in crate::protocol) struct DatagramSession {
    keys: Arc<KeyLog>,
    hello: Option<ClientHello>,
    chosen: Option<ServerHello>,
    protections: Option<[Protection; 2]>,
    /// In place of these in DTLS 1.3.
    unified: Option<Connection>,
    prospect: Prospect,
    opened: u64,
    lost: u64,
}

impl DatagramSession {
    pub(in crate::protocol) fn new(keys: &Arc<KeyLog>) -> Self {
        Self {
            keys: Arc::clone(keys),
            hello: None,
            chosen: None,
            protections: None,
            unified: None,
            prospect: Prospect::Waiting,
            opened: 0,
            lost: 0,
        }
    }

    /// In which state the contents are; nothing while it is not known whether there are keys.
    pub(in crate::protocol) fn content(&self) -> Option<ContentState> {
        if let Some(unified) = &self.unified {
            return Some(unified.content());
        }
        match (self.prospect, self.opened, self.lost) {
            (Prospect::Waiting, ..) => None,
            (Prospect::Hopeless(content), ..) => Some(content),
            (Prospect::Ready, _, 0) => Some(ContentState::Decrypted),
            (Prospect::Ready, 0, _) => Some(ContentState::Damaged),
            (Prospect::Ready, ..) => Some(ContentState::PartlyDecrypted),
        }
    }

    /// Whether there are keys.
    pub(in crate::protocol) fn is_ready(&self) -> bool {
        self.prospect == Prospect::Ready
    }

    /// Takes a message of the handshake in clear.
    pub(in crate::protocol) fn message(&mut self, kind: u8, body: &[u8]) {
        match kind {
            CLIENT_HELLO if self.chosen.is_none() => {
                self.hello = ClientHello::read(body, Carrier::Datagram).or(self.hello.take());
            }
            SERVER_HELLO => {
                let hello = ServerHello::read(body).filter(|hello| !hello.is_retry);
                self.chosen = self.chosen.take().or(hello);
            }
            _ => return,
        }
        if let (Some(hello), Some(chosen), Prospect::Waiting) =
            (&self.hello, &self.chosen, self.prospect)
        {
            if chosen.version != DTLS_1_3 {
                (self.prospect, self.protections) = resolve(&self.keys, hello, chosen);
                return;
            }
            match Connection::derive(&self.keys, &hello.random, chosen.cipher_suite) {
                Ok(connection) => {
                    self.unified = Some(connection);
                    self.prospect = Prospect::Ready;
                }
                Err(prospect) => self.prospect = prospect,
            }
        }
    }

    /// Opens a record of DTLS 1.3. Nothing while there are no keys.
    pub(in crate::protocol) fn open_unified(
        &mut self,
        side: Side,
        record: Unified<'_>,
    ) -> Option<Result<Inner, Closed>> {
        self.unified.as_mut()?.open(side, record)
    }

    /// Opens a record; returns its plaintext.
    pub(in crate::protocol) fn open(&mut self, side: Side, sealed: Sealed<'_>) -> Option<Vec<u8>> {
        let [client, server] = self.protections.as_mut()?;
        let protection = match side {
            Side::Client => client,
            Side::Server => server,
        };
        let head = Head {
            kind: sealed.kind,
            version: sealed.version.to_be_bytes(),
            len: u16::try_from(sealed.fragment.len()).ok()?,
        };
        let sequence = u64::from(sealed.epoch) << SEQUENCE_BITS | sealed.sequence;
        let mut work = sealed.fragment.to_vec();
        let numbers = sequence..sequence.saturating_add(1);
        // Only the first keys are known: nobody renegotiates on datagrams.
        let opened = Some(())
            .filter(|()| sealed.epoch == 1)
            .and_then(|()| protection.open(head, numbers, &[], &mut work));
        let Some(opened) = opened else {
            self.lost = self.lost.saturating_add(1);
            return None;
        };
        self.opened = self.opened.saturating_add(1);
        work.truncate(opened.plaintext.end);
        work.drain(..opened.plaintext.start);
        Some(work)
    }
}

fn resolve(
    keys: &KeyLog,
    hello: &ClientHello,
    chosen: &ServerHello,
) -> (Prospect, Option<[Protection; 2]>) {
    let hopeless = |content| (Prospect::Hopeless(content), None);
    let Some(master) = keys.secret(Label::ClientRandom, &hello.random) else {
        let has_key = keys.has(&hello.random);
        return hopeless(if has_key {
            ContentState::UnsupportedCipher
        } else {
            ContentState::NoKey
        });
    };
    // DTLS 1.0 is TLS 1.1 on datagrams, 1.2 is 1.2.
    let version = match chosen.version {
        0xfefd => 0x0303,
        0xfeff | 0x0100 => 0x0302,
        _ => return hopeless(ContentState::UnsupportedCipher),
    };
    let protections = chosen.cipher_suite.and_then(Suite::of).and_then(|suite| {
        let agreement = Agreement {
            suite,
            version,
            client_random: &hello.random,
            server_random: &chosen.random,
            encrypts_then_mac: chosen.encrypts_then_mac,
            truncates_mac: chosen.truncates_mac,
        };
        agreement.protections(master)
    });
    match protections {
        Some(protections) => (Prospect::Ready, Some(protections)),
        None => hopeless(ContentState::UnsupportedCipher),
    }
}
