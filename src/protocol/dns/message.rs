//! One DNS message (RFC 1035 §4): questions, and the answers that carry addresses and names. Damage ends the reading where
//! it is; what stands before it counts.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::limits;
use crate::model::Answer;
use crate::protocol::cursor::Cursor;
use crate::protocol::message::readable;

/// Record types read (RFC 1035 §3.2.2, RFC 3596, RFC 2782, RFC 9460).
mod record_type {
    pub(super) const A: u16 = 1;
    pub(super) const CNAME: u16 = 5;
    pub(super) const PTR: u16 = 12;
    pub(super) const AAAA: u16 = 28;
    pub(super) const TXT: u16 = 16;
    pub(super) const SRV: u16 = 33;
    pub(super) const SVCB: u16 = 64;
    pub(super) const HTTPS: u16 = 65;
}

/// Keys of SVCB parameters that hold addresses (RFC 9460 §7.3).
const IPV4_HINT: u16 = 4;
const IPV6_HINT: u16 = 6;

/// Jumps of one compressed name; a name of 255 octets cannot have more labels.
const POINTERS: usize = 128;

/// The header (RFC 1035 §4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    flags: u16,
    questions: u16,
    answers: u16,
    authorities: u16,
    additionals: u16,
}

impl Header {
    pub(super) const BYTES: usize = 12;

    /// Reads the first 12 bytes of a message.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(message);
        let _id = cursor.u16()?;
        Some(Self {
            flags: cursor.u16()?,
            questions: cursor.u16()?,
            answers: cursor.u16()?,
            authorities: cursor.u16()?,
            additionals: cursor.u16()?,
        })
    }

    pub(super) fn is_response(self) -> bool {
        self.flags & 0x8000 != 0
    }

    /// Whether a message may begin so: a known operation, and counts that a message can hold.
    pub(super) fn is_plausible(self) -> bool {
        let records = [self.answers, self.authorities, self.additionals];
        matches!(self.operation(), 0..=2 | 4..=6)
            && self.questions <= 256
            && records.iter().all(|count| *count <= 4096)
            && (self.questions > 0 || records.iter().any(|count| *count > 0))
    }

    fn has_questions(self) -> bool {
        self.questions > 0
    }

    /// A plain query or response (operation 0, the reserved bit clear) with one question.
    fn is_plain(self) -> bool {
        self.operation() == 0 && self.flags & 0x0040 == 0 && self.questions == 1
    }

    fn operation(self) -> u16 {
        self.flags >> 11 & 0x0f
    }
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// The name asked for, lower case; `.` is the root.
    pub(super) name: String,
    /// Type asked for.
    pub(super) record_type: u16,
    class: u16,
}

/// Whether bytes on a DNS port are DNS: a question of a known class stands where it must, or the header makes sense. Damage
/// behind the question does not matter.
pub(super) fn is_plausible(bytes: &[u8]) -> bool {
    let Some(header) = Header::read(bytes) else {
        return false;
    };
    let mut reader = Reader {
        message: bytes,
        at: Header::BYTES,
    };
    let question = header.has_questions().then(|| reader.question()).flatten();
    // Internet, Chaos, Hesiod, none and any (RFC 6895 §3.2).
    header.is_plausible()
        || question.is_some_and(|question| matches!(question.class, 1 | 3 | 4 | 254 | 255))
}

/// A message, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The header.
    pub(super) header: Header,
    /// Questions.
    pub(super) questions: Vec<Question>,
    /// Owner and content of the answers that are addresses or names.
    pub(super) answers: Vec<(String, Answer)>,
    /// Strings of TXT records.
    pub(super) texts: Vec<String>,
    /// Whether all that the header announces was there.
    pub(super) is_whole: bool,
    /// Whether nothing stood behind it.
    is_exact: bool,
}

impl Message {
    /// Reads a message; `None` without a whole header.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let header = Header::read(bytes)?;
        let mut message = Self {
            header,
            questions: Vec::new(),
            answers: Vec::new(),
            texts: Vec::new(),
            is_whole: false,
            is_exact: false,
        };
        let mut reader = Reader {
            message: bytes,
            at: Header::BYTES,
        };
        message.is_whole = message.read_sections(&mut reader).is_some();
        message.is_exact = message.is_whole && reader.at == bytes.len();
        Some(message)
    }

    fn read_sections(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        for _ in 0..self.header.questions {
            let question = reader.question()?;
            if self.questions.len() >= limits::DNS_QUESTIONS {
                return None;
            }
            self.questions.push(question);
        }
        for _ in 0..self.header.answers {
            let record = reader.record()?;
            self.keep(record);
        }
        let others =
            u32::from(self.header.authorities).saturating_add(self.header.additionals.into());
        for _ in 0..others {
            let record = reader.record()?;
            // what services say of themselves stands here as well (RFC 6763 §12)
            self.attributes(&record);
        }
        Some(())
    }

    fn keep(&mut self, record: Record<'_>) {
        self.attributes(&record);
        let room = limits::DNS_ANSWERS.saturating_sub(self.answers.len());
        let answers = record.answers.into_iter().take(room);
        self.answers
            .extend(answers.map(|answer| (record.owner.clone(), answer)));
    }

    /// The strings of a TXT record, as services describe themselves (RFC 6763 §6).
    fn attributes(&mut self, record: &Record<'_>) {
        if record.kind != record_type::TXT {
            return;
        }
        let mut strings = Cursor::new(record.data);
        while let Some(text) = strings.vector8() {
            if self.texts.len() >= limits::DNS_ANSWERS {
                return;
            }
            self.texts.extend(
                readable(text)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned),
            );
        }
    }

    /// Whether this can be nothing but DNS, on whatever port: one question for a host name of a usual type, every record in
    /// place, and not a byte more.
    pub(super) fn is_unmistakable(&self) -> bool {
        let [question] = self.questions.as_slice() else {
            return false;
        };
        self.is_exact
            && self.header.is_plain()
            && (self.header.is_response() || self.header.answers == 0)
            && question.class == 1
            && matches!(question.record_type, 1..=65 | 255 | 257)
            && question.name.contains('.')
            && question.name.len() > 3
            && question
                .name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    }
}

