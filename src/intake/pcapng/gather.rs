//! What phase 1 takes from a pcapng: owners, names and secrets, wherever in the file they lie.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::block::{Blocks, Options, Step, block_type, text, uid_map_entry};
use crate::Result;
use crate::intake::order::ByteOrder;
use crate::intake::{Gathered, Input};
use crate::limits;
use crate::model::{Dossier, Shortfall};

/// `TLSK`: an NSS key log.
const TLS_KEY_LOG: u32 = 0x544c_534b;

/// What phase 1 takes from a pcapng: UID map, names of addresses and key logs, wherever in the file they lie. A pipe passes
/// once: of it only the beginning, where keys and names usually lie.
pub(super) fn gather(input: &Input) -> Result<Gathered> {
    let mut gathering = Gathering::default();
    let mut blocks = Blocks::new(input.preview()?);
    loop {
        match blocks.step() {
            Step::Block { kind, body } => {
                gathering.block(kind, blocks.window.at(body), blocks.order);
            }
            Step::Long { .. } if input.is_stdin() => break,
            Step::Long { kind, body_len } => {
                let read = match kind {
                    block_type::DECRYPTION_SECRETS => gathering.long_secrets(&mut blocks, body_len),
                    _ => Ok(0),
                };
                let skipped = read.and_then(|read| blocks.skip_long(body_len.saturating_sub(read)));
                match skipped {
                    Ok(true) => {}
                    // Phase 2 reports where and why the file ends.
                    Ok(false) | Err(_) => break,
                }
            }
            Step::End | Step::Broken(..) | Step::Failed(_) => break,
        }
    }
    Ok((gathering.dossier, gathering.notes))
}

/// Where in an input the first block begins that phase 1 did not come to.
pub(super) fn end(input: &Input) -> Result<u64> {
    if !input.is_stdin() {
        return Ok(u64::MAX);
    }
    let mut blocks = Blocks::new(input.preview()?);
    let mut end = 0;
    while matches!(blocks.step(), Step::Block { .. }) {
        end = blocks.window.offset();
    }
    Ok(end)
}

#[derive(Default)]
pub(super) struct Gathering {
    pub(super) dossier: Dossier,
    key_log_bytes: usize,
    notes: Vec<(Shortfall, String)>,
}

impl Gathering {
    pub(super) fn block(&mut self, kind: u32, body: &[u8], order: ByteOrder) {
        match kind {
            block_type::NAME_RESOLUTION => self.names(body, order),
            block_type::DECRYPTION_SECRETS => {
                if let Some(secrets) = tls_secrets(body, order) {
                    self.keep_secrets(secrets.to_vec());
                }
            }
            kind if block_type::CUSTOM.contains(&kind) => {
                if let Some((uid, owner)) = uid_map_entry(body, order)
                    && self.dossier.owners.len() < limits::OWNERS
                {
                    self.dossier.owners.insert(uid, owner);
                }
            }
            _ => {}
        }
    }

    fn keep_secrets(&mut self, secrets: Vec<u8>) {
        let sum = self.key_log_bytes.saturating_add(secrets.len());
        if sum > limits::KEY_LOG_BYTES {
            self.notes.push((
                Shortfall::InputLimit,
                format!(
                    "key logs of more than {} bytes; the rest is left out",
                    limits::KEY_LOG_BYTES
                ),
            ));
            return;
        }
        self.key_log_bytes = sum;
        self.dossier.key_logs.push(secrets);
    }

    /// Secrets of a block that does not fit the window; returns how much of its body was read.
    fn long_secrets(&mut self, blocks: &mut Blocks, body_len: u64) -> io::Result<u64> {
        if body_len > limits::KEY_LOG_BYTES as u64 {
            self.keep_secrets_note();
            return Ok(0);
        }
        let mut body = Vec::new();
        let read = blocks.window.read_into(&mut body, body_len)?;
        if let Some(length) = tls_secrets(&body, blocks.order).map(<[u8]>::len) {
            body.drain(..8);
            body.truncate(length);
            self.keep_secrets(body);
        }
        Ok(read)
    }

    fn keep_secrets_note(&mut self) {
        self.notes.push((
            Shortfall::InputLimit,
            format!(
                "a key log of more than {} bytes is left out",
                limits::KEY_LOG_BYTES
            ),
        ));
    }

    /// Name resolution records (§4.5): an address and the names for it, each ended by a zero byte.
    fn names(&mut self, body: &[u8], order: ByteOrder) {
        for (kind, value) in (Options { bytes: body, order }) {
            let address = match kind {
                1 => value
                    .split_first_chunk::<4>()
                    .map(|(address, rest)| (IpAddr::from(Ipv4Addr::from(*address)), rest)),
                2 => value
                    .split_first_chunk::<16>()
                    .map(|(address, rest)| (IpAddr::from(Ipv6Addr::from(*address)), rest)),
                _ => None,
            };
            let Some((address, names)) = address else {
                continue;
            };
            let name = text(names);
            if name.is_empty() {
                continue;
            }
            if self.dossier.names.len() >= limits::RESOLVED_NAMES {
                self.notes.push((
                    Shortfall::InputLimit,
                    format!("more than {} names of addresses", limits::RESOLVED_NAMES),
                ));
                return;
            }
            let names = Arc::make_mut(&mut self.dossier.names);
            names.entry(address).or_insert(name);
        }
    }
}

/// The key log in a decryption secrets block (§4.7), if it is one.
fn tls_secrets(body: &[u8], order: ByteOrder) -> Option<&[u8]> {
    if order.u32_at(body, 0)? != TLS_KEY_LOG {
        return None;
    }
    let length = usize::try_from(order.u32_at(body, 4)?).ok()?;
    let secrets = body.get(8..)?;
    Some(secrets.get(..length).unwrap_or(secrets))
}
