//! Adding a route, and changing one.

use causeway_domain::{
    AccountId,
    provider::Provider,
    route::{Kind as RouteKind, MOST_TARGETS},
};
use causeway_openapi::{ModelRoute, RouteTarget};
use leptos::prelude::*;

use super::{Shown, can_keep, has_models, kind_name, kind_text};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        providers::choices,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{SelectField, TextField},
        icon::{Glyph, Icon},
        notice::Failure,
        toast::use_toasts,
    },
};

/// What a place begins with that is an account.
const ACCOUNT: &str = "account:";

/// A target as it is typed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Line {
    id: usize,
    /// Empty, a provider, or an account behind [`ACCOUNT`].
    place: RwSignal<String>,
    model: RwSignal<String>,
}

impl Line {
    fn new(id: usize, target: &RouteTarget) -> Self {
        let account = target.account_id.map(|id| format!("{ACCOUNT}{id}"));
        let place = account.or_else(|| target.provider.map(|provider| provider.to_string()));
        Self {
            id,
            place: RwSignal::new(place.unwrap_or_default()),
            model: RwSignal::new(target.model.clone().unwrap_or_default()),
        }
    }

    fn target(self, kind: RouteKind) -> RouteTarget {
        let (place, model) = (self.place.get_untracked(), self.model.get_untracked());
        let account = place.strip_prefix(ACCOUNT);
        RouteTarget {
            provider: if account.is_some() { None } else { place.parse::<Provider>().ok() },
            account_id: account.and_then(|id| id.parse().ok()).map(AccountId),
            model: Some(model.trim().to_owned()).filter(|_| has_models(kind)),
        }
    }
}

/// The form within the dialog.
#[component]
pub(super) fn RouteForm(shown: Shown) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let edited = shown.edited.get_untracked();
    let old = edited.and_then(|index| untrack(move || shown.routes.data())?.items.into_iter().nth(index));
    let kind = RwSignal::new(old.as_ref().map_or(RouteKind::Alias, |route| route.kind).to_string());
    let pattern = RwSignal::new(old.as_ref().map_or_else(String::new, |route| route.pattern.clone()));
    let keeps = RwSignal::new(old.as_ref().is_none_or(|route| route.keep_original));
    let targets = old.map_or_else(|| vec![RouteTarget::default()], |route| route.targets);
    let first: Vec<Line> = targets.iter().enumerate().map(|(id, target)| Line::new(id, target)).collect();
    let next = StoredValue::new(first.len());
    let lines = RwSignal::new(first);
    let chosen = move || kind.get().parse::<RouteKind>().unwrap_or(RouteKind::Alias);
    // What is typed belongs to the form, and not to the button that adds it.
    let owner = StoredValue::new(Owner::current().unwrap_or_default());
    let add = move |()| {
        let id = next.get_value();
        next.set_value(id + 1);
        let line = owner.with_value(|owner| owner.with(|| Line::new(id, &RouteTarget::default())));
        lines.update(|lines| lines.push(line));
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let kind = untrack(chosen);
        let name = pattern.get_untracked().trim().to_owned();
        let targets = lines.get_untracked().into_iter().map(|line| line.target(kind));
        // A line that says nothing says that it is everywhere.
        let says = |target: &RouteTarget| *target != RouteTarget::default();
        let route = ModelRoute {
            kind,
            pattern: name.clone(),
            targets: targets.filter(says).collect(),
            keep_original: can_keep(kind) && keeps.get_untracked(),
        };
        let change = shown.changed(move |items| match edited {
            Some(index) if index < items.len() => items[index] = route,
            _ => items.push(route),
        });
        submission.run(async move { api.set_model_routes(change).await }, move |_| {
            shown.form.set(false);
            toasts.good(tu_string!(i18n, model_routes.saved_toast, name = name));
            shown.routes.reload();
        });
    };
    let kinds = Signal::derive(move || {
        let name = |kind: RouteKind| (kind.to_string(), kind_name(kind, i18n.get_locale()).to_owned());
        RouteKind::ALL.into_iter().map(name).collect::<Vec<_>>()
    });
    let meaning = Signal::derive(move || kind_text(chosen(), i18n.get_locale()).to_owned());
    let places = Signal::derive(move || {
        let mut all = vec![(String::new(), t_string!(i18n, model_routes.everywhere).to_owned())];
        all.extend(choices(shown.providers));
        let accounts = shown.accounts.data().map(|page| page.items).unwrap_or_default();
        all.extend(accounts.into_iter().map(|account| (format!("{ACCOUNT}{}", account.id), account.name)));
        all
    });
    let line = move |line: Line| {
        view! {
            <li class="flex flex-wrap items-end gap-3" data-testid="route-line">
                <Show when=move || has_models(chosen())>
                    <div class="min-w-40 grow">
                        <TextField label=text!(i18n, model_routes.model) value=line.model mono=true testid="route-model"/>
                    </div>
                </Show>
                <div class="min-w-40 grow">
                    <SelectField label=text!(i18n, model_routes.place) value=line.place options=places testid="route-place"/>
                </div>
                <Button small=true on_press=move |()| lines.update(|all| all.retain(|one| one.id != line.id)) testid="remove-target">
                    <Glyph icon=Icon::Trash class="size-4"/>
                    <span class="sr-only">{t!(i18n, common.delete)}</span>
                </Button>
            </li>
        }
    };
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Failure error=submission.error fields=&[]/>
            <SelectField label=text!(i18n, model_routes.kind) hint=meaning value=kind options=kinds testid="route-kind"/>
            <TextField label=text!(i18n, model_routes.pattern) value=pattern required=true focus=true mono=true testid="route-pattern"/>
            <Show when=move || can_keep(chosen())>
                <label class="flex cursor-pointer items-center gap-2 text-sm">
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm checkbox-primary"
                        data-testid="route-keeps"
                        prop:checked=move || keeps.get()
                        on:change=move |event| keeps.set(event_target_checked(&event))
                    />
                    {t!(i18n, model_routes.keeps_label)}
                </label>
            </Show>
            <fieldset class="min-w-0">
                <legend class="mb-2 text-sm font-medium">{t!(i18n, model_routes.targets)}</legend>
                <ol class="flex flex-col gap-3">
                    <For each=move || lines.get() key=|line| line.id children=line/>
                </ol>
                <Show when=move || lines.with(|lines| lines.len() < MOST_TARGETS)>
                    <div class="mt-3">
                        <Button small=true on_press=add testid="add-target">
                            <Glyph icon=Icon::Plus class="size-4"/>
                            {t!(i18n, model_routes.add_target)}
                        </Button>
                    </div>
                </Show>
            </fieldset>
            <Actions>
                <Button on_press=move |()| shown.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-route">{t!(i18n, common.save)}</Button>
            </Actions>
        </form>
    }
}
