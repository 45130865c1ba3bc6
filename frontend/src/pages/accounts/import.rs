//! Accounts out of files: look first, choose what they are for, then import.

mod report;

use causeway_domain::{PoolId, UserId, proxy::Choice};
use causeway_openapi::{AccountImport, AccountImportQuery, Permission};
use leptos::{html, prelude::*};

use self::report::Report;
use super::new::Reminded;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    pages::proxies::choice::{ProxyField, Whose, read},
    ui::{
        badge::Tone,
        button::{Button, Kind},
        field::{SelectField, TextField},
        icon::{Glyph, Icon},
        notice::{Failure, Notice},
        page::{Card, PageHeader},
    },
};

/// The form's fields, beside which the API's words about them stand.
const FIELDS: &[&str] = &["pool_id", "owner_id", "proxy"];

/// An entry of a plain list, as an example. It is the same in every language.
const EXAMPLE: &str = r#"[{"name": "Research", "provider": "anthropic", "api_key": "sk-ant-…"},
 {"name": "Station", "provider": "openai-compatible", "api_key": "…",
  "base_url": "https://llm.example.com", "pool": "Main"}]"#;

/// The page.
#[component]
pub(crate) fn ImportAccounts() -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let may_write = Memo::new(move |_| session.may(Permission::AccountsWrite));
    view! {
        <a class="link link-hover mb-3 inline-block text-sm text-base-content/70" href=routes::ACCOUNTS>
            "← "
            {t!(i18n, accounts.title)}
        </a>
        <PageHeader title=text!(i18n, account_import.title) text=text!(i18n, account_import.text)/>
        {move || if may_write.get() {
            view! { <Import/> }.into_any()
        } else {
            view! { <Notice tone=Tone::Info>{t!(i18n, onboarding.not_allowed)}</Notice> }.into_any()
        }}
    }
}

