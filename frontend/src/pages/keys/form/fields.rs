//! The inputs for limits, and how dates and model patterns are read from text.

use causeway_domain::window::WindowKind;
use chrono::{DateTime, Days, Local, NaiveDate, NaiveTime, TimeZone, Utc};
use leptos::prelude::*;

use crate::{
    core::{
        form::Submission,
        i18n::{t, text, use_i18n},
    },
    pages::keys::{
        limits::{LimitFields, Problems},
        use_of_limits::window,
    },
    ui::field::TextField,
};

/// Rates, budgets in dollars, and behind a fold budgets in tokens.
#[component]
pub(super) fn LimitInputs(
    limits: LimitFields,
    submission: Submission,
    problems: RwSignal<Problems>,
) -> impl IntoView {
    let i18n = use_i18n();
    // What this page finds wrong comes first: the server has not seen it.
    let error = move |path: &'static str| {
        let server = submission.field(path);
        Signal::derive(move || {
            let here = problems.with(|p| p.get(path).map(|p| p.message(i18n.get_locale()).to_owned()));
            here.or_else(|| server.get())
        })
    };
    let unlimited = text!(i18n, common.unlimited);
    let has_tokens = limits.tokens.iter().any(|(_, text)| text.with_untracked(|t| !t.is_empty()));
    let budget =
        move |(kind, value): (WindowKind, RwSignal<String>), path: &'static str, prefix: &'static str| {
            view! {
                <TextField
                    label=Signal::derive(move || window(kind, i18n.get_locale()).to_owned())
                    value
                    prefix
                    placeholder=unlimited
                    inputmode="decimal"
                    error=error(path)
                    testid=path
                />
            }
        };
    let usd = [
        "limits.usd.five_hours",
        "limits.usd.day",
        "limits.usd.week",
        "limits.usd.month",
        "limits.usd.total",
    ];
    let tokens = [
        "limits.tokens.five_hours",
        "limits.tokens.day",
        "limits.tokens.week",
        "limits.tokens.month",
        "limits.tokens.total",
    ];
    view! {
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, limits.rates)}</legend>
            <div class="grid gap-4 sm:grid-cols-3">
                <TextField
                    label=text!(i18n, limits.rpm)
                    value=limits.requests_per_minute
                    placeholder=unlimited
                    inputmode="numeric"
                    error=error("limits.requests_per_minute")
                    testid="limits.requests_per_minute"
                />
                <TextField
                    label=text!(i18n, limits.tpm)
                    value=limits.tokens_per_minute
                    placeholder=unlimited
                    inputmode="numeric"
                    error=error("limits.tokens_per_minute")
                    testid="limits.tokens_per_minute"
                />
                <TextField
                    label=text!(i18n, limits.concurrency)
                    value=limits.concurrency
                    placeholder=unlimited
                    inputmode="numeric"
                    error=error("limits.concurrency")
                    testid="limits.concurrency"
                />
            </div>
        </fieldset>
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, limits.budget_usd)}</legend>
            <div class="grid grid-cols-2 gap-4 sm:grid-cols-5">
                {limits.usd.into_iter().zip(usd).map(|(field, path)| budget(field, path, "$")).collect_view()}
            </div>
        </fieldset>
        <details class="rounded-box border border-base-300 px-4 py-3" open=has_tokens>
            <summary class="cursor-pointer text-sm font-medium">{t!(i18n, limits.budget_tokens)}</summary>
            <div class="mt-4 grid grid-cols-2 gap-4 sm:grid-cols-5">
                {limits.tokens.into_iter().zip(tokens).map(|(field, path)| budget(field, path, "")).collect_view()}
            </div>
        </details>
    }
}

/// One pattern to a line; commas separate too.
pub(super) fn patterns(text: &str) -> Vec<String> {
    text.split(['\n', ',']).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// The last day on which a key works, for a date field.
pub(super) fn date_of(end: DateTime<Utc>) -> String {
    date_in(&Local, end)
}

fn date_in<Z: TimeZone>(zone: &Z, end: DateTime<Utc>) -> String {
    // The end is the first moment after the day.
    (end - chrono::Duration::seconds(1)).with_timezone(zone).date_naive().to_string()
}

/// The end of a date's day, where the person is; none for an empty field.
pub(super) fn end_of(date: &str) -> Option<DateTime<Utc>> {
    end_in(&Local, date)
}

fn end_in<Z: TimeZone>(zone: &Z, date: &str) -> Option<DateTime<Utc>> {
    let next = date.parse::<NaiveDate>().ok()?.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN);
    // Where midnight is skipped by a change of the clock, the day ends an hour later.
    let later = next.checked_add_signed(chrono::Duration::hours(1));
    zone.from_local_datetime(&next)
        .earliest()
        .or_else(|| later.and_then(|later| zone.from_local_datetime(&later).earliest()))
        .map(|end| end.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_on_lines_or_between_commas() {
        assert_eq!(patterns(" claude-* \n\n gpt-5, o3 "), ["claude-*", "gpt-5", "o3"]);
        assert!(patterns(" \n").is_empty());
    }

    #[test]
    fn a_key_works_to_the_end_of_its_last_day_and_shows_that_day_again() {
        let end = end_in(&Utc, "2026-12-31").unwrap();
        assert_eq!(end.to_rfc3339(), "2027-01-01T00:00:00+00:00");
        assert_eq!(date_in(&Utc, end), "2026-12-31");
        assert_eq!(end_in(&Utc, ""), None);
    }
}
