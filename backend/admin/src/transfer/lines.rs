//! The lines of a file that arrives in pieces. A line that is too long is skipped and not kept.

/// The longest line that is read: a request has about one kilobyte.
pub(super) const LONGEST: usize = 64 * 1024;

/// A line with its number, from 1; `None` when it was too long.
pub(super) type Line = (u64, Option<Vec<u8>>);

/// Cuts pieces into lines.
#[derive(Default)]
pub(super) struct Lines {
    number: u64,
    begun: Vec<u8>,
    too_long: bool,
}

impl Lines {
    /// Takes a piece, and gives the lines that are whole now. Empty ones are counted and left out.
    pub(super) fn push(&mut self, mut piece: &[u8], to: &mut Vec<Line>) {
        while let Some(end) = piece.iter().position(|b| *b == b'\n') {
            self.extend(&piece[..end]);
            piece = &piece[end + 1..];
            to.extend(self.finish());
        }
        self.extend(piece);
    }

    fn extend(&mut self, part: &[u8]) {
        if self.too_long || self.begun.len() + part.len() > LONGEST {
            self.too_long = true;
            self.begun.clear();
        } else {
            self.begun.extend_from_slice(part);
        }
    }

    /// The line that has been begun, at its end or at the end of the file.
    pub(super) fn finish(&mut self) -> Option<Line> {
        let text = std::mem::take(&mut self.begun);
        let too_long = std::mem::take(&mut self.too_long);
        self.number += 1;
        if too_long {
            return Some((self.number, None));
        }
        (!text.trim_ascii().is_empty()).then_some((self.number, Some(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Line> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, &mut found);
        }
        found.extend(lines.finish());
        found
    }

    #[test]
    fn lines_keep_their_numbers_and_long_ones_are_not_kept() {
        let long = "x".repeat(LONGEST + 1);
        let text = format!("a\r\n\n{long}\nb");
        let lines = read(std::iter::once(text.as_bytes()));
        assert_eq!(lines, [(1, Some(b"a\r".to_vec())), (3, None), (4, Some(b"b".to_vec()))]);
    }

    proptest! {
        #[test]
        fn any_cutting_gives_the_same_lines(text in "[a\n]{0,60}", size in 1usize..10) {
            let whole = read(std::iter::once(text.as_bytes()));
            prop_assert_eq!(read(text.as_bytes().chunks(size)), whole);
        }
    }
}