/// A record.
struct Record<'a> {
    owner: String,
    kind: u16,
    data: &'a [u8],
    answers: Vec<Answer>,
}

/// Where reading has come to. Names need the whole message, for their pointers.
#[derive(Clone, Copy, Debug)]
struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads fixed parts.
    fn fixed<T>(&mut self, read: impl FnOnce(&mut Cursor<'a>) -> Option<T>) -> Option<T> {
        let mut cursor = Cursor::new(self.message.get(self.at..)?);
        let value = read(&mut cursor)?;
        self.at = self.message.len().checked_sub(cursor.rest().len())?;
        Some(value)
    }

    fn question(&mut self) -> Option<Question> {
        let name = self.name()?;
        let (record_type, class) = self.fixed(|cursor| Some((cursor.u16()?, cursor.u16()?)))?;
        Some(Question {
            name,
            record_type,
            // The top bit asks for a unicast answer in mDNS (RFC 6762 §5.4).
            class: class & 0x7fff,
        })
    }

    /// A record's owner, and what it answers. An odd content is no answer and does no harm.
    fn record(&mut self) -> Option<Record<'a>> {
        let owner = self.name()?;
        let (kind, data) = self.fixed(|cursor| {
            let kind = cursor.u16()?;
            let _class_and_ttl = cursor.take(6)?;
            Some((kind, cursor.vector16()?))
        })?;
        let inside = Self {
            message: self.message,
            at: self.at.checked_sub(data.len())?,
        };
        Some(Record {
            owner,
            kind,
            data,
            answers: inside.answers(kind, data).unwrap_or_default(),
        })
    }

    fn answers(mut self, kind: u16, data: &[u8]) -> Option<Vec<Answer>> {
        match kind {
            record_type::A | record_type::AAAA => Some(addresses(kind == record_type::AAAA, data)),
            record_type::CNAME | record_type::PTR => Some(vec![Answer::Name(self.name()?)]),
            record_type::SRV => {
                self.fixed(|cursor| cursor.take(6))?;
                Some(vec![Answer::Name(self.name()?)])
            }
            record_type::SVCB | record_type::HTTPS => self.service_binding(data),
            _ => None,
        }
    }

    /// Target and address hints (RFC 9460 §2.2).
    fn service_binding(mut self, data: &[u8]) -> Option<Vec<Answer>> {
        let end = self.at.checked_add(data.len())?;
        self.fixed(Cursor::u16)?;
        let target = self.name()?;
        let mut answers = Vec::new();
        if target != "." {
            answers.push(Answer::Name(target));
        }
        let mut parameters = Cursor::new(self.message.get(self.at..end)?);
        while let (Some(key), Some(value)) = (parameters.u16(), parameters.vector16()) {
            if matches!(key, IPV4_HINT | IPV6_HINT) {
                answers.extend(addresses(key == IPV6_HINT, value));
            }
        }
        Some(answers)
    }

    /// A name (RFC 1035 §4.1.4), lower case, as text: bytes that are not text as `\DDD` (RFC 4343 §2.1).
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        let mut octets = 0_usize;
        let mut reader = *self;
        let mut behind = None;
        let mut jumps = 0_usize;
        loop {
            let first = reader.fixed(Cursor::u8)?;
            match first {
                0 => break,
                1..=63 => {
                    let label = reader.fixed(|cursor| cursor.take(usize::from(first)))?;
                    octets = octets.saturating_add(label.len()).saturating_add(1);
                    if octets > limits::DNS_NAME_BYTES {
                        return None;
                    }
                    if !name.is_empty() {
                        name.push('.');
                    }
                    push_label(&mut name, label);
                }
                0xc0.. => {
                    let low = reader.fixed(Cursor::u8)?;
                    behind = behind.or(Some(reader.at));
                    jumps = jumps.saturating_add(1);
                    if jumps > POINTERS {
                        return None;
                    }
                    reader.at = usize::from(u16::from_be_bytes([first & 0x3f, low]));
                }
                _ => return None,
            }
        }
        self.at = behind.unwrap_or(reader.at);
        if name.is_empty() {
            name.push('.');
        }
        Some(name)
    }
}

fn addresses(is_v6: bool, data: &[u8]) -> Vec<Answer> {
    let addresses: Vec<IpAddr> = if is_v6 {
        let (addresses, _) = data.as_chunks::<16>();
        addresses.iter().map(|octets| (*octets).into()).collect()
    } else {
        let (addresses, _) = data.as_chunks::<4>();
        addresses.iter().map(|octets| (*octets).into()).collect()
    };
    addresses.into_iter().map(Answer::Address).collect()
}

/// Multicast DNS has names in UTF-8 (RFC 6762 §16), and so have some resolvers.
fn push_label(name: &mut String, label: &[u8]) {
    for chunk in label.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '.' | '\\' => {
                    name.push('\\');
                    name.push(character);
                }
                _ if character.is_ascii_control() => push_escaped(name, u32::from(character)),
                _ => name.extend(character.to_lowercase()),
            }
        }
        for byte in chunk.invalid() {
            push_escaped(name, u32::from(*byte));
        }
    }
}

fn push_escaped(name: &mut String, byte: u32) {
    let _written = write!(name, "\\{byte:03}");
}
