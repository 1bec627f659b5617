//! Bytes → events, sans-IO: no file, clock, thread or log. One file or folder a protocol, one line in [`PROTOCOLS`].

#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        reason = "tests count small numbers; the same code is linted without them"
    )
)]

mod assembler;
mod cursor;
mod dhcp;
mod dns;
mod dtls;
mod ftp;
mod gtp;
mod http;
mod http1;
mod http2;
mod http3;
mod imap;
mod keys;
mod line;
mod mail;
mod message;
mod mqtt;
mod netbios;
mod ntp;
mod plain;
mod pop3;
mod preamble;
mod quic;
mod rtp;
mod sasl;
mod session;
mod signature;
mod sip;
mod smtp;
mod socks;
mod ssdp;
mod stun;
mod telegram;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tls;
mod websocket;
mod whatsapp;
mod xiaomi;
mod xmpp;

use std::fmt;
use std::sync::Arc;

#[doc(hidden)]
pub use http3::read_script as read_http3_script;
pub use keys::{KeyLog, Label, Resumptions};
pub use plain::{Kind, NAME as PLAIN, begin as begin_plain};

use crate::model::{ContentState, Event, Exchange, Origin, Shortfall, Side, Transport};

/// What an exchange holds of other protocols (DNS over HTTPS, XMPP over HTTP, server-sent events), for exchanges that come
/// from elsewhere than packets.
pub fn events_inside(exchange: &Exchange, origin: Origin) -> Vec<Event> {
    let mut events = Vec::new();
    http::inside(exchange, origin, &mut |output| {
        if let Output::Event(mut event, _) = output {
            if let Event::Message(message) = &mut event {
                message.is_protected = exchange.is_protected;
            }
            events.push(event);
        }
    });
    events
}

/// A piece of one direction of a flow: contiguous bytes of a stream, or one datagram.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Who sent it.
    pub side: Side,
    /// The bytes.
    pub bytes: &'a [u8],
    /// The packet that made them available.
    pub origin: Origin,
}

/// What a dissector hands out.
#[derive(Debug)]
pub enum Output<'a> {
    /// Something seen, with the packet that completed it.
    Event(Event, Origin),
    /// The flow's server is named inside it (SNI, Host, CONNECT): flow keeps it as [`crate::model::ServerName::Asked`].
    Server(&'a str),
    /// Inner bytes of another protocol (decrypted TLS, a CONNECT tunnel, what follows STARTTLS or an upgrade): flow probes
    /// and stacks the next dissector and feeds it from then on with what comes as `Inner`.
    Inner(Chunk<'a>, Hint),
    /// What comes as `Inner` from now on is for this dissector, which has begun: the beginning of its protocol was spoken in
    /// another one (an upgrade), and decides how the rest is read.
    Stack(Started),
    /// That many inner bytes of one side are not in the capture: flow hands it to the stacked dissector as a gap.
    InnerGap(Side, u64),
    /// Bytes of one of many streams inside (of QUIC, of HTTP/2): flow probes and stacks a dissector for each stream, by its
    /// number. Numbers are not used again.
    InnerStream(u64, Chunk<'a>, Hint),
    /// That many bytes of one side of such a stream are not in the capture.
    InnerStreamGap(u64, Side, u64),
    /// A stream inside ended: flow hands out what is pending in it.
    InnerStreamEnd(u64),
    /// Datagrams for that side whose second byte begins this id go on with this flow, whatever their addresses (RFC 9000 §9).
    ConnectionId(&'a [u8], Side),
    /// A connection of its own was agreed on: to that port of that side, opened by the other and read by that dissector.
    Expect(Side, u16, Started),
    /// From here on nothing more can be read: flow stops reassembling and only counts. Says in which state the contents are.
    Opaque(ContentState),
    /// How readable the contents of this dissector are from now on; nothing is closed.
    Content(ContentState),
    /// Something was not seen.
    Shortfall(Shortfall, u64, &'static str),
    /// There are keys for the connection, but this piece of it stays closed: it is decrypted in part.
    Undecrypted(Undecrypted),
}

/// A protected record or packet with contents that stays closed although there are keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecrypted {
    /// What it is: `TLS record`, `QUIC packet` ….
    pub what: &'static str,
    /// Who sent it.
    pub side: Side,
    /// Which of that side's records or packets with contents it is, counted from 1 in the order seen.
    pub number: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Why.
    pub why: &'static str,
}

impl fmt::Display for Undecrypted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Client => "client",
            Side::Server => "server",
        };
        write!(
            formatter,
            "{} {} of the {side}: {}",
            self.what, self.number, self.why
        )
    }
}

