//! Text logs line by line, in bounded memory.

use std::io;
use std::ops::Range;

use memchr::memchr;

use super::window::Window;
use crate::limits::LINE_BYTES;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Where it lies, without its end; `is_last` if the input ends without ending it.
    Whole { range: Range<usize>, is_last: bool },
    /// Longer than [`LINE_BYTES`]: stepped over.
    TooLong,
}

/// The lines of an input.
#[derive(Debug)]
pub(super) struct Lines {
    window: Window,
    /// Number of the line handed out last, from 1.
    number: u64,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn io::Read>) -> Self {
        Self {
            window: Window::new(reader, LINE_BYTES.saturating_add(1)),
            number: 0,
        }
    }

    /// Those that are still to come in a window for [`LINE_BYTES`].
    pub(super) fn of(window: Window) -> Self {
        Self { window, number: 0 }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn offset(&self) -> u64 {
        self.window.offset()
    }

    pub(super) fn at(&self, range: Range<usize>) -> &[u8] {
        self.window.at(range)
    }

    /// The next line; `None` at the end.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line>> {
        if !self.window.fill(1)? {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let mut searched = 0;
        loop {
            let unseen = self.window.bytes().get(searched..).unwrap_or_default();
            if let Some(at) = memchr(b'\n', unseen) {
                if searched.saturating_add(at) > LINE_BYTES {
                    self.skip_line()?;
                    return Ok(Some(Line::TooLong));
                }
                let range = self
                    .window
                    .take(searched.saturating_add(at).saturating_add(1));
                let range = range.start..range.end.saturating_sub(1);
                return Ok(Some(Line::Whole {
                    range,
                    is_last: false,
                }));
            }
            searched = self.window.available();
            if searched > LINE_BYTES {
                self.skip_line()?;
                return Ok(Some(Line::TooLong));
            }
            if !self.window.fill(searched.saturating_add(1))? {
                let range = self.window.take(usize::MAX);
                return Ok(Some(Line::Whole {
                    range,
                    is_last: true,
                }));
            }
        }
    }

    fn skip_line(&mut self) -> io::Result<()> {
        while self.window.fill(1)? {
            if let Some(at) = memchr(b'\n', self.window.bytes()) {
                let _ = self.window.take(at.saturating_add(1));
                break;
            }
            let _ = self.window.take(usize::MAX);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn lines_are_numbered_and_long_ones_stepped_over() {
        let mut bytes = b"one\n\n".to_vec();
        bytes.extend(vec![b'x'; LINE_BYTES + 10]);
        bytes.extend(b"\nlast");
        let mut lines = Lines::new(Box::new(Cursor::new(bytes)));
        let mut seen = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            seen.push(match line {
                Line::Whole { range, is_last } => (
                    String::from_utf8(lines.at(range).to_vec()).unwrap(),
                    is_last,
                ),
                Line::TooLong => ("…".to_owned(), false),
            });
        }
        let expected = [("one", false), ("", false), ("…", false), ("last", true)];
        assert_eq!(seen, expected.map(|(line, last)| (line.to_owned(), last)));
        assert_eq!(lines.number(), 4);
    }
}
