//! Whole records out of one side's bytes, also behind gaps. Unlike `record`, which only looks for handshakes in clear, this keeps
//! what it reads, because records are opened as a whole.

use super::cipher::Head;

const HANDSHAKE: u8 = 22;
const HEADER_BYTES: usize = 5;
/// Longest fragment: 2^14 bytes and what encryption may add (RFC 5246 §6.2.3).
const FRAGMENT_BYTES: u16 = (1 << 14) + 2048;
/// Bytes that hold a whole record and the header behind it, from anywhere in the record in front of it.
const SEARCH_BYTES: usize = 2 * (FRAGMENT_BYTES as usize + HEADER_BYTES) + HEADER_BYTES;
/// Where buffers begin in memory: copies to such places are several times as fast.
const PAGE_BYTES: usize = 4096;

/// Bytes that begin on a page of memory.
#[derive(Debug, Default)]
pub(super) struct Aligned {
    buffer: Vec<u8>,
    start: usize,
}

impl Aligned {
    /// Empties it and makes room.
    fn clear(&mut self, capacity: usize) {
        let needed = capacity.saturating_add(PAGE_BYTES);
        if self.buffer.capacity() < needed {
            // What lies in front of the boundary is written once, as long as the memory stays where it is.
            self.buffer = Vec::with_capacity(needed);
            let start = self.buffer.as_ptr().align_offset(PAGE_BYTES);
            self.start = if start < PAGE_BYTES { start } else { 0 };
            self.buffer.resize(self.start, 0);
        }
        self.buffer.truncate(self.start);
    }

    /// Takes a copy.
    pub(super) fn fill(&mut self, bytes: &[u8]) {
        self.clear(bytes.len());
        self.buffer.extend_from_slice(bytes);
    }

    fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The bytes, to be changed in place.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.start..).unwrap_or_default()
    }
}

/// What came out of one side.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// A record that lies whole in what came.
    Borrowed(Head, &'a [u8]),
    /// A record put together from several pieces; give the buffer back by [`Framing::recycle`].
    Owned(Head, Aligned),
    /// One record of that many bytes is lost, none before or behind it.
    Lost(Head),
    /// So many bytes were passed over in search of a record.
    Passed(u64),
    /// As [`Self::Passed`], and a record was found: these bytes come next, in front of what is to come.
    Found(u64, Vec<u8>),
}

/// Where one side stands.
#[derive(Debug, Default)]
enum State {
    /// In front of a header, of which these bytes are there.
    #[default]
    Between,
    /// In a record.
    Inside(Head),
    /// In a record of which a part is lost: so many bytes are still to come.
    Skipping(usize),
    /// Somewhere.
    Searching,
}

/// One side.
#[derive(Debug, Default)]
pub(super) struct Framing {
    state: State,
    /// Bytes of an unfinished header.
    header: Vec<u8>,
    /// Bytes of an unfinished record.
    body: Aligned,
    /// Bytes in which a record is searched.
    haystack: Vec<u8>,
    /// Whether a header came.
    has_begun: bool,
    /// Version on the last header, but for the first: a client's hello may name an older one (RFC 8446 §5.1).
    version: Option<[u8; 2]>,
}

