//! What a person comes back with from an issuer, however they bring it: by a redirect, as a code that they paste, as
//! `code#state`, or as the whole address that they ended at.

use super::reading::said;
use url::{Url, form_urlencoded};

/// What an issuer has sent a person back with.
#[derive(Clone, PartialEq, Eq)]
pub enum Returned {
    /// They agreed.
    Code {
        /// What the tokens are had for.
        code: String,
        /// The state, unless only the code was pasted.
        state: Option<String>,
    },
    /// They did not, or could not.
    Refused {
        /// The issuer's error, such as `access_denied`.
        error: String,
        /// Its own words.
        words: String,
        /// The state.
        state: Option<String>,
    },
}

/// What was pasted is nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the code, the code and the state with # between them, or the whole address that the browser ended at"
)]
pub struct BadReturn;

impl Returned {
    /// Reads what a person pastes.
    pub fn pasted(text: &str) -> Result<Self, BadReturn> {
        let text = text.trim();
        if text.starts_with("http://") || text.starts_with("https://") {
            let url = Url::parse(text).map_err(|_| BadReturn)?;
            return Self::query(url.query().unwrap_or_default())
                .or_else(|_| Self::query(url.fragment().unwrap_or_default()));
        }
        let query = text.trim_start_matches(['?', '&']);
        if query.starts_with("code=") || query.starts_with("state=") || query.starts_with("error=") {
            return Self::query(query);
        }
        let (code, state) = match text.split_once('#') {
            Some((code, state)) => (code, Some(state)),
            None => (text, None),
        };
        Self::code(code, state)
    }

    /// Reads the query that a browser is sent back with.
    pub fn query(query: &str) -> Result<Self, BadReturn> {
        let (mut code, mut state, mut error, mut words) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place = match &*name {
                "code" => &mut code,
                "state" => &mut state,
                "error" => &mut error,
                "error_description" => &mut words,
                _ => continue,
            };
            // Twice the same means that somebody has added to it.
            if place.replace(value.into_owned()).is_some() {
                return Err(BadReturn);
            }
        }
        match (code, error) {
            (None, Some(error)) => Ok(Self::Refused {
                error: said(&error),
                words: said(words.as_deref().unwrap_or_default()),
                state: state.filter(|state| fits(state)),
            }),
            (Some(code), None) => Self::code(&code, state.as_deref()),
            _ => Err(BadReturn),
        }
    }

    fn code(code: &str, state: Option<&str>) -> Result<Self, BadReturn> {
        let (code, state) = (code.trim(), state.map(str::trim));
        if !fits(code) || state.is_some_and(|state| !fits(state)) {
            return Err(BadReturn);
        }
        Ok(Self::Code { code: code.to_owned(), state: state.map(str::to_owned) })
    }

    /// The state that came along.
    pub fn state(&self) -> Option<&str> {
        match self {
            Self::Code { state, .. } | Self::Refused { state, .. } => state.as_deref(),
        }
    }
}

fn fits(text: &str) -> bool {
    (1..=4096).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_in_every_form_in_which_people_have_it() {
        for (text, state) in [
            (" c-1 ", None),
            ("c-1#s-1\n", Some("s-1")),
            ("http://localhost:54545/callback?code=c-1&state=s-1&scope=a+b", Some("s-1")),
            ("https://us.example/oauth/callback?state=s-1&code=c%2D1", Some("s-1")),
            ("https://us.example/cb#code=c-1&state=s-1", Some("s-1")),
            ("?code=c-1&state=s-1", Some("s-1")),
            ("code=c-1", None),
        ] {
            let read = Returned::pasted(text);
            assert!(
                matches!(&read, Ok(Returned::Code { code, state: s }) if code == "c-1" && s.as_deref() == state),
                "{text}"
            );
        }
    }

    #[test]
    fn a_refusal_keeps_the_issuers_words_and_anything_else_is_refused() {
        let url =
            "https://us.example/oauth/callback?error=access_denied&error_description=No%07+thanks&state=s";
        let words = |read| matches!(read, Ok(Returned::Refused { error, words, state }) if error == "access_denied" && words == "No thanks" && state.as_deref() == Some("s"));
        assert!(words(Returned::pasted(url)));
        for text in [
            "",
            "#",
            "a b",
            "c#",
            "https://us.example/",
            "https://us.example/?code=a&error=b",
            "?code=a&code=b",
            "é",
            &"x".repeat(5000),
        ] {
            assert!(Returned::pasted(text) == Err(BadReturn), "{text}");
        }
    }
}
