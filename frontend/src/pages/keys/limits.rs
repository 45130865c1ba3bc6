//! The limits as a form: texts that become [`Limits`], with an error beside every figure that cannot.

use std::collections::BTreeMap;

use causeway_domain::{
    limits::{Limits, Windows},
    money::Nanos,
    window::WindowKind,
};
use leptos::prelude::*;

use crate::core::i18n::{Locale, td_string};

/// The limits' texts. Empty is unlimited.
#[derive(Clone, Copy)]
pub(super) struct LimitFields {
    pub(super) requests_per_minute: RwSignal<String>,
    pub(super) tokens_per_minute: RwSignal<String>,
    pub(super) concurrency: RwSignal<String>,
    pub(super) usd: [(WindowKind, RwSignal<String>); 5],
    pub(super) tokens: [(WindowKind, RwSignal<String>); 5],
}

/// What is wrong, by the path of the field as the server names it.
pub(super) type Problems = BTreeMap<String, Problem>;

/// Why a text is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NotACount,
    NotDollars,
}

impl Problem {
    pub(super) fn message(self, locale: Locale) -> &'static str {
        match self {
            Self::NotACount => td_string!(locale, limits.not_a_count),
            Self::NotDollars => td_string!(locale, limits.not_dollars),
        }
    }
}

impl LimitFields {
    pub(super) fn new(limits: &Limits) -> Self {
        fn shown<T: ToString>(value: Option<T>) -> RwSignal<String> {
            RwSignal::new(value.map(|v| v.to_string()).unwrap_or_default())
        }
        Self {
            requests_per_minute: shown(limits.requests_per_minute),
            tokens_per_minute: shown(limits.tokens_per_minute),
            concurrency: shown(limits.concurrency),
            usd: WindowKind::ALL.map(|kind| (kind, shown(limits.usd.get(kind)))),
            tokens: WindowKind::ALL.map(|kind| (kind, shown(limits.tokens.get(kind)))),
        }
    }

    /// Runs the surrounding effect again whenever something is typed.
    pub(super) fn track(self) {
        let singles = [self.requests_per_minute, self.tokens_per_minute, self.concurrency];
        let windows = self.usd.into_iter().chain(self.tokens).map(|(_, text)| text);
        singles.into_iter().chain(windows).for_each(|text| text.track());
    }

    /// The limits, or every field that has none.
    pub(super) fn read(self) -> Result<Limits, Problems> {
        let texts = |fields: [(WindowKind, RwSignal<String>); 5]| {
            fields.map(|(kind, text)| (kind, text.get_untracked()))
        };
        read(
            &self.requests_per_minute.get_untracked(),
            &self.tokens_per_minute.get_untracked(),
            &self.concurrency.get_untracked(),
            texts(self.usd),
            texts(self.tokens),
        )
    }
}

fn read(
    requests: &str,
    tokens_per_minute: &str,
    concurrency: &str,
    usd: [(WindowKind, String); 5],
    tokens: [(WindowKind, String); 5],
) -> Result<Limits, Problems> {
    let mut problems = Problems::new();
    let limits = Limits {
        requests_per_minute: field(&mut problems, "requests_per_minute", requests, count),
        tokens_per_minute: field(&mut problems, "tokens_per_minute", tokens_per_minute, count),
        concurrency: field(&mut problems, "concurrency", concurrency, count),
        usd: windows(usd, |kind, text| field(&mut problems, &format!("usd.{kind}"), text, dollars)),
        tokens: windows(tokens, |kind, text| field(&mut problems, &format!("tokens.{kind}"), text, count)),
        ..Limits::default()
    };
    if problems.is_empty() { Ok(limits) } else { Err(problems) }
}

fn windows<T>(
    texts: [(WindowKind, String); 5],
    mut read: impl FnMut(WindowKind, &str) -> Option<T>,
) -> Windows<T> {
    let mut windows = Windows { five_hours: None, day: None, week: None, month: None, total: None };
    for (kind, text) in texts {
        let value = read(kind, &text);
        match kind {
            WindowKind::FiveHours => windows.five_hours = value,
            WindowKind::Day => windows.day = value,
            WindowKind::Week => windows.week = value,
            WindowKind::Month => windows.month = value,
            WindowKind::Total => windows.total = value,
        }
    }
    windows
}

fn field<T>(
    problems: &mut Problems,
    path: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, Problem>,
) -> Option<T> {
    // Thousands are often typed with separators, as this very page shows them.
    let text: String = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '_' | '$')).collect();
    if text.is_empty() {
        return None;
    }
    match parse(&text) {
        Ok(value) => Some(value),
        Err(problem) => {
            problems.insert(format!("limits.{path}"), problem);
            None
        }
    }
}

fn count<T: std::str::FromStr + PartialEq + From<u8>>(text: &str) -> Result<T, Problem> {
    match text.parse() {
        Ok(n) if n != T::from(0) => Ok(n),
        _ => Err(Problem::NotACount),
    }
}

fn dollars(text: &str) -> Result<Nanos, Problem> {
    match text.parse() {
        Ok(amount) if amount > Nanos::ZERO => Ok(amount),
        _ => Err(Problem::NotDollars),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> [(WindowKind, String); 5] {
        WindowKind::ALL.map(|kind| (kind, String::new()))
    }

    #[test]
    fn empty_fields_are_no_limits() {
        assert_eq!(read("", " ", "", empty(), empty()), Ok(Limits::default()));
    }

    #[test]
    fn figures_may_be_typed_as_they_are_shown() {
        let mut usd = empty();
        usd[1].1 = "$1,250.50".into();
        let limits = read("60", "1,000,000", "4", usd, empty()).unwrap();
        assert_eq!(limits.requests_per_minute, Some(60));
        assert_eq!(limits.tokens_per_minute, Some(1_000_000));
        assert_eq!(limits.usd.day, Some(Nanos(1_250_500_000_000)));
    }

    #[test]
    fn every_bad_figure_is_named_as_the_server_would_name_it() {
        let (mut usd, mut tokens) = (empty(), empty());
        usd[4].1 = "ten".into();
        tokens[2].1 = "-5".into();
        let problems = read("0", "", "1.5", usd, tokens).unwrap_err();
        let named: Vec<_> = problems.into_iter().collect();
        assert_eq!(
            named,
            [
                ("limits.concurrency".to_owned(), Problem::NotACount),
                ("limits.requests_per_minute".to_owned(), Problem::NotACount),
                ("limits.tokens.week".to_owned(), Problem::NotACount),
                ("limits.usd.total".to_owned(), Problem::NotDollars),
            ]
        );
    }
}
