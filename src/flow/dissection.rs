//! Which protocol a flow speaks: probes its first bytes, starts a dissector and stacks the next one on inner bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::limits;
use crate::model::{ContentState, Event, Origin, Shortfall, Side, Transport};
use crate::protocol::{
    Chunk, Dissector, Hint, KeyLog, Output, PLAIN, Protocol, Resumptions, Start, Started,
};

use super::head::{Decision, Head};

/// What does not change during a flow, and how deep we are in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) keys: &'a Arc<KeyLog>,
    pub(super) resumptions: &'a Resumptions,
    pub(super) protocols: &'static [Protocol],
    pub(super) transport: Transport,
    pub(super) client_port: u16,
    pub(super) server_port: u16,
    /// Whether client and server are told apart for certain.
    pub(super) is_oriented: bool,
    /// Dissectors below this one.
    pub(super) depth: usize,
    /// Whether one of them had to decrypt.
    pub(super) is_protected: bool,
}

/// Where everything goes that dissectors hand out.
pub(super) trait Sink {
    /// An event of the flow.
    fn event(&mut self, event: Event, origin: Origin);
    /// The server's name.
    fn server(&mut self, name: &str);
    /// Datagrams for that side which begin with this id go on with the flow.
    fn connection_id(&mut self, id: &[u8], side: Side);
    /// A connection to that port of that side is to be read by that dissector.
    fn expect(&mut self, listener: Side, port: u16, started: Started);
    /// Something not seen.
    fn shortfall(&mut self, shortfall: Shortfall, bytes: u64, detail: &dyn fmt::Display);
}

/// One level of a flow: bytes of one protocol, known or not yet.
pub(super) enum Stage {
    /// Not known yet.
    Probing(Head),
    /// Known.
    Running(Layer),
    /// Nothing more is to be read.
    Closed(Outcome),
}

/// How a stage ended, or stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub(super) content: ContentState,
    pub(super) protocol: Option<&'static Protocol>,
    /// Whether a dissector said so, which holds for the whole flow, or nobody knew the bytes, which holds for this level.
    is_final: bool,
}

impl Outcome {
    /// Nothing was looked into.
    pub(super) const NOT_EXAMINED: Self = Self {
        content: ContentState::NotExamined,
        protocol: None,
        is_final: false,
    };

    /// Whether nobody knew the bytes.
    fn is_unknown(&self) -> bool {
        self.content == ContentState::NotExamined && self.protocol.is_none()
    }
}

/// A running dissector and what is stacked on it.
pub(super) struct Layer {
    protocol: &'static Protocol,
    dissector: Box<dyn Dissector>,
    /// How readable what it gets is.
    content: ContentState,
    inner: Option<Box<Stage>>,
    /// The protocol that goes on inside, unless this one says what does.
    resumed: Option<&'static Protocol>,
    /// By number of the stream, where this protocol has many.
    streams: BTreeMap<u64, Stage>,
    /// What became of those that ended, and of this level itself.
    understanding: Understanding,
}

/// Whether anybody knew what was said on a level of many streams.
#[derive(Clone, Copy, Debug, Default)]
struct Understanding {
    /// This protocol handed out contents, or a stream found its protocol.
    is_understood: bool,
    /// A stream found none.
    has_unknown: bool,
}

impl Understanding {
    fn note(&mut self, stream: &Stage) {
        let outcome = stream.outcome();
        self.is_understood |= outcome.protocol.is_some();
        self.has_unknown |= outcome.is_unknown();
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::Probing(Head::default())
    }
}

impl Stage {
    /// Closed without anybody knowing the bytes.
    fn unknown(content: ContentState) -> Self {
        Self::Closed(Outcome {
            content,
            protocol: None,
            is_final: false,
        })
    }

