//! Setting a price of the organisation's own.

use causeway_domain::provider::Provider;
use causeway_openapi::{PriceList, SetPrice};
use chrono::{DateTime, Local, NaiveDate, NaiveTime, TimeZone, Utc};
use leptos::prelude::*;

use super::{
    Dialogs,
    fields::{Errors, PriceFields, PriceInputs},
    figures::{PriceTexts, Problems, read},
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::choices,
        query::Query,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

/// Fields that show their own errors.
pub(crate) const FIELDS: &[&str] = &[
    "model",
    "provider",
    "from",
    "input",
    "output",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "reasoning",
    "web_search",
];

/// The form within the dialog.
#[component]
pub(super) fn PriceForm(dialogs: Dialogs, prices: Query<PriceList>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let problems = RwSignal::new(Problems::new());
    let errors = Errors { submission, problems };
    let edited = dialogs.edited.get_untracked();
    let fixed = edited.is_some();
    let shown = edited.as_ref().and_then(|row| row.own.as_ref().map(|own| &own.price).or(row.table.as_ref()));
    let fields = PriceFields::new(&shown.map(PriceTexts::from).unwrap_or_default());
    let model = RwSignal::new(edited.as_ref().map(|row| row.model.clone()).unwrap_or_default());
    let own =
        edited.as_ref().and_then(|row| row.own.as_ref()).filter(|own| own.model == model.get_untracked());
    let provider = own.and_then(|own| own.provider).map(|p| p.as_str().to_owned()).unwrap_or_default();
    let provider = RwSignal::new(provider);
    let from = RwSignal::new(String::new());

    // What was wrong is forgotten as soon as something is typed.
    Effect::new(move |_| {
        let _ = fields.texts();
        problems.update_untracked(Problems::clear);
        problems.notify();
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let price = match untrack(|| read(&fields.texts())) {
            Ok(price) => price,
            Err(found) => return problems.set(found),
        };
        problems.set(Problems::new());
        let name = model.get_untracked().trim().to_owned();
        let price = SetPrice {
            provider: provider.get_untracked().parse::<Provider>().ok(),
            from: start_of(&from.get_untracked(), Local::now().date_naive()),
            input: price.input,
            output: price.output,
            cache_read: price.cache_read,
            cache_write_5m: price.cache_write_5m,
            cache_write_1h: price.cache_write_1h,
            reasoning: price.reasoning,
            long_context: price.long_context,
            tiers: price.tiers,
            web_search: price.web_search,
        };
        let sent = name.clone();
        submission.run(async move { api.set_price(sent, price).await }, move |_| {
            dialogs.form.set(false);
            toasts.good(tu_string!(i18n, prices.set_toast, name = name));
            prices.reload();
        });
    };
    let known = Query::new(move || api.providers());
    let providers = Signal::derive(move || {
        let every = (String::new(), t_string!(i18n, prices.every_provider).to_owned());
        std::iter::once(every).chain(choices(known)).collect::<Vec<_>>()
    });
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-3">
                <TextField
                    label=text!(i18n, prices.model)
                    hint=text!(i18n, prices.model_hint)
                    placeholder="claude-haiku-*"
                    value=model
                    required=true
                    focus=!fixed
                    mono=true
                    error=submission.field("model")
                    testid="price-model"
                />
                <SelectField
                    label=text!(i18n, prices.provider)
                    hint=text!(i18n, prices.provider_hint)
                    value=provider
                    options=providers
                    error=submission.field("provider")
                    testid="price-for"
                />
                <TextField
                    label=text!(i18n, prices.from)
                    hint=text!(i18n, prices.from_hint)
                    value=from
                    kind="date"
                    error=submission.field("from")
                    testid="price-from"
                />
            </div>
            <PriceInputs fields errors/>
            <p class="text-xs text-base-content/70">{t!(i18n, prices.keeps)}</p>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-price">
                    {t!(i18n, common.save)}
                </Button>
            </Actions>
        </form>
    }
}

/// When a date begins, where the person is; none for an empty field and for today, which both mean now.
pub(crate) fn start_of(date: &str, today: NaiveDate) -> Option<DateTime<Utc>> {
    start_in(&Local, date, today)
}

fn start_in<Z: TimeZone>(zone: &Z, date: &str, today: NaiveDate) -> Option<DateTime<Utc>> {
    let day = date.parse::<NaiveDate>().ok().filter(|day| *day != today)?;
    let midnight = day.and_time(NaiveTime::MIN);
    // Where midnight is skipped by a change of the clock, the day begins an hour later.
    let later = midnight.checked_add_signed(chrono::Duration::hours(1));
    zone.from_local_datetime(&midnight)
        .earliest()
        .or_else(|| later.and_then(|later| zone.from_local_datetime(&later).earliest()))
        .map(|start| start.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_begins_with_its_day_and_today_is_now() {
        let today = "2026-11-20".parse().unwrap();
        let start = |date| start_in(&Utc, date, today).map(|at| at.to_rfc3339());
        assert_eq!(start("2026-12-01").as_deref(), Some("2026-12-01T00:00:00+00:00"));
        // The server says what is wrong with the past.
        assert!(start("2026-11-19").is_some());
        assert_eq!((start(""), start("2026-11-20"), start("soon")), (None, None, None));
    }
}
