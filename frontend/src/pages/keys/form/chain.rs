//! Pools in the order in which they serve a key: the next is asked when no account of the one before can. Buttons move
//! them, so that the keyboard can.

use causeway_domain::PoolId;
use causeway_openapi::{Account, Page, Pool};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{
    core::{
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    pages::pools::strategy_name,
    ui::{
        button::Button,
        field::SelectField,
        icon::{Glyph, Icon},
    },
};

/// How many accounts of a pool are named before the others are counted.
const NAMED: usize = 3;

/// The chain, and what can be added to it.
#[component]
pub(super) fn Chain(
    chain: RwSignal<Vec<PoolId>>,
    pools: Query<Page<Pool>>,
    accounts: Query<Page<Account>>,
    #[prop(into)] error: Signal<Option<String>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let chosen = RwSignal::new(String::new());
    // What has just been moved where, for those who do not see it.
    let told = RwSignal::new(String::new());
    let all = move || pools.data().map(|page| page.items).unwrap_or_default();
    let name = move |id: PoolId| {
        let found = all().into_iter().find(|pool| pool.id == id);
        found.map_or_else(|| t_string!(i18n, common.deleted).to_owned(), |pool| pool.name)
    };
    let left = Memo::new(move |_| {
        let taken = chain.get();
        let rest = all().into_iter().filter(|pool| !taken.contains(&pool.id));
        rest.map(|pool| (pool.id.to_string(), pool.name)).collect::<Vec<_>>()
    });
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), t_string!(i18n, keys.choose_pool).to_owned())];
        options.extend(left.get());
        options
    });
    let add = move |()| {
        if let Ok(id) = chosen.get_untracked().parse::<PoolId>() {
            chain.update(|chain| chain.push(id));
            chosen.set(String::new());
        }
    };
    let shift = move |id: PoolId, by: isize| {
        let place = chain.try_update(|chain| moved(chain, id, by)).flatten();
        if let Some(place) = place {
            let (name, count) = (untrack(move || name(id)), chain.with_untracked(Vec::len));
            told.set(t_string!(i18n, keys.pool_moved, name = name, place = place + 1, count = count));
            // The row has been put elsewhere, and the button under the hand with it.
            request_animation_frame(move || focus_again(id, by, place, count));
        }
    };
    let row = move |id: PoolId| {
        let place = move || chain.with(|chain| chain.iter().position(|of| *of == id).unwrap_or_default());
        let is_first = Signal::derive(move || place() == 0);
        let is_last = Signal::derive(move || place() + 1 >= chain.with(Vec::len));
        view! {
            <li class="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-box border border-base-300 px-3 py-2.5" data-testid="chained-pool" data-pool=id.to_string()>
                <span class="grid size-6 shrink-0 place-items-center rounded-full bg-base-200 text-xs font-semibold tabular-nums" aria-hidden="true">
                    {move || place() + 1}
                </span>
                <div class="min-w-32 flex-1">
                    <div class="text-sm font-medium break-words">{move || name(id)}</div>
                    <div class="text-xs text-base-content/70 break-words">
                        {move || all().into_iter().find(|pool| pool.id == id).map(|pool| about(&pool, accounts, i18n))}
                    </div>
                </div>
                <div class="flex gap-1">
                    <Button
                        small=true
                        class="btn-square"
                        disabled=is_first
                        label=Signal::derive(move || t_string!(i18n, keys.pool_up, name = name(id)))
                        on_press=move |()| shift(id, -1)
                        testid="pool-up"
                    >
                        <Glyph icon=Icon::Chevron class="size-4 rotate-180"/>
                    </Button>
                    <Button
                        small=true
                        class="btn-square"
                        disabled=is_last
                        label=Signal::derive(move || t_string!(i18n, keys.pool_down, name = name(id)))
                        on_press=move |()| shift(id, 1)
                        testid="pool-down"
                    >
                        <Glyph icon=Icon::Chevron class="size-4"/>
                    </Button>
                    <Button
                        small=true
                        class="btn-square"
                        label=Signal::derive(move || t_string!(i18n, keys.pool_off, name = name(id)))
                        on_press=move |()| chain.update(|chain| chain.retain(|of| *of != id))
                        testid="pool-off"
                    >
                        <Glyph icon=Icon::Close class="size-4"/>
                    </Button>
                </div>
            </li>
        }
    };
    view! {
        <fieldset class="min-w-0" data-testid="key-pools">
            <legend class="mb-1 text-sm font-medium">{t!(i18n, keys.pools)}</legend>
            <p class="mb-2 text-xs text-base-content/70">{t!(i18n, keys.pools_hint)}</p>
            <ol class="flex flex-col gap-2 empty:hidden">
                <For each=move || chain.get() key=|id| *id children=row/>
            </ol>
            <Show when=move || !left.with(Vec::is_empty)>
                <div class="mt-2 flex items-end gap-2">
                    <div class="min-w-0 flex-1">
                        <SelectField label=text!(i18n, keys.add_pool) value=chosen options testid="pool-to-add"/>
                    </div>
                    <Button
                        disabled=Signal::derive(move || chosen.with(String::is_empty))
                        on_press=add
                        testid="add-to-chain"
                    >
                        {t!(i18n, keys.add_to_chain)}
                    </Button>
                </div>
            </Show>
            <Show when=move || pools.data().is_some_and(|page| page.items.is_empty())>
                <p class="text-sm text-base-content/70">{t!(i18n, keys.no_pools)}</p>
            </Show>
            <p class="mt-1.5 text-xs text-error empty:hidden" role="alert">{move || error.get()}</p>
            <p class="sr-only" role="status">{move || told.get()}</p>
        </fieldset>
    }
}

