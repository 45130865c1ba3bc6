//! The key holder's own page: limits, use and set-up of one key, for whoever has it. The key is the proof and the
//! only one: nobody signs in. It is kept in this tab and goes nowhere but to the relay, as any request would take it.

mod data;
mod entry;
mod recent;

use std::time::Duration;

use leptos::prelude::*;

use self::{
    data::{KeyInfo, Shown},
    entry::Entry,
    recent::Recent,
};
use crate::{
    core::{
        api::use_api,
        format,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes, storage, zone,
    },
    pages::connect::{Extras, OptionInputs, Steps},
    ui::{
        badge::{Badge, Tone},
        button::Button,
        icon::Logo,
        limits::States,
        loaded::{ListSkeleton, Loaded},
        page::{Card, PageHeader},
        preferences::Preferences,
    },
};

/// Where the key is until the tab is closed.
const KEPT: &str = "causeway.my-key";

const LIVE: Duration = Duration::from_secs(5);

/// The page.
#[component]
pub(crate) fn MyKey() -> impl IntoView {
    let secret = RwSignal::new(storage::in_tab(KEPT));
    Effect::new(move |_| match secret.get() {
        Some(secret) => storage::set_in_tab(KEPT, &secret),
        None => storage::remove_in_tab(KEPT),
    });
    move || match secret.get() {
        None => view! { <Entry secret/> }.into_any(),
        Some(_) => view! { <Page secret/> }.into_any(),
    }
}

#[component]
fn Page(secret: RwSignal<Option<String>>) -> impl IntoView {
    let i18n = use_i18n();
    let shown = Query::new(move || data::load(secret.get().unwrap_or_default())).every(LIVE);
    view! {
        <div class="min-h-dvh bg-base-200">
            <header class="flex flex-wrap items-center justify-between gap-3 border-b border-base-300 bg-base-100 px-4 py-3 sm:px-8">
                <a href=routes::MY_KEY class="flex items-center gap-2.5 text-lg font-semibold tracking-tight"><Logo/>"Causeway"</a>
                <div class="flex flex-wrap items-center gap-3">
                    <Preferences/>
                    <Button small=true on_press=move |()| secret.set(None) testid="forget-key">{t!(i18n, my_key.forget)}</Button>
                </div>
            </header>
            <main class="mx-auto max-w-5xl px-4 py-6 sm:px-8 sm:py-8">
                <Loaded query=shown skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:shown>
                    <Holder shown/>
                </Loaded>
                <Setup secret/>
            </main>
        </div>
    }
}

#[component]
fn Holder(shown: Shown) -> impl IntoView {
    let i18n = use_i18n();
    let Shown { info, models } = shown;
    let KeyInfo { name, organization, expires_at, limits, usage, recent } = info;
    let zone = organization.time_zone.clone();
    let scopes = data::by_scope(limits);
    let unlimited = scopes.is_empty();
    let (count, running) = (models.len(), usage.running_requests);
    let group = {
        let zone = zone.clone();
        move |(scope, limits)| {
            view! {
                <section>
                    <h3 class="mb-3 text-sm font-medium">{move || data::scope_name(scope, i18n.get_locale())}</h3>
                    <States limits time_zone=zone.clone()/>
                </section>
            }
        }
    };
    let until = {
        let zone = StoredValue::new(zone.clone());
        move |at| {
            let moment = zone.with_value(|zone| zone::moment(at, zone, i18n.get_locale()));
            t_string!(i18n, my_key.until, moment = moment)
        }
    };
    view! {
        <PageHeader title=Signal::stored(name) text=Signal::stored(organization.name)>
            {(running > 0).then(|| view! {
                <Badge tone=Tone::Info dot=true>{t!(i18n, my_key.running, count = running)}</Badge>
            })}
            {expires_at.map(|at| view! { <Badge tone=Tone::Neutral>{move || until(at)}</Badge> })}
        </PageHeader>
        <div class="flex flex-col gap-6">
            <Card title=text!(i18n, my_key.limits)>
                <div class="flex flex-col gap-6" data-testid="my-limits">
                    {unlimited.then(|| view! { <p class="text-sm text-base-content/70">{t!(i18n, limits.none)}</p> })}
                    {scopes.into_iter().map(group).collect_view()}
                </div>
            </Card>
            <Recent usage recent zone/>
            <Card title=text!(i18n, my_key.models, count = format::grouped(u64::try_from(count).unwrap_or_default()))>
                <ul class="flex max-h-48 flex-wrap gap-1.5 overflow-y-auto" tabindex="0" data-testid="my-models">
                    {models
                        .into_iter()
                        .map(|model| view! { <li class="badge badge-soft badge-neutral font-mono text-xs">{model}</li> })
                        .collect_view()}
                </ul>
            </Card>
        </div>
    }
}

/// The commands that set up a client with this key.
#[component]
fn Setup(secret: RwSignal<Option<String>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let instance = Query::new(move || api.instance());
    let filled = Memo::new(move |_| secret.get());
    let extras = Extras::new();
    view! {
        <div class="mt-6">
            <Loaded query=instance skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:instance>
                {
                    let base_url = StoredValue::new(instance.public_url);
                    view! {
                        <div class="flex flex-col gap-6">
                            <Steps title=text!(i18n, my_key.set_up) base_url secret=filled extras/>
                            <OptionInputs extras/>
                        </div>
                    }
                }
            </Loaded>
        </div>
    }
}