#[component]
fn Import() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let chooser = NodeRef::<html::Input>::new();
    let sending = Submission::new();
    let report = RwSignal::new(None::<AccountImport>);
    let name = RwSignal::new(String::new());
    let me = untrack(move || session.member()).map(|me| me.user.id.to_string()).unwrap_or_default();
    let (pool, owner, location) =
        (RwSignal::new(String::new()), RwSignal::new(me), RwSignal::new(String::new()));
    let proxy = RwSignal::new(Choice::Inherit.to_string());
    let pools = Query::new(move || api.pools());
    let proxies = Query::new(move || api.proxies());
    let members = Query::new(move || api.members());
    let send = move |dry_run: bool| {
        let Some(file) = chooser.get_untracked().and_then(|chooser| chooser.files()?.get(0)) else { return };
        let place = location.with_untracked(|place| place.trim().to_owned());
        let query = AccountImportQuery {
            dry_run,
            file_name: Some(file.name()),
            pool_id: pool.get_untracked().parse::<PoolId>().ok(),
            owner_id: owner.get_untracked().parse::<UserId>().ok(),
            location: Some(place).filter(|place| !place.is_empty()),
            proxy: Some(read(&proxy.get_untracked())),
        };
        sending
            .run(async move { api.import_accounts(file, query).await }, move |told| report.set(Some(told)));
    };
    let take = move |_| {
        let file = chooser.get_untracked().and_then(|chooser| chooser.files()?.get(0));
        name.set(file.map(|file| file.name()).unwrap_or_default());
        report.set(None);
        send(true);
    };
    // The same file may be chosen again, which without this would be no change.
    let another = move |()| {
        if let Some(chooser) = chooser.get_untracked() {
            chooser.set_value("");
        }
        name.set(String::new());
        report.set(None);
    };
    let over = Memo::new(move |_| report.with(|r| r.as_ref().is_some_and(|r| !r.dry_run)));
    let worth = Memo::new(move |_| report.with(|r| r.as_ref().filter(|r| r.dry_run).map_or(0, |r| r.added)));
    let options = Signal::derive(move || {
        let mut options = vec![(String::new(), t_string!(i18n, account_import.no_pool).to_owned())];
        let all = pools.data().map(|page| page.items).unwrap_or_default();
        options.extend(all.into_iter().map(|pool| (pool.id.to_string(), pool.name)));
        options
    });
    view! {
        <div class="flex flex-col gap-5">
            <div class=("hidden", move || over.get())>
                <Card>
                    <div class="flex flex-col gap-5">
                        // The input covers the area: what is dropped there is dropped on it.
                        <label class="relative flex cursor-pointer flex-col items-center gap-1 rounded-box border-2 border-dashed border-base-300 px-4 py-8 text-center has-focus-visible:border-primary hover:border-primary">
                            <Glyph icon=Icon::Plus class="size-6"/>
                            <span class="max-w-full text-sm font-medium break-words">
                                {move || if name.with(String::is_empty) {
                                    t_string!(i18n, account_import.choose).to_owned()
                                } else {
                                    t_string!(i18n, account_import.chosen, name = name.get())
                                }}
                            </span>
                            <span class="text-xs text-base-content/70">{t!(i18n, account_import.choose_hint)}</span>
                            <input
                                node_ref=chooser
                                type="file"
                                accept=".json,.zip,application/json,application/zip"
                                class="absolute inset-0 size-full cursor-pointer opacity-0"
                                data-testid="import-file"
                                on:change=take
                            />
                        </label>
                        <details class="text-sm">
                            <summary class="cursor-pointer font-medium">{t!(i18n, account_import.known)}</summary>
                            <ul class="mt-3 flex list-disc flex-col gap-1 ps-5 text-base-content/80">
                                <li>{t!(i18n, account_import.known_claude)}</li>
                                <li>{t!(i18n, account_import.known_codex)}</li>
                                <li>{t!(i18n, account_import.known_others)}</li>
                                <li>{t!(i18n, account_import.known_clouds)}</li>
                                <li>
                                    {t!(i18n, account_import.known_list)}
                                    <pre class="mt-1 overflow-x-auto rounded-box bg-base-200 px-3 py-2 text-xs" tabindex="0">{EXAMPLE}</pre>
                                </li>
                            </ul>
                            <p class="mt-3 text-base-content/80">{t!(i18n, account_import.alone)}</p>
                        </details>
                        <div class="grid gap-4 sm:grid-cols-2">
                            <SelectField
                                label=text!(i18n, account_import.pool)
                                hint=text!(i18n, account_import.pool_hint)
                                value=pool
                                options
                                error=sending.field("pool_id")
                                testid="import-pool"
                            />
                            <Reminded owner members submission=sending/>
                            <TextField
                                label=text!(i18n, account_import.location)
                                hint=text!(i18n, account_import.location_hint)
                                placeholder="eu-central-1"
                                value=location
                                mono=true
                                testid="import-location"
                            />
                            <ProxyField value=proxy proxies whose=Whose::Accounts submission=sending/>
                        </div>
                    </div>
                </Card>
            </div>
            <Failure error=sending.error fields=FIELDS/>
            {move || report.get().map(|report| view! { <Report report/> })}
            <div class="flex flex-wrap justify-end gap-2">
                {move || if over.get() {
                    view! {
                        <Button on_press=another testid="import-another">
                            {t!(i18n, account_import.another)}
                        </Button>
                        <a class="btn btn-primary" href=routes::ACCOUNTS data-testid="import-to-accounts">
                            {t!(i18n, account_import.to_accounts)}
                        </a>
                    }
                    .into_any()
                } else {
                    view! {
                        <a class="btn btn-ghost" href=routes::ACCOUNTS>{t!(i18n, common.cancel)}</a>
                        <Show when=move || report.with(Option::is_some)>
                            <Button busy=sending.busy on_press=move |()| send(true) testid="import-look">
                                {t!(i18n, account_import.again)}
                            </Button>
                        </Show>
                        <Show when=move || { worth.get() > 0 }>
                            <Button kind=Kind::Primary busy=sending.busy on_press=move |()| send(false) testid="import-do">
                                {move || t_string!(i18n, account_import.do_it, count = worth.get())}
                            </Button>
                        </Show>
                    }
                    .into_any()
                }}
            </div>
        </div>
    }
}
