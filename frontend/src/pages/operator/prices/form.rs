//! Setting a price for the installation.

use causeway_domain::provider::Provider;
use causeway_openapi::{GlobalPrices, SetPrice};
use chrono::Local;
use leptos::prelude::*;

use super::Dialogs;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::choices,
        query::Query,
    },
    pages::prices::{
        fields::{Errors, PriceFields, PriceInputs},
        figures::{PriceTexts, Problems, read},
        form::{FIELDS, start_of},
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

/// The form within the dialog.
#[component]
pub(super) fn GlobalPriceForm(dialogs: Dialogs, prices: Query<GlobalPrices>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let problems = RwSignal::new(Problems::new());
    let errors = Errors { submission, problems };
    let edited = dialogs.edited.get_untracked();
    let shown = edited.as_ref().and_then(|row| row.now.as_ref().or(row.planned.first()));
    let fields = PriceFields::new(&shown.map(|own| PriceTexts::from(&own.price)).unwrap_or_default());
    let model = RwSignal::new(edited.as_ref().map(|row| row.model.clone()).unwrap_or_default());
    let provider = edited.as_ref().and_then(|row| row.provider).map(|p| p.as_str().to_owned());
    let provider = RwSignal::new(provider.unwrap_or_default());
    let from = RwSignal::new(String::new());
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
        submission.run(async move { api.set_global_price(sent, price).await }, move |_| {
            dialogs.form.set(false);
            toasts.good(tu_string!(i18n, installation.price_set, name = name));
            prices.reload();
        });
    };
    let known = Query::new(move || api.providers());
    let providers = Signal::derive(move || {
        let every = (String::new(), t_string!(i18n, installation.every_provider).to_owned());
        std::iter::once(every).chain(choices(known)).collect::<Vec<_>>()
    });
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-3">
                <TextField label=text!(i18n, prices.model) hint=text!(i18n, prices.model_hint) placeholder="claude-haiku-*" value=model required=true mono=true error=submission.field("model") testid="global-model"/>
                <SelectField label=text!(i18n, prices.provider) value=provider options=providers error=submission.field("provider") testid="global-provider"/>
                <TextField label=text!(i18n, prices.from) hint=text!(i18n, prices.from_hint) value=from kind="date" error=submission.field("from") testid="global-from"/>
            </div>
            <PriceInputs fields errors/>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-global-price">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}
