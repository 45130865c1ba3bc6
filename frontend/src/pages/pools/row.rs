//! One pool in the list, with what can be done to it.

use causeway_domain::{AccountId, pool::Strategy};
use causeway_openapi::{Account, Page, Pool, PoolMember, UpdatePool};
use leptos::prelude::*;

use super::{Dialogs, strategy_name};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        icon::{Glyph, Icon},
        menu::{Menu, MenuItem},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(
    pool: Pool,
    pools: Query<Page<Pool>>,
    accounts: Query<Page<Account>>,
    dialogs: Dialogs,
    may_write: Memo<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let asking = RwSignal::new(false);
    let id = pool.id;
    let name = StoredValue::new(pool.name.clone());
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            asking.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let remove = move |()| {
        changing.run(async move { api.delete_pool(id).await }, move |()| {
            asking.set(false);
            toasts.good(tu_string!(i18n, pools.deleted_toast, name = name.get_value()));
            pools.reload();
        });
    };
    let edited = StoredValue::new(pool.clone());
    let edit = move |()| {
        dialogs.edited.set(Some(edited.get_value()));
        dialogs.form.set(true);
    };
    let name_of = move |id: AccountId| {
        let found = accounts.data().and_then(|page| page.items.into_iter().find(|a| a.id == id));
        found.map_or_else(|| id.to_string(), |account| account.name)
    };
    let switch = move |account: AccountId| {
        let change = UpdatePool { active_account_id: Some(Some(account)), ..UpdatePool::default() };
        changing.run(async move { api.change_pool(id, change).await }, move |_| {
            toasts.good(tu_string!(i18n, pools.switched_toast, account = name_of(account)));
            pools.reload();
        });
    };
    let Pool { strategy, active_account_id: active, sticky_seconds, keys, members, .. } = pool;
    let by_hand = strategy == Strategy::ActiveFirst;
    let weighs = matches!(strategy, Strategy::Weighted | Strategy::LeastBusy);
    let orders = matches!(strategy, Strategy::FillFirst | Strategy::Priority);
    let member = move |PoolMember { account_id: account, weight, priority }: PoolMember| {
        let is_active = active == Some(account);
        view! {
            <li class="flex flex-wrap items-center gap-2 text-sm max-sm:justify-end" data-testid="pool-member">
                <span class="min-w-0 break-words">{move || name_of(account)}</span>
                {weighs.then(|| view! {
                    <span class="text-xs text-base-content/70">{t!(i18n, pools.weighs, weight = weight)}</span>
                })}
                {orders.then(|| view! {
                    <span class="text-xs text-base-content/70">{t!(i18n, pools.at, place = priority)}</span>
                })}
                {(by_hand && is_active).then(|| view! { <Badge tone=Tone::Good dot=true>{t!(i18n, pools.active)}</Badge> })}
                {(by_hand && !is_active).then(|| view! {
                    <Show when=move || may_write.get()>
                        <Button small=true busy=changing.busy on_press=move |()| switch(account) testid="make-active">
                            {t!(i18n, pools.make_active)}
                        </Button>
                    </Show>
                })}
            </li>
        }
    };
    let sticky = move || {
        if sticky_seconds == 0 || by_hand {
            t_string!(i18n, pools.not_sticky).to_owned()
        } else {
            tu_string!(i18n, pools.sticky_for, minutes = sticky_seconds.div_ceil(60))
        }
    };
    let question = Signal::derive(move || {
        if keys > 0 {
            t_string!(i18n, pools.delete_in_use, count = format::grouped(keys))
        } else {
            t_string!(i18n, pools.delete_text).to_owned()
        }
    });
    view! {
        <tr data-testid="pool">
            <Cell label=text!(i18n, pools.name)><span class="font-medium break-words">{name.get_value()}</span></Cell>
            <Cell label=text!(i18n, pools.strategy)>
                <div>{move || strategy_name(strategy, i18n.get_locale())}</div>
                <div class="text-xs text-base-content/70">{sticky}</div>
            </Cell>
            <Cell label=text!(i18n, pools.accounts)>
                <ul class="flex flex-col gap-1 max-sm:items-end">
                    {members.into_iter().map(member).collect_view()}
                </ul>
            </Cell>
            <Cell label=text!(i18n, pools.keys) numeric=true>{format::grouped(keys)}</Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <Show when=move || may_write.get()>
                    <Menu
                        label=text!(i18n, common.more_actions, name = name.get_value())
                        face=view! { <span aria-hidden="true">"⋯"</span> }.into_any()
                        testid="pool-menu"
                    >
                        <MenuItem on_press=edit testid="edit-pool">
                            <Glyph icon=Icon::Edit class="size-4"/>
                            {t!(i18n, common.edit)}
                        </MenuItem>
                        <MenuItem on_press=move |()| asking.set(true) danger=true testid="delete-pool">
                            <Glyph icon=Icon::Trash class="size-4"/>
                            {t!(i18n, common.delete)}
                        </MenuItem>
                    </Menu>
                </Show>
                <Confirm
                    open=asking
                    title=text!(i18n, pools.delete_title, name = name.get_value())
                    text=question
                    action=text!(i18n, common.delete)
                    busy=changing.busy
                    on_confirm=remove
                />
            </Cell>
        </tr>
    }
}
