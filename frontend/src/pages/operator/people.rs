//! Everybody who can sign in: found, locked out, made an operator.

use causeway_openapi::{Person, PersonQuery, UpdatePerson};
use leptos::prelude::*;
use leptos_use::signal_debounced;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        format,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        routes,
        session::use_session,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        confirm::Confirm,
        field::{SelectField, TextField},
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        more::More,
        page::{Card, PageHeader},
        table::{Cell, Column, Table},
        toast::use_toasts,
    },
};

/// The page.
#[component]
pub(crate) fn People() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let (search, who) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let settled: Signal<String> = signal_debounced(search, 250.0);
    let pages = Pages::new(move |cursor| {
        let part = settled.get().trim().to_owned();
        let who = who.get();
        api.people(PersonQuery {
            query: (!part.is_empty()).then_some(part),
            operators: who == "operators",
            disabled: who == "disabled",
            limit: Some(50),
            cursor,
        })
    });
    let choices = Signal::derive(move || {
        vec![
            (String::new(), t_string!(i18n, installation.everybody).to_owned()),
            ("operators".to_owned(), t_string!(i18n, installation.only_operators).to_owned()),
            ("disabled".to_owned(), t_string!(i18n, installation.only_disabled).to_owned()),
        ]
    });
    let columns = move || {
        vec![
            Column::text(text!(i18n, installation.name)),
            Column::text(text!(i18n, installation.belongs_to)),
            Column::text(text!(i18n, installation.last_seen)),
            Column::actions(text!(i18n, common.actions)),
        ]
    };
    view! {
        <PageHeader title=text!(i18n, installation.people) text=text!(i18n, installation.people_text)/>
        <div class="mb-4 grid max-w-2xl gap-3 sm:grid-cols-[1fr_14rem]">
            <TextField label=text!(i18n, installation.people_search) value=search kind="search" testid="people-search"/>
            <SelectField label=text!(i18n, installation.who) value=who options=choices testid="people-who"/>
        </div>
        <Card flush=true>
            <Loaded query=pages.first skeleton=|| view! { <ListSkeleton/> }.into_any() let:page>
                {if page.items.is_empty() {
                    view! { <Empty icon=Icon::Search title=text!(i18n, installation.no_people) text=text!(i18n, installation.no_people_text)/> }
                        .into_any()
                } else {
                    view! {
                        <Table caption=text!(i18n, installation.people) columns=columns() testid="people">
                            {page.items.into_iter().map(|person| view! { <Row person pages/> }).collect_view()}
                            {move || pages.rest().into_iter().map(|person| view! { <Row person pages/> }).collect_view()}
                        </Table>
                    }
                    .into_any()
                }}
            </Loaded>
        </Card>
        <More pages/>
    }
}

#[component]
fn Row(person: Person, pages: Pages<Person>) -> impl IntoView {
    let i18n = use_i18n();
    let is_operator = person.is_operator;
    let is_disabled = person.disabled_at.is_some();
    let shown = person.clone();
    view! {
        <tr data-testid="person">
            <Cell label=text!(i18n, installation.name)>
                <div class="flex flex-wrap items-center gap-2 max-sm:justify-end">
                    <span class="font-medium break-words">{shown.name}</span>
                    {is_operator.then(|| view! { <Badge tone=Tone::Info>{t!(i18n, installation.operator)}</Badge> })}
                    {is_disabled.then(|| view! { <Badge tone=Tone::Bad dot=true>{t!(i18n, installation.disabled)}</Badge> })}
                </div>
                <div class="text-xs break-all text-base-content/70">{shown.email}</div>
            </Cell>
            <Cell label=text!(i18n, installation.belongs_to)>
                {if shown.organizations.is_empty() {
                    view! { <span class="text-base-content/70">{t!(i18n, installation.nowhere)}</span> }.into_any()
                } else {
                    shown
                        .organizations
                        .into_iter()
                        .map(|home| view! {
                            <div>
                                <a class="link link-hover" href=format!("{}/{}", routes::TENANTS, home.id)>{home.name}</a>
                                <span class="text-xs text-base-content/70">" · " {home.role.as_str()}</span>
                            </div>
                        })
                        .collect_view()
                        .into_any()
                }}
            </Cell>
            <Cell label=text!(i18n, installation.last_seen)>
                {match shown.last_seen_at {
                    Some(at) => view! {
                        <span class="whitespace-nowrap tabular-nums" title=format::moment_exact(at)>
                            {move || format::moment(at, i18n.get_locale())}
                        </span>
                    }
                    .into_any(),
                    None => view! { <span class="text-base-content/70">{t!(i18n, installation.never)}</span> }.into_any(),
                }}
            </Cell>
            <Cell label=text!(i18n, common.actions) numeric=true><Switches person pages/></Cell>
        </tr>
    }
}

/// Locking out and in, making an operator and no longer one; each asked first.
#[component]
fn Switches(person: Person, pages: Pages<Person>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let session = use_session();
    let changing = Submission::new();
    let (locking, running) = (RwSignal::new(false), RwSignal::new(false));
    let is_self = session.member().is_some_and(|me| me.user.id == person.id);
    let (id, name) = (person.id, StoredValue::new(person.name));
    let (is_operator, is_disabled) = (person.is_operator, person.disabled_at.is_some());
    Effect::new(move |_| {
        if let Some(error) = changing.error.get() {
            toasts.bad(error.message(i18n.get_locale_untracked()));
        }
    });
    let change = move |change: UpdatePerson| {
        changing.run(async move { api.change_person(id, change).await }, move |_| {
            locking.set(false);
            running.set(false);
            toasts.good(tu_string!(i18n, installation.person_saved, name = name.get_value()));
            pages.reload();
        });
    };
    let lock = move |disabled| change(UpdatePerson { disabled: Some(disabled), ..UpdatePerson::default() });
    let run =
        move |is_operator| change(UpdatePerson { is_operator: Some(is_operator), ..UpdatePerson::default() });
    let (run_title, run_text, run_action) = if is_operator {
        (
            text!(i18n, installation.revoke_title, name = name.get_value()),
            text!(i18n, installation.revoke_text),
            text!(i18n, installation.revoke),
        )
    } else {
        (
            text!(i18n, installation.grant_title, name = name.get_value()),
            text!(i18n, installation.grant_text),
            text!(i18n, installation.grant),
        )
    };
    view! {
        <div class="flex flex-wrap justify-end gap-2">
            <Button small=true on_press=move |()| running.set(true) testid="toggle-operator">{move || run_action.get()}</Button>
            {(!is_self).then(|| if is_disabled {
                view! { <Button small=true busy=changing.busy on_press=move |()| lock(false) testid="enable-person">{t!(i18n, installation.enable)}</Button> }
            } else {
                view! { <Button small=true on_press=move |()| locking.set(true) testid="disable-person">{t!(i18n, installation.disable)}</Button> }
            })}
        </div>
        <Confirm
            open=locking
            title=text!(i18n, installation.disable_title, name = name.get_value())
            text=text!(i18n, installation.disable_text)
            action=text!(i18n, installation.disable)
            busy=changing.busy
            on_confirm=move |()| lock(true)
        />
        <Confirm
            open=running
            title=run_title
            text=run_text
            action=run_action
            busy=changing.busy
            on_confirm=move |()| run(!is_operator)
        />
    }
}
