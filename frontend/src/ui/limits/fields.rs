//! The limits as a form: texts that become [`Limits`], with an error beside every figure that cannot.

use std::collections::BTreeMap;

use causeway_domain::{
    limits::{Limits, Queue, Windows},
    money::Nanos,
    window::WindowKind,
};
use leptos::prelude::*;

use crate::core::i18n::{Locale, td_string};

/// For [`crate::ui::notice::Failure`]: what the server says about any limit stands beside it.
pub(crate) const LIMITS: &str = "limits.*";

/// The limits' texts. Empty is unlimited.
#[derive(Clone, Copy)]
pub(super) struct Texts<T> {
    pub(super) requests_per_minute: T,
    pub(super) tokens_per_minute: T,
    pub(super) concurrency: T,
    pub(super) queue_length: T,
    pub(super) queue_wait: T,
    pub(super) usd: [T; 5],
    pub(super) tokens: [T; 5],
    pub(super) requests: [T; 5],
}

impl<T: Copy> Texts<T> {
    fn all(self) -> impl Iterator<Item = T> {
        let singles = [
            self.requests_per_minute,
            self.tokens_per_minute,
            self.concurrency,
            self.queue_length,
            self.queue_wait,
        ];
        singles.into_iter().chain(self.usd).chain(self.tokens).chain(self.requests)
    }
}

/// The limits' part of a form.
#[derive(Clone, Copy)]
pub(crate) struct LimitsForm {
    pub(super) texts: Texts<RwSignal<String>>,
    pub(super) problems: RwSignal<Problems>,
}

/// What is wrong, by the path of the field as the server names it.
pub(super) type Problems = BTreeMap<String, Problem>;

/// Why a text is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    NotACount,
    NotDollars,
    /// A queue is more than one figure.
    HalfAQueue,
}

impl Problem {
    pub(super) fn message(self, locale: Locale) -> &'static str {
        match self {
            Self::NotACount => td_string!(locale, limits.not_a_count),
            Self::NotDollars => td_string!(locale, limits.not_dollars),
            Self::HalfAQueue => td_string!(locale, limits.half_a_queue),
        }
    }
}

impl LimitsForm {
    /// With these limits filled in.
    pub(crate) fn new(limits: &Limits) -> Self {
        fn shown<T: ToString>(value: Option<T>) -> RwSignal<String> {
            RwSignal::new(value.map(|v| v.to_string()).unwrap_or_default())
        }
        let texts = Texts {
            requests_per_minute: shown(limits.requests_per_minute),
            tokens_per_minute: shown(limits.tokens_per_minute),
            concurrency: shown(limits.concurrency),
            queue_length: shown(limits.queue.map(|q| q.length)),
            queue_wait: shown(limits.queue.map(|q| q.wait_seconds)),
            usd: WindowKind::ALL.map(|kind| shown(limits.usd.get(kind))),
            tokens: WindowKind::ALL.map(|kind| shown(limits.tokens.get(kind))),
            requests: WindowKind::ALL.map(|kind| shown(limits.requests.get(kind))),
        };
        let problems = RwSignal::new(Problems::new());
        // What was wrong is forgotten as soon as something is typed.
        Effect::new(move |_| {
            texts.all().for_each(|text| text.track());
            problems.set(Problems::new());
        });
        Self { texts, problems }
    }

    /// The limits; `None` when a figure is no limit, which then says so.
    pub(crate) fn read(self) -> Option<Limits> {
        let text = |signal: RwSignal<String>| signal.get_untracked();
        let t = self.texts;
        let texts = Texts {
            requests_per_minute: text(t.requests_per_minute),
            tokens_per_minute: text(t.tokens_per_minute),
            concurrency: text(t.concurrency),
            queue_length: text(t.queue_length),
            queue_wait: text(t.queue_wait),
            usd: t.usd.map(text),
            tokens: t.tokens.map(text),
            requests: t.requests.map(text),
        };
        match read(&texts) {
            Ok(limits) => Some(limits),
            Err(found) => {
                self.problems.set(found);
                None
            }
        }
    }
}

fn read(texts: &Texts<String>) -> Result<Limits, Problems> {
    let mut problems = Problems::new();
    let p = &mut problems;
    let mut limits = Limits {
        requests_per_minute: field(p, "requests_per_minute", &texts.requests_per_minute, count),
        tokens_per_minute: field(p, "tokens_per_minute", &texts.tokens_per_minute, count),
        concurrency: field(p, "concurrency", &texts.concurrency, count),
        usd: windows(p, "usd", &texts.usd, dollars),
        tokens: windows(p, "tokens", &texts.tokens, count),
        requests: windows(p, "requests", &texts.requests, count),
        queue: None,
    };
    let length = field(p, "queue.length", &texts.queue_length, count);
    let wait = field(p, "queue.wait_seconds", &texts.queue_wait, count);
    match (length, wait) {
        (Some(length), Some(wait_seconds)) => limits.queue = Some(Queue { length, wait_seconds }),
        (None, Some(_)) => half(p, "limits.queue.length"),
        (Some(_), None) => half(p, "limits.queue.wait_seconds"),
        (None, None) => {}
    }
    if limits.queue.is_some() && limits.concurrency.is_none() {
        half(p, "limits.concurrency");
    }
    if problems.is_empty() { Ok(limits) } else { Err(problems) }
}

/// What is wrong with the figure itself comes first.
fn half(problems: &mut Problems, path: &str) {
    problems.entry(path.to_owned()).or_insert(Problem::HalfAQueue);
}

fn windows<T>(
    problems: &mut Problems,
    unit: &str,
    texts: &[String; 5],
    parse: impl Fn(&str) -> Result<T, Problem>,
) -> Windows<T> {
    let mut windows = Windows { five_hours: None, day: None, week: None, month: None, total: None };
    for (kind, text) in WindowKind::ALL.into_iter().zip(texts) {
        let value = field(problems, &format!("{unit}.{kind}"), text, &parse);
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
mod tests;
