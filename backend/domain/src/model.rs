//! Model names, wildcards, and which models a key may use.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// The longest model name that is accepted anywhere.
pub const MAX_MODEL_CHARS: usize = 200;

/// Whether `pattern`, in which `*` stands for any run of characters, matches the whole of `name`.
///
/// Linear in the product of the lengths at worst, with no recursion, so a hostile pattern cannot hang a request.
pub fn glob_matches(pattern: &str, name: &str) -> bool {
    glob_matches_by(pattern, name, |p, n| p == n)
}

/// The same, where `same` says which bytes are alike.
pub(crate) fn glob_matches_by(pattern: &str, name: &str, same: impl Fn(u8, u8) -> bool) -> bool {
    let (p, n) = (pattern.as_bytes(), name.as_bytes());
    let (mut pi, mut ni) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while ni < n.len() {
        if pi < p.len() && p[pi] == b'*' {
            star = Some((pi, ni));
            pi += 1;
        } else if pi < p.len() && same(p[pi], n[ni]) {
            pi += 1;
            ni += 1;
        } else if let Some((star_pi, star_ni)) = star {
            // Let the last star take one character more and try again.
            star = Some((star_pi, star_ni + 1));
            pi = star_pi + 1;
            ni = star_ni + 1;
        } else {
            return false;
        }
    }
    p[pi..].iter().all(|b| *b == b'*')
}

/// Whether a name stands for many.
pub fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// How exactly a name or pattern names a model, so that the one that was meant wins where several fit. A greater one
/// is more exact: a name without stars, then the pattern with more letters of its own, then the one with fewer stars;
/// of equals the one that comes first in the alphabet. No two different patterns are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exactness<'a> {
    whole: bool,
    letters: usize,
    stars: Reverse<usize>,
    name: Reverse<&'a str>,
}

impl<'a> Exactness<'a> {
    /// Of a name or pattern.
    pub fn of(pattern: &'a str) -> Self {
        let stars = pattern.bytes().filter(|b| *b == b'*').count();
        Self {
            whole: stars == 0,
            letters: pattern.len() - stars,
            stars: Reverse(stars),
            name: Reverse(pattern),
        }
    }
}

/// Which models a key may use. An empty `allow` allows all; `deny` wins over `allow`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelPolicy {
    /// Patterns of which at least one must match, unless there are none.
    pub allow: Vec<String>,
    /// Patterns of which none may match.
    pub deny: Vec<String>,
}

impl ModelPolicy {
    /// Whether every model is permitted.
    pub fn is_open(&self) -> bool {
        self.allow.is_empty() && self.deny.is_empty()
    }

    /// The one check, made on the canonical model name.
    pub fn permits(&self, model: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|p| glob_matches(p, model));
        (self.allow.is_empty() || any(&self.allow)) && !any(&self.deny)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn deny_wins_and_an_empty_allow_list_allows_all() {
        let policy = |allow: &[&str], deny: &[&str]| ModelPolicy {
            allow: allow.iter().map(|s| (*s).to_owned()).collect(),
            deny: deny.iter().map(|s| (*s).to_owned()).collect(),
        };
        assert!(policy(&[], &[]).permits("claude-haiku-4-5"));
        assert!(!policy(&["claude-*"], &["*opus*"]).permits("claude-opus-5"));
        assert!(policy(&["claude-*"], &["*opus*"]).permits("claude-haiku-4-5"));
        assert!(!policy(&["claude-*"], &[]).permits("gpt-6"));
    }

    #[test]
    fn stars_match_empty_runs_and_backtrack() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*", "a", true),
            ("*-4-*-4", "x-4-y-4-z-4", true),
            ("a*b", "ab-c", false),
            ("", "a", false),
            ("claude-?", "claude-5", false),
        ] {
            assert_eq!(glob_matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_pattern_that_says_more_is_more_exact() {
        let mut patterns = [
            "*",
            "claude-*",
            "**",
            "claude-haiku-5",
            "*-5",
            "c*",
            "claude-haiku-*",
            "*claude-",
            "claude-*-5",
        ];
        patterns.sort_by(|a, b| Exactness::of(b).cmp(&Exactness::of(a)));
        let expected = [
            "claude-haiku-5",
            "claude-haiku-*",
            "claude-*-5",
            "*claude-",
            "claude-*",
            "*-5",
            "c*",
            "*",
            "**",
        ];
        assert_eq!(patterns, expected);
    }

    proptest! {
        #[test]
        fn a_name_with_any_part_starred_still_matches(name in "[a-z0-9-]{0,20}", from in 0usize..20, to in 0usize..20) {
            let (from, to) = (from.min(name.len()), to.min(name.len()));
            let (from, to) = (from.min(to), from.max(to));
            let pattern = format!("{}*{}", &name[..from], &name[to..]);
            prop_assert!(glob_matches(&pattern, &name));
        }
    }
}
