//! What is charged for a dollar of cost at each provider, with what was ever said of it.

use causeway_domain::provider::Provider;
use causeway_openapi::{GlobalMultiplier, GlobalMultipliers, SetMultiplier};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    pages::keys,
    ui::{
        button::Button,
        field::TextField,
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::Card,
        toast::use_toasts,
    },
};

/// The card.
#[component]
pub(super) fn Multipliers() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let query = Query::new(move || api.global_multipliers());
    let providers = Query::new(move || api.providers());
    view! {
        <Card title=text!(i18n, installation.multipliers)>
            <p class="mb-4 text-xs text-base-content/70">{t!(i18n, installation.multipliers_text)}</p>
            <Loaded query skeleton=|| view! { <ListSkeleton rows=2/> }.into_any() let:list>
                <div class="flex flex-col gap-4">
                    {
                        let items = list.items.clone();
                        move || providers.data().unwrap_or_default().into_iter().map(|preset| {
                            let provider = preset.provider;
                            let now = items.iter().find(|m| m.provider == provider.as_str() && m.in_force);
                            view! { <OfProvider provider name=preset.name now=now.cloned() query/> }
                        }).collect_view()
                    }
                    <ul class="flex flex-col gap-1 text-xs text-base-content/70" data-testid="multiplier-history">
                        {list.items.into_iter().map(|said| view! { <Said said/> }).collect_view()}
                    </ul>
                </div>
            </Loaded>
        </Card>
    }
}

#[component]
fn OfProvider(
    provider: Provider,
    name: String,
    now: Option<GlobalMultiplier>,
    query: Query<GlobalMultipliers>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let text = now.and_then(|now| now.multiplier).map(|m| m.to_string()).unwrap_or_default();
    let value = RwSignal::new(text);
    let bad = RwSignal::new(false);
    let error = Signal::derive(move || bad.get().then(|| t_string!(i18n, operator.not_a_factor).to_owned()));
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let multiplier = keys::multiplier(&value.get_untracked());
        bad.set(multiplier.is_err());
        let Ok(multiplier) = multiplier else { return };
        let set = SetMultiplier { multiplier };
        submission.run(async move { api.set_global_multiplier(provider, set).await }, move |_| {
            toasts.good(tu_string!(i18n, installation.multiplier_set));
            query.reload();
        });
    };
    view! {
        <form class="flex max-w-md items-end gap-3" on:submit=send>
            <div class="grow">
                <TextField label=Signal::stored(name) value prefix="×" placeholder="1" inputmode="decimal" error testid="global-multiplier"/>
            </div>
            <Button submit=true busy=submission.busy testid="save-multiplier">{t!(i18n, common.save)}</Button>
        </form>
        <Failure error=submission.error/>
    }
}

#[component]
fn Said(said: GlobalMultiplier) -> impl IntoView {
    let i18n = use_i18n();
    let GlobalMultiplier { provider, multiplier, recorded_at, recorded_by, in_force, .. } = said;
    let by = recorded_by.unwrap_or_default();
    view! {
        <li class:font-medium=in_force>
            {provider}
            " "
            {match multiplier {
                Some(m) => view! { <span>{format!("× {m}")}</span> }.into_any(),
                None => view! { <span>{t!(i18n, installation.removed)}</span> }.into_any(),
            }}
            " · "
            {t!(i18n, installation.by_whom, name = by, time = format::dated(recorded_at))}
        </li>
    }
}