/// How a pool chooses, and among which accounts.
fn about(
    pool: &Pool,
    accounts: Query<Page<Account>>,
    i18n: leptos_i18n::I18nContext<crate::core::i18n::Locale>,
) -> String {
    let known = accounts.data().map(|page| page.items).unwrap_or_default();
    let names = pool.members.iter().filter_map(|member| {
        known.iter().find(|account| account.id == member.account_id).map(|account| account.name.clone())
    });
    let mut told: Vec<String> = names.take(NAMED).collect();
    let rest = pool.members.len().saturating_sub(told.len());
    if pool.members.is_empty() {
        told.push(t_string!(i18n, keys.pool_empty).to_owned());
    } else if rest > 0 {
        told.push(t_string!(i18n, common.and_more, count = rest));
    }
    format!("{} · {}", strategy_name(pool.strategy, i18n.get_locale()), told.join(", "))
}

/// Moves one of a chain by a place, and says where it is then; none where it cannot.
fn moved(chain: &mut [PoolId], id: PoolId, by: isize) -> Option<usize> {
    let from = chain.iter().position(|of| *of == id)?;
    let to = from.checked_add_signed(by).filter(|to| *to < chain.len())?;
    chain.swap(from, to);
    Some(to)
}

/// Gives the focus back to the button that moved a pool; at an end of the chain, where that one is off, to the other.
fn focus_again(id: PoolId, by: isize, place: usize, count: usize) {
    let up = (by < 0 && place > 0) || place + 1 >= count;
    let button = if up { "pool-up" } else { "pool-down" };
    let found = document().query_selector(&format!("[data-pool='{id}'] [data-testid='{button}']"));
    let found = found.ok().flatten().and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
    let _ = found.map(|button| button.focus());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_moves_by_a_place_and_stays_within_the_chain() {
        let [one, two, three] = [1, 2, 3].map(|n| PoolId(uuid::Uuid::from_u128(n)));
        let mut chain = vec![one, two, three];
        assert_eq!(moved(&mut chain, three, -1), Some(1));
        assert_eq!(chain, [one, three, two]);
        assert_eq!((moved(&mut chain, one, -1), moved(&mut chain, two, 1)), (None, None));
        assert_eq!(chain, [one, three, two]);
    }
}