impl Framing {
    /// Takes from `rest` up to the end of a record. `None` if more bytes are needed.
    pub(super) fn next<'a>(&mut self, rest: &mut &'a [u8]) -> Option<Piece<'a>> {
        loop {
            match self.state {
                State::Between => {
                    if rest.is_empty() {
                        return None;
                    }
                    let missing = HEADER_BYTES.saturating_sub(self.header.len());
                    self.header.extend_from_slice(take(rest, missing));
                    let bytes = self.header.first_chunk::<HEADER_BYTES>()?;
                    if let Some(head) = Self::read(*bytes) {
                        if std::mem::replace(&mut self.has_begun, true) {
                            self.version = Some(head.version);
                        }
                        self.header.clear();
                        self.state = State::Inside(head);
                        let whole = rest.split_at_checked(usize::from(head.len));
                        if let Some((body, behind)) = whole {
                            *rest = behind;
                            self.state = State::Between;
                            return Some(Piece::Borrowed(head, body));
                        }
                        self.body.clear(usize::from(head.len));
                    } else {
                        self.haystack = std::mem::take(&mut self.header);
                        self.state = State::Searching;
                    }
                }
                State::Inside(head) => {
                    let len = usize::from(head.len);
                    let missing = len.saturating_sub(self.body.bytes().len());
                    self.body.push(take(rest, missing));
                    if self.body.bytes().len() < len {
                        return None;
                    }
                    self.state = State::Between;
                    return Some(Piece::Owned(head, std::mem::take(&mut self.body)));
                }
                State::Skipping(missing) => {
                    let skipped = take(rest, missing).len();
                    let left = missing.saturating_sub(skipped);
                    if left > 0 {
                        self.state = State::Skipping(left);
                        return None;
                    }
                    self.state = State::Between;
                }
                State::Searching => {
                    self.haystack.extend_from_slice(rest);
                    *rest = &[];
                    return self.search(false);
                }
            }
        }
    }

    /// Searches the haystack for the next record.
    fn search<'a>(&mut self, is_over: bool) -> Option<Piece<'a>> {
        let mut at = 0;
        let is_found = loop {
            match self.candidate(at, is_over) {
                Some(true) => break true,
                Some(false) => at = at.saturating_add(1),
                None => break false,
            }
        };
        // What is certainly no beginning is passed over; so is all that a record cannot be longer than.
        let surplus = self.haystack.len().saturating_sub(SEARCH_BYTES);
        let passed = if is_found { at } else { at.max(surplus) };
        let passed = passed.min(self.haystack.len());
        self.haystack.drain(..passed);
        let passed = u64::try_from(passed).unwrap_or(u64::MAX);
        if is_found {
            self.state = State::Between;
            return Some(Piece::Found(passed, std::mem::take(&mut self.haystack)));
        }
        (passed > 0).then_some(Piece::Passed(passed))
    }

    /// Whether a record begins there: it has a header, and behind it comes another one, or nothing. `None` if more bytes would
    /// tell.
    fn candidate(&self, at: usize, is_over: bool) -> Option<bool> {
        let bytes = self.haystack.get(at..).filter(|bytes| !bytes.is_empty())?;
        let Some((head, behind)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            let is_kind = matches!(bytes.first(), Some(20..=24));
            return if is_over || !is_kind {
                Some(false)
            } else {
                None
            };
        };
        let Some(head) = Self::read(*head).filter(|head| head.len > 0) else {
            return Some(false);
        };
        if self.version.is_some_and(|version| version != head.version) {
            return Some(false);
        }
        match behind.get(usize::from(head.len)..) {
            // A chance of one in 10^10: whoever answers this record should not be heard before it.
            Some([]) => Some(true),
            None if is_over => Some(false),
            None => None,
            Some(next) => match next.first_chunk::<HEADER_BYTES>() {
                Some(next) => Some(Self::read(*next).is_some()),
                None if is_over => Some(false),
                None => None,
            },
        }
    }

    fn read(bytes: [u8; HEADER_BYTES]) -> Option<Head> {
        let [kind, major, minor, high, low] = bytes;
        let len = u16::from_be_bytes([high, low]);
        (matches!(kind, 20..=24) && major == 3 && minor <= 4 && len <= FRAGMENT_BYTES).then_some(
            Head {
                kind,
                version: [major, minor],
                len,
            },
        )
    }

    /// Gives back the buffer of an owned record.
    pub(super) fn recycle(&mut self, body: Aligned) {
        if matches!(self.state, State::Between) {
            self.body = body;
        }
    }

    /// `lost` bytes are missing. Says which record is lost, if it is one and where it ends is known; else the next one is
    /// searched.
    pub(super) fn gap(&mut self, lost: u64) -> Option<Piece<'static>> {
        let lost = usize::try_from(lost).unwrap_or(usize::MAX);
        match self.state {
            State::Inside(head) => {
                let missing = usize::from(head.len).saturating_sub(self.body.bytes().len());
                if lost <= missing {
                    self.state = State::Skipping(missing.saturating_sub(lost));
                    return Some(Piece::Lost(head));
                }
            }
            State::Skipping(missing) if lost <= missing => {
                self.state = State::Skipping(missing.saturating_sub(lost));
                return None;
            }
            State::Between | State::Skipping(_) | State::Searching => {}
        }
        self.header.clear();
        self.haystack.clear();
        self.state = State::Searching;
        None
    }

    /// The side ended: what was searched is looked at with that in mind.
    pub(super) fn finish(&mut self) -> Option<Piece<'static>> {
        match self.state {
            State::Searching => self.search(true),
            _ => None,
        }
    }

    /// What came of a record of the handshake that has not come to its end.
    pub(super) fn unfinished_handshake(&self) -> Option<&[u8]> {
        match self.state {
            State::Inside(head) if head.kind == HANDSHAKE => Some(self.body.bytes()),
            _ => None,
        }
    }

    /// Bytes of a record that has not come to its end.
    pub(super) fn unfinished(&self) -> usize {
        match self.state {
            State::Inside(_) => self.body.bytes().len(),
            State::Searching => self.haystack.len(),
            State::Between | State::Skipping(_) => 0,
        }
    }
}

/// Up to `len` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, behind) = rest.split_at(len.min(rest.len()));
    *rest = behind;
    taken
}