/// A dissector that has begun.
pub struct Started {
    /// Its name in [`PROTOCOLS`].
    pub protocol: &'static str,
    /// The dissector.
    pub dissector: Box<dyn Dissector>,
}

impl fmt::Debug for Started {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Started({})", self.protocol)
    }
}

/// What is known about inner bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Nothing: probe them.
    Probe,
    /// The protocol of that name in [`PROTOCOLS`].
    Protocol(&'static str),
    /// TLS, inside which the protocol that hands it on begins again (STARTTLS).
    Secured,
}

/// What a probe may look at.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// TCP or UDP.
    pub transport: Transport,
    /// Port of the side that opened the flow.
    pub client_port: u16,
    /// Port of the side that answered.
    pub server_port: u16,
    /// First bytes of the client (the first datagram, for UDP).
    pub client: &'a [u8],
    /// First bytes of the server.
    pub server: &'a [u8],
    /// The datagram of the same side that came before this one, if a probe asked for more; empty for streams.
    pub before: &'a [u8],
}

/// What a probe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// It may be: more bytes would tell.
    More,
}

/// The state of one protocol in one flow.
pub trait Dissector {
    /// Takes the next bytes of one side.
    fn feed(&mut self, chunk: Chunk<'_>, emit: &mut dyn FnMut(Output<'_>));

    /// `lost` bytes of one side are not in the capture; what follows comes behind them.
    fn gap(&mut self, side: Side, lost: u64, emit: &mut dyn FnMut(Output<'_>));

    /// The flow ended: hand out what is pending.
    fn finish(&mut self, emit: &mut dyn FnMut(Output<'_>));
}

/// What a dissector may want to know when it starts.
#[derive(Clone, Debug)]
pub struct Start {
    /// TCP or UDP.
    pub transport: Transport,
    /// Port of the side that opened the flow.
    pub client_port: u16,
    /// Port of the side that answered.
    pub server_port: u16,
    /// The secrets known of the device's connections.
    pub keys: Arc<KeyLog>,
    /// The sessions of the device that may be resumed.
    pub resumptions: Resumptions,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            transport: Transport::Tcp,
            client_port: 0,
            server_port: 0,
            keys: Arc::default(),
            resumptions: Resumptions::default(),
        }
    }
}

/// A protocol.
#[derive(Debug)]
pub struct Protocol {
    /// Its name, lower case, as in reports.
    pub name: &'static str,
    /// Whether these bytes are it. Probes run in the order of [`PROTOCOLS`]; the first `Yes` wins.
    pub probe: fn(&Probe<'_>) -> Verdict,
    /// A fresh dissector.
    pub start: fn(&Start) -> Box<dyn Dissector>,
    /// How readable contents of this protocol are unless a dissector says otherwise.
    pub content: ContentState,
}

/// All protocols, in the order of probing: the most telling first.
pub const PROTOCOLS: &[Protocol] = &[
    tls::PROTOCOL,
    http2::PROTOCOL,
    http1::PROTOCOL,
    websocket::PROTOCOL,
    dns::PROTOCOL,
    dns::STREAM,
    dns::MULTICAST,
    dns::LINK_LOCAL,
    quic::PROTOCOL,
    dtls::PROTOCOL,
    ssdp::PROTOCOL,
    whatsapp::PROTOCOL,
    xmpp::PROTOCOL,
    sip::DATAGRAM,
    sip::STREAM,
    stun::GOOGLE_CALL,
    stun::PROTOCOL,
    xiaomi::PROTOCOL,
    mqtt::PROTOCOL,
    smtp::PROTOCOL,
    ftp::PROTOCOL,
    ftp::DATA,
    pop3::PROTOCOL,
    imap::PROTOCOL,
    dhcp::VERSION_4,
    dhcp::VERSION_6,
    gtp::PROTOCOL,
    ntp::PROTOCOL,
    netbios::PROTOCOL,
    socks::PROTOCOL,
    telegram::PROTOCOL,
    signature::TELEGRAM_CALL,
    signature::WECHAT,
    signature::KAKAOTALK,
    signature::DISCORD,
    signature::ZOOM,
    signature::VIBER,
    signature::THREEMA,
    rtp::PROTOCOL,
    preamble::PROTOCOL,
    plain::PROTOCOL,
];
