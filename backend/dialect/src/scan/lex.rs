//! The JSON grammar, walked without building anything: strings are skipped in blocks, the rest byte by byte.

use std::ops::Range;

use super::{MAX_DEPTH, ScanError};

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
const QUOTES: u64 = u64::from_ne_bytes([b'"'; 8]);
const BACKSLASHES: u64 = u64::from_ne_bytes([b'\\'; 8]);
const BLOCK: usize = 64;

/// A place in a body that is known to be UTF-8.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn advance(&mut self) {
        self.at += 1;
    }

    /// The next byte that is not white space, left where it is.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    pub(super) const fn expected(&self, expected: &'static str) -> ScanError {
        ScanError::Syntax { at: self.at, expected }
    }

    /// A key and its colon. Returns the range between the quotes.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Range<usize>, ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.expected("a key in double quotes"));
        }
        let range = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.expected("`:`"));
        }
        self.at += 1;
        Ok(range)
    }

    /// One value of any kind, which is the member `key` of the top-level object. Iterative: the kinds of the open
    /// brackets are bits of one integer, so the depth of a body costs no stack.
    #[inline]
    pub(super) fn value<F: FnMut(&'a [u8], &'a [u8])>(
        &mut self,
        key: &'a [u8],
        seen: &mut F,
    ) -> Result<Range<usize>, ScanError> {
        let mut key = Some(key);
        let mut depth: u32 = 1;
        let mut objects: u128 = 1;
        let first = self.peek();
        let start = self.at;
        let mut next = first;
        loop {
            match next {
                Some(b'"') => {
                    let text = self.string()?;
                    if let Some(key) = key {
                        seen(key, &self.bytes[text]);
                    }
                }
                Some(bracket @ (b'{' | b'[')) => {
                    if depth == MAX_DEPTH {
                        return Err(ScanError::TooDeep { at: self.at });
                    }
                    self.at += 1;
                    depth += 1;
                    objects = objects << 1 | u128::from(bracket == b'{');
                    let closing = if bracket == b'{' { b'}' } else { b']' };
                    next = self.peek();
                    if next != Some(closing) {
                        key = None;
                        if bracket == b'{' {
                            key = Some(self.inner_key()?);
                            next = self.peek();
                        }
                        continue;
                    }
                    // Empty: the closing bracket is read below like any other.
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true")?,
                Some(b'f') => self.literal(b"false")?,
                Some(b'n') => self.literal(b"null")?,
                _ => return Err(self.expected("a value")),
            }
            loop {
                if depth == 1 {
                    return Ok(start..self.at);
                }
                let in_object = objects & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        key = if in_object { Some(self.inner_key()?) } else { None };
                        next = self.peek();
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ if in_object => return Err(self.expected("`,` or `}`")),
                    _ => return Err(self.expected("`,` or `]`")),
                }
                self.at += 1;
                depth -= 1;
                objects >>= 1;
            }
        }
    }

    #[inline]
    fn inner_key(&mut self) -> Result<&'a [u8], ScanError> {
        let range = self.key()?;
        Ok(&self.bytes[range])
    }

    /// A string, standing on its opening quote. Returns the range between the quotes.
    #[inline]
    fn string(&mut self) -> Result<Range<usize>, ScanError> {
        let start = self.at + 1;
        let end = string_end(self.bytes, start)?;
        self.at = end + 1;
        Ok(start..end)
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), ScanError> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), ScanError> {
        if self.bytes[self.at] == b'-' {
            self.at += 1;
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.expected("a digit")),
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(())
    }

    fn some_digits(&mut self) -> Result<(), ScanError> {
        let before = self.at;
        self.digits();
        if self.at == before { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn digits(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
    }
}

/// Offset of the quote that closes the string whose text begins at `at`. Escapes are checked for form, control
/// characters are refused.
#[inline]
pub fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, ScanError> {
    loop {
        at = special(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at = escape(bytes, at + 1)?,
            _ => return Err(ScanError::Syntax { at, expected: "the end of a string" }),
        }
    }
}

/// Offset after the escape whose letter stands at `at`.
#[inline]
fn escape(bytes: &[u8], at: usize) -> Result<usize, ScanError> {
    match bytes.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => match bytes.get(at + 1..at + 5) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 5),
            _ => Err(ScanError::Syntax { at: at + 1, expected: "four hex digits" }),
        },
        _ => Err(ScanError::Syntax { at, expected: "an escape" }),
    }
}

/// Offset of the next quote, backslash or control character at or after `at`, or the length. Text between escapes
/// is short in prose and endless in base64: two words are tried first, then whole blocks that the compiler turns
/// into vector compares.
#[inline]
fn special(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..2 {
        match word(bytes, at) {
            Some(0) => at += 8,
            Some(hits) => return at + (hits.trailing_zeros() / 8) as usize,
            None => return tail(bytes, at),
        }
    }
    while let Some(block) = bytes.get(at..).and_then(|rest| rest.first_chunk::<BLOCK>()) {
        if any_special(block) {
            break;
        }
        at += BLOCK;
    }
    loop {
        match word(bytes, at) {
            Some(0) => at += 8,
            Some(hits) => return at + (hits.trailing_zeros() / 8) as usize,
            None => return tail(bytes, at),
        }
    }
}

/// The high bit of each of the eight bytes that is special. Bits above the lowest one may be wrong (a borrow
/// travels upwards), the lowest never is.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    let word = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    let quote = (word ^ QUOTES).wrapping_sub(ONES) & !(word ^ QUOTES);
    let backslash = (word ^ BACKSLASHES).wrapping_sub(ONES) & !(word ^ BACKSLASHES);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    Some((quote | backslash | control) & HIGHS)
}

#[inline]
fn any_special(block: &[u8; BLOCK]) -> bool {
    block.iter().fold(0, |any, &byte| any | u8::from(is_special(byte))) != 0
}

#[inline]
fn tail(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&byte| is_special(byte)).map_or(bytes.len(), |found| at + found)
}

#[inline]
const fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}
