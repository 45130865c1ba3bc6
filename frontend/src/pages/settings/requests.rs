//! What happens to requests: how much they reserve, what when the counters are away, when clients leave, and what a
//! model without a price costs.

use causeway_domain::money::Nanos;
use causeway_openapi::{HoldMode, OnRedisLoss, Organization, PriceFigures, UpdateOrganization};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{
        button::{Button, Kind},
        choice::Choice,
        field::TextField,
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["drain_seconds", "default_price.*"];

/// The card.
#[component]
pub(super) fn Requests(org: Organization, may_write: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let Organization { hold_mode, on_redis_loss, drain_seconds, default_price, .. } = org;
    let (hold, loss) = (RwSignal::new(hold_mode), RwSignal::new(on_redis_loss));
    let drain = RwSignal::new(drain_seconds.to_string());
    let dollars = |get: fn(&PriceFigures) -> Nanos| {
        RwSignal::new(default_price.as_ref().map(|p| get(p).to_string()).unwrap_or_default())
    };
    let (input, output) = (dollars(|p| p.input), dollars(|p| p.output));
    let before = (input.get_untracked(), output.get_untracked());
    let bad_price = RwSignal::new(false);
    let bad_drain = RwSignal::new(false);
    Effect::new(move |_| {
        for text in [input, output, drain] {
            text.track();
        }
        bad_price.set(false);
        bad_drain.set(false);
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(seconds) = drain.get_untracked().trim().parse::<u32>() else { return bad_drain.set(true) };
        let now = (input.get_untracked(), output.get_untracked());
        // Figures that a script set beyond these two survive a change of something else.
        let default_price = if now == before {
            None
        } else {
            match price(&now.0, &now.1) {
                Ok(price) => Some(price),
                Err(NotAPrice) => return bad_price.set(true),
            }
        };
        let change = UpdateOrganization {
            hold_mode: Some(hold.get_untracked()),
            on_redis_loss: Some(loss.get_untracked()),
            drain_seconds: Some(seconds),
            default_price,
            ..UpdateOrganization::default()
        };
        submission.run(async move { api.change_organization(change).await }, move |_| {
            toasts.good(t_string!(i18n, settings.saved_toast));
        });
    };
    let error = move |path: &'static str, bad: RwSignal<bool>, say: Signal<String>| {
        let server = submission.field(path);
        Signal::derive(move || bad.get().then(|| say.get()).or_else(|| server.get()))
    };
    let not_a_price = text!(i18n, settings.not_a_price);
    view! {
        <Card title=text!(i18n, settings.requests)>
            <form on:submit=send>
                <fieldset class="flex flex-col gap-6" disabled=!may_write>
                    <Failure error=submission.error fields=FIELDS/>
                    <Choice
                        legend=text!(i18n, settings.hold_mode)
                        value=hold
                        options=vec![
                            (HoldMode::Strict, text!(i18n, settings.strict), text!(i18n, settings.strict_text)),
                            (HoldMode::Expected, text!(i18n, settings.expected), text!(i18n, settings.expected_text)),
                        ]
                        testid="hold-mode"
                    />
                    <Choice
                        legend=text!(i18n, settings.on_redis_loss)
                        value=loss
                        options=vec![
                            (OnRedisLoss::Refuse, text!(i18n, settings.refuse), text!(i18n, settings.refuse_text)),
                            (OnRedisLoss::Allow, text!(i18n, settings.allow), text!(i18n, settings.allow_text)),
                        ]
                        testid="on-redis-loss"
                    />
                    <div class="grid gap-4 sm:grid-cols-3">
                        <TextField
                            label=text!(i18n, settings.drain)
                            hint=text!(i18n, settings.drain_hint)
                            value=drain
                            inputmode="numeric"
                            required=true
                            error=error("drain_seconds", bad_drain, text!(i18n, settings.not_seconds))
                            testid="drain-seconds"
                        />
                        <TextField
                            label=text!(i18n, settings.default_input)
                            hint=text!(i18n, settings.default_hint)
                            placeholder=text!(i18n, settings.default_none)
                            value=input
                            prefix="$"
                            inputmode="decimal"
                            error=error("default_price.input", bad_price, not_a_price)
                            testid="default-input"
                        />
                        <TextField
                            label=text!(i18n, settings.default_output)
                            placeholder=text!(i18n, settings.default_none)
                            value=output
                            prefix="$"
                            inputmode="decimal"
                            error=error("default_price.output", bad_price, not_a_price)
                            testid="default-output"
                        />
                    </div>
                    <Save submission may_write testid="save-requests"/>
                </fieldset>
            </form>
        </Card>
    }
}

/// The button at a card's end.
#[component]
pub(super) fn Save(submission: Submission, may_write: bool, testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    may_write.then(|| {
        view! {
            <div class="flex justify-end">
                <Button kind=Kind::Primary submit=true busy=submission.busy testid>{t!(i18n, common.save)}</Button>
            </div>
        }
    })
}

/// One of the two is missing, or is no amount.
#[derive(Debug, PartialEq, Eq)]
struct NotAPrice;

/// Both figures, or neither: then a model without a price is refused.
fn price(input: &str, output: &str) -> Result<Option<PriceFigures>, NotAPrice> {
    let amount = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '$').collect();
        text.parse::<Nanos>().ok().filter(|n| *n >= Nanos::ZERO).ok_or(NotAPrice)
    };
    if input.trim().is_empty() && output.trim().is_empty() {
        return Ok(None);
    }
    // What follows from these two is for the server to say.
    let figures = serde_json::json!({"input": amount(input)?, "output": amount(output)?});
    serde_json::from_value(figures).map(Some).map_err(|_| NotAPrice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_price_has_both_figures_or_there_is_none() {
        assert_eq!(price("", " "), Ok(None));
        let both = price("$3", "15.5").unwrap().unwrap();
        assert_eq!((both.input, both.output), (Nanos(3_000_000_000), Nanos(15_500_000_000)));
        for (input, output) in [("3", ""), ("", "3"), ("x", "1"), ("-1", "1")] {
            assert_eq!(price(input, output), Err(NotAPrice), "{input:?} {output:?}");
        }
    }
}
