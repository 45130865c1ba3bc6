//! Making a pool, and changing one.

use std::collections::HashMap;

use causeway_domain::{AccountId, pool::Strategy};
use causeway_openapi::{Account, CreatePool, Page, Pool, PoolMember, UpdatePool};
use leptos::prelude::*;

use super::{Dialogs, strategy_name, strategy_text};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    pages::proxies::choice::{ProxyField, Whose, read},
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["name", "sticky_seconds", "proxy"];

/// An account's share and place, as they are typed.
type Figures = HashMap<AccountId, (RwSignal<bool>, RwSignal<String>, RwSignal<String>)>;

/// The form within the dialog.
#[component]
pub(super) fn PoolForm(
    dialogs: Dialogs,
    pools: Query<Page<Pool>>,
    accounts: Query<Page<Account>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let old = StoredValue::new(dialogs.edited.get_untracked());
    let shown = |get: fn(&Pool) -> String, new: &str| {
        RwSignal::new(old.with_value(|pool| pool.as_ref().map_or_else(|| new.to_owned(), get)))
    };
    let name = shown(|p| p.name.clone(), "");
    let strategy = shown(|p| p.strategy.to_string(), Strategy::default().as_str());
    let minutes = shown(|p| (p.sticky_seconds / 60).to_string(), "60");
    let proxy = shown(|p| p.proxy.to_string(), "inherit");
    let proxies = Query::new(move || api.proxies());
    let figures = StoredValue::new(Figures::new());
    // What is typed belongs to the form, and not to the list of accounts, which may be drawn anew.
    let owner = StoredValue::new(Owner::current().unwrap_or_default());
    let chosen = move || strategy.get().parse::<Strategy>().unwrap_or_default();
    // None while the accounts are not there: what a pool has must not be lost by that.
    let members = move || {
        let listed = accounts.data()?.items;
        Some(figures.with_value(|figures| {
            listed
                .iter()
                .filter_map(|account| member(account.id, figures.get(&account.id)?))
                .collect::<Vec<_>>()
        }))
    };
    let done = move |pool: Pool| {
        dialogs.form.set(false);
        toasts.good(tu_string!(i18n, pools.saved_toast, name = pool.name));
        pools.reload();
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        // What is no number is sent as one that the API refuses, with the field's name.
        let sticky = minutes.get_untracked().trim().parse::<u32>().map_or(u32::MAX, |n| n.saturating_mul(60));
        let name = name.get_untracked().trim().to_owned();
        let (strategy, members) = (untrack(chosen), untrack(members));
        match old.with_value(|pool| pool.as_ref().map(|pool| pool.id)) {
            None => {
                let pool = CreatePool {
                    name,
                    strategy,
                    sticky_seconds: Some(sticky),
                    members,
                    proxy: Some(read(&proxy.get_untracked())),
                    ..CreatePool::default()
                };
                submission.run(async move { api.add_pool(pool).await }, done);
            }
            Some(id) => {
                let change = UpdatePool {
                    name: Some(name),
                    strategy: Some(strategy),
                    sticky_seconds: Some(sticky),
                    members,
                    proxy: Some(read(&proxy.get_untracked())),
                    ..UpdatePool::default()
                };
                submission.run(async move { api.change_pool(id, change).await }, done);
            }
        }
    };
    let options = Signal::derive(move || {
        let name = |s: Strategy| (s.to_string(), strategy_name(s, i18n.get_locale()).to_owned());
        Strategy::ALL.into_iter().map(name).collect::<Vec<_>>()
    });
    let meaning = Signal::derive(move || strategy_text(chosen(), i18n.get_locale()).to_owned());
    let weighs = move || matches!(chosen(), Strategy::Weighted | Strategy::LeastBusy);
    let orders = move || matches!(chosen(), Strategy::FillFirst | Strategy::Priority);
    let line = move |account: Account| {
        let id = account.id;
        let (inside, weight, place) = owner.with_value(|owner| owner.with(|| of_account(figures, id, old)));
        view! {
            <li class="flex flex-wrap items-end gap-3 rounded-box border border-base-300 px-4 py-3" data-testid="pool-account">
                <label class="flex grow cursor-pointer items-center gap-2 self-center text-sm">
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm checkbox-primary"
                        prop:checked=move || inside.get()
                        on:change=move |event| inside.set(event_target_checked(&event))
                    />
                    <span class="min-w-0 break-words">{account.name}</span>
                </label>
                <Show when=move || inside.get() && weighs()>
                    <div class="w-24"><TextField label=text!(i18n, pools.weight) value=weight inputmode="numeric" testid="pool-weight"/></div>
                </Show>
                <Show when=move || inside.get() && orders()>
                    <div class="w-24"><TextField label=text!(i18n, pools.place) value=place inputmode="numeric" testid="pool-place"/></div>
                </Show>
            </li>
        }
    };
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-2">
                <TextField
                    label=text!(i18n, pools.name)
                    value=name
                    required=true
                    focus=true
                    error=submission.field("name")
                    testid="pool-name"
                />
                <TextField
                    label=text!(i18n, pools.sticky)
                    hint=text!(i18n, pools.sticky_hint)
                    value=minutes
                    inputmode="numeric"
                    error=submission.field("sticky_seconds")
                    testid="pool-sticky"
                />
            </div>
            <SelectField label=text!(i18n, pools.strategy) hint=meaning value=strategy options testid="pool-strategy"/>
            <ProxyField value=proxy proxies whose=Whose::Pools submission/>
            <fieldset class="min-w-0">
                <legend class="mb-2 text-sm font-medium">{t!(i18n, pools.accounts)}</legend>
                <ul class="flex max-h-72 flex-col gap-2 overflow-y-auto">
                    {move || {
                        let Some(all) = accounts.data().map(|page| page.items) else {
                            return view! { <li class="skeleton h-12" aria-busy="true"></li> }.into_any();
                        };
                        if all.is_empty() {
                            view! { <li class="text-sm text-base-content/70">{move || t_string!(i18n, pools.no_accounts)}</li> }.into_any()
                        } else {
                            all.into_iter().map(line).collect_view().into_any()
                        }
                    }}
                </ul>
            </fieldset>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-pool">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}

/// The inputs of an account, made when it is first shown.
fn of_account(
    figures: StoredValue<Figures>,
    id: AccountId,
    old: StoredValue<Option<Pool>>,
) -> (RwSignal<bool>, RwSignal<String>, RwSignal<String>) {
    if let Some(known) = figures.with_value(|figures| figures.get(&id).copied()) {
        return known;
    }
    let member = old.with_value(|pool| {
        pool.as_ref().and_then(|p| p.members.iter().find(|m| m.account_id == id).copied())
    });
    let made = (
        RwSignal::new(member.is_some()),
        RwSignal::new(member.map_or(1, |m| m.weight).to_string()),
        RwSignal::new(member.map_or(0, |m| m.priority).to_string()),
    );
    figures.update_value(|figures| {
        figures.insert(id, made);
    });
    made
}

/// What was typed for an account that is in the pool. What is no number is one that the API refuses.
fn member(
    account_id: AccountId,
    (inside, weight, place): &(RwSignal<bool>, RwSignal<String>, RwSignal<String>),
) -> Option<PoolMember> {
    let number = |text: &RwSignal<String>| text.get_untracked().trim().parse().unwrap_or(u16::MAX);
    inside.get_untracked().then(|| PoolMember { account_id, weight: number(weight), priority: number(place) })
}
