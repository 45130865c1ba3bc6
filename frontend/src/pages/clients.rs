//! Which programs requests come from: the rules that recognise them, and a dry run of changed ones.

mod editor;
mod shipped;
mod trial;

use causeway_openapi::{ClientRuleSet, Permission, SetClientRules, TryClientRules};
use leptos::prelude::*;

use self::{
    editor::{Drafts, Editor, Errors},
    shipped::Shipped,
    trial::Trial,
};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, text, tu_string, use_i18n},
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        loaded::{ListSkeleton, Loaded},
        notice::Failure,
        page::{Card, PageHeader},
        toast::use_toasts,
    },
};

/// What stands beside a field of a rule is not said above the rules.
const OF_RULES: &[&str] = &["rules[*"];

/// The page.
#[component]
pub(crate) fn Clients() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let rules = Query::new(move || api.client_rules());
    view! {
        <PageHeader title=text!(i18n, clients.title) text=text!(i18n, clients.text)/>
        <Loaded query=rules skeleton=|| view! { <Card flush=true><ListSkeleton/></Card> }.into_any() let:set>
            <Rules set rules/>
        </Loaded>
    }
}

#[component]
fn Rules(set: ClientRuleSet, rules: Query<ClientRuleSet>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let may_write = Memo::new(move |_| session.may(Permission::OrganizationWrite));
    let drafts = Drafts::new(&set.rules);
    let without = RwSignal::new(set.without_shipped);
    let version = set.version;
    let headers = StoredValue::new(set.headers.clone());
    let (saving, trying) = (Submission::new(), Submission::new());
    let trial = RwSignal::new(None);
    // What the last answer said of single fields; both buttons are answered alike.
    let errors = Errors::new();
    let save = move |()| {
        let new = SetClientRules {
            version: Some(version),
            rules: drafts.read(),
            without_shipped: without.get_untracked(),
        };
        let sent = drafts.sent();
        errors.clear();
        let request =
            async move { api.set_client_rules(new).await.inspect_err(|error| errors.take(&sent, error)) };
        saving.run(request, move |_| {
            toasts.good(tu_string!(i18n, clients.saved_toast));
            rules.reload();
        });
    };
    let attempt = move |()| {
        let rules = TryClientRules { rules: drafts.read(), without_shipped: without.get_untracked() };
        let sent = drafts.sent();
        errors.clear();
        let request =
            async move { api.try_client_rules(rules).await.inspect_err(|error| errors.take(&sent, error)) };
        trying.run(request, move |found| trial.set(Some(found)));
    };
    view! {
        <div class="flex flex-col gap-6">
            <Card title=text!(i18n, clients.own)>
                <p class="mb-4 max-w-2xl text-sm text-base-content/70">{t!(i18n, clients.own_text)}</p>
                <Failure error=saving.error fields=OF_RULES/>
                <Failure error=trying.error fields=OF_RULES/>
                <Editor drafts headers may_write errors/>
                <label class="mt-5 flex cursor-pointer items-center gap-2 text-sm">
                    <input
                        type="checkbox"
                        class="checkbox checkbox-sm checkbox-primary"
                        prop:checked=move || !without.get()
                        disabled=move || !may_write.get()
                        on:change=move |event| without.set(!event_target_checked(&event))
                        data-testid="shipped-count"
                    />
                    <span>{t!(i18n, clients.shipped_count)}</span>
                </label>
                <Show when=move || may_write.get()>
                    <div class="mt-5 flex flex-wrap justify-end gap-2 border-t border-base-300 pt-4">
                        <Button busy=trying.busy on_press=attempt testid="try-rules">{t!(i18n, clients.attempt)}</Button>
                        <Button kind=Kind::Primary busy=saving.busy on_press=save testid="save-rules">{t!(i18n, common.save)}</Button>
                    </div>
                </Show>
            </Card>
            {move || trial.get().map(|trial| view! { <Trial trial/> })}
            <Shipped set/>
        </div>
    }
}
