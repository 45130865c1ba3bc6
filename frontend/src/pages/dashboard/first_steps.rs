//! Before the first request: what to do next, with what is done already ticked off.

use causeway_openapi::Permission;
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        icon::{Glyph, Icon},
        page::Card,
    },
};

/// Three steps: an account, a key, a client.
#[component]
pub(super) fn FirstSteps() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let accounts = Query::new(move || api.accounts());
    let keys = Query::new(move || api.keys());
    let has_account = Memo::new(move |_| accounts.data().is_some_and(|page| !page.items.is_empty()));
    let has_key = Memo::new(move |_| keys.data().is_some_and(|page| !page.items.is_empty()));
    let may_add = Memo::new(move |_| session.may(Permission::AccountsWrite));
    view! {
        <Card>
            <div class="mx-auto flex max-w-xl flex-col py-4 sm:py-8" data-testid="first-steps">
                <h2 class="text-lg font-semibold">{t!(i18n, dashboard.first_steps)}</h2>
                <p class="mt-1 mb-6 text-sm text-base-content/70">{t!(i18n, dashboard.first_steps_text)}</p>
                <ol class="flex flex-col gap-3">
                    <Step
                        number=1
                        done=has_account
                        next=Signal::derive(move || !has_account.get())
                        title=text!(i18n, dashboard.step_account)
                        text=Signal::derive(move || {
                            if may_add.get() {
                                t_string!(i18n, dashboard.step_account_text).to_owned()
                            } else {
                                t_string!(i18n, dashboard.step_account_ask).to_owned()
                            }
                        })
                        href=routes::ACCOUNTS
                        action=text!(i18n, dashboard.step_account_action)
                        testid="step-account"
                    />
                    <Step
                        number=2
                        done=has_key
                        next=Signal::derive(move || has_account.get() && !has_key.get())
                        title=text!(i18n, dashboard.step_key)
                        text=text!(i18n, dashboard.step_key_text)
                        href=routes::KEYS
                        action=text!(i18n, dashboard.step_key_action)
                        testid="step-key"
                    />
                    <Step
                        number=3
                        done=Signal::stored(false)
                        next=Signal::derive(move || has_account.get() && has_key.get())
                        title=text!(i18n, dashboard.step_connect)
                        text=text!(i18n, dashboard.step_connect_text)
                        href=routes::CONNECT
                        action=text!(i18n, dashboard.step_connect_action)
                        testid="step-connect"
                    />
                </ol>
            </div>
        </Card>
    }
}

#[component]
fn Step(
    number: u8,
    #[prop(into)] done: Signal<bool>,
    /// The step to take now.
    #[prop(into)]
    next: Signal<bool>,
    #[prop(into)] title: Signal<String>,
    #[prop(into)] text: Signal<String>,
    href: &'static str,
    #[prop(into)] action: Signal<String>,
    testid: &'static str,
) -> impl IntoView {
    view! {
        <li
            class="flex flex-wrap items-center gap-4 rounded-box border p-4"
            class=("border-primary", move || next.get())
            class=("bg-primary/5", move || next.get())
            class=("border-base-300", move || !next.get())
            data-done=move || done.get().to_string()
            data-testid=testid
        >
            <span
                class="grid size-8 shrink-0 place-items-center rounded-full text-sm font-semibold"
                class=("bg-success/15", move || done.get())
                class=("text-success", move || done.get())
                class=("bg-base-200", move || !done.get())
                aria-hidden="true"
            >
                {move || if done.get() { view! { <Glyph icon=Icon::Check class="size-4.5"/> }.into_any() } else { number.to_string().into_any() }}
            </span>
            <div class="min-w-40 flex-1">
                <h3 class="font-medium">{move || title.get()}</h3>
                <p class="text-sm text-base-content/70">{move || text.get()}</p>
            </div>
            <a
                class="btn btn-sm"
                class=("btn-primary", move || next.get())
                href=href
            >
                {move || action.get()}
            </a>
        </li>
    }
}
