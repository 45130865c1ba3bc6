//! Credits of an organisation that pays in advance, and the form of the codes that give some.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What an entry in the ledger of credits is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditKind {
    /// Paid in. Above zero.
    Credit,
    /// Anything else, up or down, with its reason in the note.
    Adjustment,
    /// By a code. Above zero.
    Redeem,
    /// Paid back. Below zero.
    Refund,
}

impl CreditKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Credit, Self::Adjustment, Self::Redeem, Self::Refund];

    /// As stored and as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credit => "credit",
            Self::Adjustment => "adjustment",
            Self::Redeem => "redeem",
            Self::Refund => "refund",
        }
    }
}

impl fmt::Display for CreditKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A kind that does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind {0:?}: one of credit, adjustment, redeem, refund")]
pub struct UnknownKind(pub String);

impl FromStr for CreditKind {
    type Err = UnknownKind;

    fn from_str(s: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownKind(s.to_owned()))
    }
}

/// Characters of a code without dashes: 25 of base32 are 125 bits.
const CODE_CHARS: usize = 25;

/// How much of a code is kept readable, to recognise it in a list.
pub const CODE_SHOWN_CHARS: usize = 5;

/// Crockford's base32: no letter is there that could be read as a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Makes a code of random bytes, as it is printed: five groups of five.
pub fn code_from_random(bytes: &[u8; CODE_CHARS]) -> String {
    let mut code = String::with_capacity(CODE_CHARS + 4);
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 5 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    code
}

/// What a person typed, in the form that is hashed: in any case, with or without dashes and spaces, and with the letters
/// that are easily mistaken for digits. `None` when it cannot be a code.
pub fn normal_code(typed: &str) -> Option<String> {
    let mut code = String::with_capacity(CODE_CHARS);
    for c in typed.chars().filter(|c| !matches!(c, '-' | '–' | '—') && !c.is_whitespace()) {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        if !c.is_ascii() || !ALPHABET.contains(&u8::try_from(c).ok()?) || code.len() == CODE_CHARS {
            return None;
        }
        code.push(c);
    }
    (code.len() == CODE_CHARS).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kinds_read_back_from_their_names() {
        for kind in CreditKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("gift".parse::<CreditKind>().is_err());
    }

    #[test]
    fn a_code_is_understood_however_it_is_typed() {
        let code = code_from_random(&[33; 25]);
        assert_eq!(code, "11111-11111-11111-11111-11111");
        let normal = normal_code(&code).unwrap();
        assert_eq!(normal_code(" ilI1l lll11–11111—11111-1111 1\n").as_ref(), Some(&normal));
        for bad in ["", "11111", "11111-11111-11111-11111-1111U", "11111-11111-11111-11111-111111", "１1111"]
        {
            assert_eq!(normal_code(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_code_that_is_made_is_understood(bytes: [u8; 25]) {
            let code = code_from_random(&bytes);
            let normal = normal_code(&code).unwrap();
            prop_assert_eq!(&normal, &code.replace('-', ""));
            prop_assert_eq!(normal_code(&code.to_lowercase()), Some(normal));
        }
    }
}