    /// For inner bytes that `outer` hands on.
    fn hinted(setting: Setting<'_>, hint: Hint, outer: &'static Protocol) -> Self {
        if setting.depth > limits::PROTOCOL_DEPTH {
            return Self::unknown(ContentState::NotExamined);
        }
        let (name, resumed) = match hint {
            Hint::Protocol(name) => (name, None),
            Hint::Secured => ("tls", Some(outer)),
            Hint::Probe => return Self::default(),
        };
        setting
            .protocols
            .iter()
            .find(|protocol| protocol.name == name)
            .map_or_else(Self::default, |protocol| {
                Self::Running(Layer {
                    resumed,
                    ..Layer::new(protocol, setting)
                })
            })
    }

    /// For bytes of a protocol that has begun elsewhere.
    pub(super) fn started(setting: Setting<'_>, started: Started) -> Self {
        let mut protocols = setting.protocols.iter();
        let known = protocols.find(|protocol| protocol.name == started.protocol);
        match known {
            Some(protocol) if setting.depth <= limits::PROTOCOL_DEPTH => Self::Running(Layer {
                protocol,
                content: protocol.content,
                dissector: started.dissector,
                inner: None,
                resumed: None,
                streams: BTreeMap::new(),
                understanding: Understanding::default(),
            }),
            _ => Self::unknown(ContentState::NotExamined),
        }
    }

    /// For bytes that another flow has announced.
    pub(super) fn expecting(started: Started) -> Self {
        Self::Probing(Head::expecting(started))
    }

    /// Whoever is expected reads what came so far, and what comes next; text is read if nobody is. Says whether anybody does.
    fn settle(&mut self, setting: Setting<'_>, next: &[u8], sink: &mut dyn Sink) -> bool {
        let Self::Probing(head) = self else {
            return false;
        };
        let expected = head.expected.take();
        let Some(started) = expected.or_else(|| head.plain(setting, next)) else {
            return false;
        };
        let head = std::mem::take(head);
        *self = Self::started(setting, started);
        head.replay(|chunk| self.feed(setting, chunk, sink));
        true
    }

    /// Whether no protocol has been found yet.
    pub(super) fn is_probing(&self) -> bool {
        matches!(self, Self::Probing(_))
    }

    /// Whether nothing more is to be read.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// Takes the next bytes of one side.
    pub(super) fn feed(&mut self, setting: Setting<'_>, chunk: Chunk<'_>, sink: &mut dyn Sink) {
        match self {
            Self::Closed(_) => {}
            Self::Running(layer) => {
                let closed = layer.drive(setting, sink, |dissector, emit| {
                    dissector.feed(chunk, emit);
                });
                self.close(closed);
            }
            Self::Probing(head) => match head.probe(setting, chunk) {
                Decision::Wait => {}
                Decision::GiveUp => {
                    let next = match chunk.side {
                        Side::Client => chunk.bytes,
                        Side::Server => &[],
                    };
                    if self.settle(setting, next, sink) {
                        self.feed(setting, chunk, sink);
                    } else {
                        *self = Self::unknown(ContentState::NotExamined);
                    }
                }
                Decision::Start(protocol) => {
                    let head = std::mem::take(head);
                    *self = Self::Running(Layer::new(protocol, setting));
                    head.replay(|chunk| self.feed(setting, chunk, sink));
                    self.feed(setting, chunk, sink);
                }
            },
        }
    }

    /// `lost` bytes of one side are missing.
    pub(super) fn gap(&mut self, setting: Setting<'_>, side: Side, lost: u64, sink: &mut dyn Sink) {
        self.settle(setting, &[], sink);
        match self {
            Self::Closed(_) => {}
            Self::Probing(head) => {
                // bytes missing before the first ones only mean that we come in the middle
                if !head.side(side).is_empty() {
                    *self = Self::unknown(ContentState::Damaged);
                }
            }
            Self::Running(layer) => {
                let closed = layer.drive(setting, sink, |dissector, emit| {
                    dissector.gap(side, lost, emit);
                });
                self.close(closed);
            }
        }
    }

    /// The flow ended: what is pending is handed out, outermost first, since that may yield inner bytes.
    pub(super) fn finish(&mut self, setting: Setting<'_>, sink: &mut dyn Sink) {
        self.settle(setting, &[], sink);
        if let Self::Running(layer) = self {
            let closed = layer.drive(setting, sink, |dissector, emit| dissector.finish(emit));
            layer.finish_inner(setting, sink);
            self.close(closed);
        }
    }

