//! One route in the list, with what can be done to it.

use causeway_openapi::{ModelRoute, SetModelRoutes};
use leptos::prelude::*;

use super::{Shown, can_keep, kind_name};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
    },
    ui::{
        confirm::Confirm,
        icon::{Glyph, Icon},
        menu::{Menu, MenuItem},
        table::Cell,
        toast::use_toasts,
    },
};

/// The row.
#[component]
pub(super) fn Row(index: usize, route: ModelRoute, shown: Shown) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let changing = Submission::new();
    let asking = RwSignal::new(false);
    let pattern = StoredValue::new(route.pattern.clone());
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            asking.set(false);
            toasts.bad(error.message(i18n.get_locale_untracked()));
            shown.routes.reload();
        }
    });
    let send = move |change: SetModelRoutes, told: String| {
        changing.run(async move { api.set_model_routes(change).await }, move |_| {
            asking.set(false);
            toasts.good(told);
            shown.routes.reload();
        });
    };
    let edit = move |()| {
        shown.edited.set(Some(index));
        shown.form.set(true);
    };
    let up = move |()| {
        let change = shown.changed(|items| {
            if (1..items.len()).contains(&index) {
                items.swap(index - 1, index);
            }
        });
        send(change, tu_string!(i18n, model_routes.saved_toast, name = pattern.get_value()));
    };
    let remove = move |()| {
        let change = shown.changed(|items| {
            if index < items.len() {
                items.remove(index);
            }
        });
        send(change, tu_string!(i18n, model_routes.deleted_toast, name = pattern.get_value()));
    };
    let ModelRoute { kind, targets, keep_original, .. } = route;
    let nowhere = targets.is_empty();
    let target = StoredValue::new(targets);
    let places = move || {
        let everywhere = t_string!(i18n, model_routes.everywhere);
        let told = |t: &causeway_openapi::RouteTarget| (t.model.clone(), shown.place(t, everywhere));
        target.with_value(|targets| targets.iter().map(told).collect::<Vec<_>>())
    };
    let kept = move || {
        if keep_original {
            t_string!(i18n, model_routes.keeps)
        } else {
            t_string!(i18n, model_routes.replaces)
        }
    };
    view! {
        <tr data-testid="route">
            <Cell label=text!(i18n, model_routes.kind)>
                <div>{move || kind_name(kind, i18n.get_locale())}</div>
                {can_keep(kind).then(|| view! { <div class="text-xs text-base-content/70">{kept}</div> })}
            </Cell>
            <Cell label=text!(i18n, model_routes.pattern)>
                <span class="font-mono text-sm font-medium break-all">{pattern.get_value()}</span>
            </Cell>
            <Cell label=text!(i18n, model_routes.targets)>
                {nowhere.then(|| view! { <span class="text-sm">{t!(i18n, model_routes.everywhere)}</span> })}
                <ol class="flex flex-col gap-1 max-sm:items-end">
                    {move || places()
                        .into_iter()
                        .map(|(model, place)| view! {
                            <li class="text-sm" data-testid="route-target">
                                {model.map(|model| view! { <span class="font-mono break-all">{model}</span>" · " })}
                                <span class="text-base-content/70">{place}</span>
                            </li>
                        })
                        .collect_view()}
                </ol>
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true>
                <Show when=move || shown.may_write.get()>
                    <Menu
                        label=text!(i18n, common.more_actions, name = pattern.get_value())
                        face=view! { <span aria-hidden="true">"⋯"</span> }.into_any()
                        testid="route-menu"
                    >
                        <MenuItem on_press=edit testid="edit-route">
                            <Glyph icon=Icon::Edit class="size-4"/>
                            {t!(i18n, common.edit)}
                        </MenuItem>
                        <MenuItem on_press=up testid="move-route">
                            <Glyph icon=Icon::List class="size-4"/>
                            {t!(i18n, model_routes.move_up)}
                        </MenuItem>
                        <MenuItem on_press=move |()| asking.set(true) danger=true testid="delete-route">
                            <Glyph icon=Icon::Trash class="size-4"/>
                            {t!(i18n, common.delete)}
                        </MenuItem>
                    </Menu>
                </Show>
                <Confirm
                    open=asking
                    title=text!(i18n, model_routes.delete_title, name = pattern.get_value())
                    text=text!(i18n, model_routes.delete_text)
                    action=text!(i18n, common.delete)
                    busy=changing.busy
                    on_confirm=remove
                />
            </Cell>
        </tr>
    }
}
