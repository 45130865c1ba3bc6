//! Ids of calls and names of tools, made legal for the dialect that gets them and restored on the way back.
//!
//! An id that the other side would refuse is sent in a form from which it can be read again ([`legal`],
//! [`restored`]), so nothing has to be remembered between two requests; one too long for that becomes a hash, the same
//! for the call and for its result. A name that has to change is kept in a list with the request, because the answer
//! must say the client's own.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Text;
use crate::Dialect;

const MARK: &str = "cw_";
const HASHED: &str = "cwh_";

/// The longest id that a dialect takes.
const fn longest_id(dialect: Dialect) -> usize {
    match dialect {
        Dialect::OpenaiChat => 40,
        Dialect::Anthropic | Dialect::OpenaiResponses | Dialect::Gemini => 64,
    }
}

/// The longest name of a tool that a dialect takes.
const fn longest_name(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Anthropic => 128,
        Dialect::OpenaiChat | Dialect::OpenaiResponses | Dialect::Gemini => 64,
    }
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// An id as `dialect` takes it.
pub fn legal(id: &str, dialect: Dialect) -> Cow<'_, str> {
    let longest = longest_id(dialect);
    if plain(id) && id.len() <= longest {
        return Cow::Borrowed(id);
    }
    let readable = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(id));
    Cow::Owned(if readable.len() <= longest { readable } else { format!("{HASHED}{:016x}", hash(&[id])) })
}

/// An id as its own side knows it.
pub fn restored(id: Cow<'_, str>) -> Cow<'_, str> {
    let original = id.strip_prefix(MARK).and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    match original.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(original) => Cow::Owned(original),
        None => id,
    }
}

/// An id for a call that came without one.
pub fn made(stem: &str, count: usize) -> String {
    format!("call_{count}_{:08x}", hash(&[stem]) & 0xffff_ffff)
}

/// The longest name of an end user that a dialect takes, in characters.
const fn longest_user(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Anthropic => 256,
        Dialect::OpenaiChat | Dialect::OpenaiResponses | Dialect::Gemini => 64,
    }
}

/// Who asks, as `dialect` takes it. Claude Code names a device, an account and a session in one, which OpenAI finds too
/// long and would have hashed by whoever sends it: the same user gets the same short name each time.
pub(crate) fn user<'a>(user: &Text<'a>, dialect: Dialect) -> Text<'a> {
    let longest = longest_user(dialect);
    if user.raw().len() <= longest {
        return user.clone();
    }
    let name = user.unescaped();
    if name.chars().count() <= longest {
        return user.clone();
    }
    Text::escaped(format!("{HASHED}{:016x}{:016x}", hash(&[&name]), hash(&["user", &name])))
}

/// FNV-1a: the same on every instance and in every release.
pub fn hash(words: &[&str]) -> u64 {
    words.iter().flat_map(|word| word.bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The tools of one request under the names that the upstream gets.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The upstream's, by the client's, where they differ. A request may bring any number of them.
    changed: HashMap<String, String>,
    /// The other way round.
    original: HashMap<String, String>,
}

impl Names {
    /// The name as `dialect` takes it; the same one for the same name, and another one for another.
    pub fn legal<'n>(&mut self, name: &'n str, dialect: Dialect) -> Cow<'n, str> {
        let longest = longest_name(dialect);
        let starts_well =
            dialect != Dialect::Gemini || name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if plain(name) && name.len() <= longest && starts_well {
            return Cow::Borrowed(name);
        }
        if let Some(legal) = self.changed.get(name) {
            return Cow::Owned(legal.clone());
        }
        let like: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
        // The hash keeps apart what sanitising has made the same.
        let tail = format!("_{:08x}", hash(&[name]) & 0xffff_ffff);
        let lead = if starts_well { "" } else { "_" };
        let kept = like.len().min(longest - tail.len() - lead.len());
        let legal = format!("{lead}{}{tail}", &like[..kept]);
        self.changed.insert(name.to_owned(), legal.clone());
        self.original.insert(legal.clone(), name.to_owned());
        Cow::Owned(legal)
    }

    /// The name as the client knows it.
    pub fn restored<'n>(&'n self, name: Cow<'n, str>) -> Cow<'n, str> {
        match self.original.get(&*name) {
            Some(original) => Cow::Borrowed(original),
            None => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_are_written_so_that_they_can_be_read_again() {
        for id in ["functions.get_weather:0", "wëird id", ""] {
            for dialect in Dialect::ALL {
                let sent = legal(id, dialect);
                assert!(plain(&sent) && sent.len() <= longest_id(dialect), "{sent}");
                assert_eq!(restored(sent), id);
            }
        }
        assert_eq!(legal("toolu_01A", Dialect::OpenaiChat), "toolu_01A");
        let long = "x".repeat(70);
        assert_eq!(legal(&long, Dialect::OpenaiChat), legal(&long, Dialect::OpenaiChat));
        assert!(legal(&long, Dialect::Anthropic).starts_with(HASHED));
    }

    #[test]
    fn long_names_of_users_become_short_ones_and_stay_apart() {
        let session = |n: u32| format!("user_{:064x}_account__session_{n}", 7);
        for dialect in Dialect::ALL {
            let short = Text::plain("bob \u{1f980}");
            assert_eq!(user(&short, dialect), short);
            let long = session(1).repeat(3);
            let sent = user(&Text::plain(&long), dialect);
            assert!(plain(sent.raw()) && sent.raw().len() <= longest_user(dialect), "{sent:?}");
            assert_eq!(sent, user(&Text::plain(&long), dialect));
            assert_ne!(sent, user(&Text::plain(&session(2).repeat(3)), dialect));
        }
        // Characters are counted, not the bytes of their escapes.
        let escaped = Text::escaped("\\u00e9".repeat(64));
        assert_eq!(user(&escaped, Dialect::OpenaiChat), escaped);
    }

    #[test]
    fn names_that_become_alike_stay_apart_and_come_back() {
        let mut names = Names::default();
        let odd = ["mcp.server/tool", "mcp.server.tool", "工具", "1st"];
        for dialect in Dialect::ALL {
            let legal: Vec<_> = odd.iter().map(|name| names.legal(name, dialect).into_owned()).collect();
            for (sent, name) in legal.iter().zip(odd) {
                assert_eq!(names.restored(Cow::Borrowed(sent)), name);
                assert_eq!(legal.iter().filter(|other| *other == sent).count(), 1);
            }
        }
        assert_eq!(names.legal("get_weather", Dialect::Gemini), "get_weather");
        assert!(names.legal(&"n".repeat(100), Dialect::OpenaiChat).len() <= 64);
    }
}