    fn close(&mut self, closed: Option<Outcome>) {
        if let Some(outcome) = closed {
            *self = Self::Closed(outcome);
        }
    }

    /// How readable it was, and by which protocol.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Closed(outcome) => *outcome,
            Self::Probing(_) => Outcome::NOT_EXAMINED,
            Self::Running(layer) => layer.outcome(),
        }
    }
}

impl Layer {
    fn new(protocol: &'static Protocol, setting: Setting<'_>) -> Self {
        let start = Start {
            transport: setting.transport,
            client_port: setting.client_port,
            server_port: setting.server_port,
            keys: Arc::clone(setting.keys),
            resumptions: setting.resumptions.clone(),
        };
        Self {
            protocol,
            dissector: (protocol.start)(&start),
            content: protocol.content,
            inner: None,
            resumed: None,
            streams: BTreeMap::new(),
            understanding: Understanding::default(),
        }
    }

    /// As seen by the stage that is stacked on this layer.
    fn inner_setting<'a>(protocol: &Protocol, setting: Setting<'a>) -> Setting<'a> {
        Setting {
            depth: setting.depth.saturating_add(1),
            is_protected: setting.is_protected || protocol.content != ContentState::Clear,
            ..setting
        }
    }

    /// Calls the dissector and takes what it hands out. Says whether the whole flow is to be closed.
    fn drive(
        &mut self,
        setting: Setting<'_>,
        sink: &mut dyn Sink,
        call: impl FnOnce(&mut dyn Dissector, &mut dyn FnMut(Output<'_>)),
    ) -> Option<Outcome> {
        let Self {
            protocol,
            dissector,
            content,
            inner,
            resumed,
            streams,
            understanding,
        } = self;
        let inner_setting = Self::inner_setting(protocol, setting);
        let stream_setting = Setting {
            transport: Transport::Tcp,
            ..inner_setting
        };
        let mut closed = None;
        let mut is_closed_within = false;
        call(dissector.as_mut(), &mut |output| match output {
            Output::Event(mut event, origin) => {
                understanding.is_understood |= !matches!(event, Event::Handshake(_));
                if setting.is_protected {
                    protect(&mut event);
                }
                sink.event(event, origin);
            }
            Output::Server(name) => sink.server(name),
            Output::ConnectionId(id, side) => sink.connection_id(id, side),
            Output::Expect(listener, port, started) => sink.expect(listener, port, started),
            Output::Shortfall(shortfall, bytes, detail) => {
                sink.shortfall(shortfall, bytes, &detail);
            }
            Output::Undecrypted(piece) => {
                sink.shortfall(Shortfall::UndecryptedRecords, piece.bytes, &piece);
            }
            Output::Content(state) => *content = state,
            Output::Opaque(content) => {
                closed = Some(Outcome {
                    content,
                    protocol: Some(protocol),
                    is_final: true,
                });
            }
            Output::Inner(chunk, hint) => {
                let hint = match (hint, *resumed) {
                    (Hint::Probe, Some(resumed)) => Hint::Protocol(resumed.name),
                    _ => hint,
                };
                let stage = inner
                    .get_or_insert_with(|| Box::new(Stage::hinted(inner_setting, hint, protocol)));
                stage.feed(inner_setting, chunk, sink);
                if let Some(outcome) = stage.final_outcome() {
                    closed = Some(outcome);
                    is_closed_within = true;
                }
            }
            Output::Stack(started) => {
                *inner = Some(Box::new(Stage::started(inner_setting, started)));
            }
            Output::InnerGap(side, lost) => {
                if let Some(stage) = inner {
                    stage.gap(inner_setting, side, lost, sink);
                }
            }
            Output::InnerStream(number, chunk, hint) => {
                if streams.len() >= limits::INNER_STREAMS && !streams.contains_key(&number) {
                    let what = "streams open at once inside one connection";
                    sink.shortfall(Shortfall::FlowLimit, 0, &what);
                    if let Some((_, mut oldest)) = streams.pop_first() {
                        oldest.finish(stream_setting, sink);
                        understanding.note(&oldest);
                    }
                }
                streams
                    .entry(number)
                    .or_insert_with(|| Stage::hinted(stream_setting, hint, protocol))
                    .feed(stream_setting, chunk, sink);
            }
            Output::InnerStreamGap(number, side, lost) => {
                if let Some(stage) = streams.get_mut(&number) {
                    stage.gap(stream_setting, side, lost, sink);
                }
            }
            Output::InnerStreamEnd(number) => {
                if let Some(mut stage) = streams.remove(&number) {
                    stage.finish(stream_setting, sink);
                    understanding.note(&stage);
                }
            }
        });
        if is_closed_within {
            // this dissector will not be asked again, so it must not keep anything
            dissector.finish(&mut |output| {
                if let Output::Event(event, origin) = output {
                    sink.event(event, origin);
                }
            });
        }
        closed.map(|outcome| Outcome {
            content: self.judged(outcome.content),
            ..outcome
        })
    }

    /// The state of what this level decrypted, where nobody knew any of its streams: as unread as it would be in clear.
    fn judged(&self, content: ContentState) -> ContentState {
        let mut understanding = self.understanding;
        for stream in self.streams.values() {
            understanding.note(stream);
        }
        if understanding.has_unknown && !understanding.is_understood && is_decrypted(content) {
            ContentState::NotExamined
        } else {
            content
        }
    }

    /// Whether the protocol is known; text of an unknown one counts as known where there was nothing else.
    fn is_known(&self) -> bool {
        self.protocol.name != PLAIN || self.content == ContentState::Clear
    }

    fn finish_inner(&mut self, setting: Setting<'_>, sink: &mut dyn Sink) {
        let setting = Self::inner_setting(self.protocol, setting);
        if let Some(inner) = &mut self.inner {
            inner.finish(setting, sink);
        }
        let setting = Setting {
            transport: Transport::Tcp,
            ..setting
        };
        for mut stream in std::mem::take(&mut self.streams).into_values() {
            stream.finish(setting, sink);
            self.understanding.note(&stream);
        }
    }

    fn outcome(&self) -> Outcome {
        let own = Outcome {
            content: self.judged(self.content),
            protocol: self.is_known().then_some(self.protocol),
            is_final: false,
        };
        let Some(inner) = self.inner.as_ref().map(|inner| inner.outcome()) else {
            return own;
        };
        Outcome {
            content: match (inner.content, self.content) {
                // what is decrypted and nobody knows is as unread as it would be in clear
                (ContentState::NotExamined, own) if inner.is_unknown() && is_decrypted(own) => {
                    ContentState::NotExamined
                }
                // what this level lost is lost to those above
                (ContentState::Clear, own)
                | (
                    ContentState::Decrypted | ContentState::NotExamined,
                    own @ (ContentState::Decrypted
                    | ContentState::PartlyDecrypted
                    | ContentState::NoKey),
                ) => own,
                (content, _) => content,
            },
            protocol: inner.protocol.or(own.protocol),
            is_final: false,
        }
    }
}

impl Stage {
    /// Set if a dissector on this stage said that nothing more of the flow can be read.
    fn final_outcome(&self) -> Option<Outcome> {
        match self {
            Self::Closed(outcome) if outcome.is_final => Some(*outcome),
            _ => None,
        }
    }
}

fn is_decrypted(content: ContentState) -> bool {
    matches!(
        content,
        ContentState::Decrypted | ContentState::PartlyDecrypted
    )
}

/// What was found under a layer that decrypts was protected on the wire.
fn protect(event: &mut Event) {
    match event {
        Event::Exchange(exchange) => exchange.is_protected = true,
        Event::Message(message) => message.is_protected = true,
        Event::Lookup(_) | Event::Handshake(_) | Event::Traffic(_) | Event::Access(_) => {}
    }
}
