//! What an import did, or would do: figures, and a row for each credential.

use causeway_openapi::{AccountFileKind, AccountImport, AccountImportItem, AccountImportOutcome};
use leptos::prelude::*;

use crate::{
    core::{
        format,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
        routes,
    },
    ui::{
        badge::{Badge, Tone},
        notice::Notice,
        page::Card,
        table::{Cell, Column, Table},
    },
};

/// The whole of it.
#[component]
pub(super) fn Report(report: AccountImport) -> impl IntoView {
    let i18n = use_i18n();
    let AccountImport { dry_run, files, added, present, refused, items } = report;
    let tone = match (refused, added) {
        (1.., _) => Tone::Warning,
        (0, 0) => Tone::Info,
        _ => Tone::Good,
    };
    let figure = move |label: Signal<String>, count: u32, testid: &'static str| {
        view! {
            <div class="flex items-baseline gap-2">
                <dt class="text-base-content/70">{move || label.get()}</dt>
                <dd class="font-semibold tabular-nums" data-testid=testid>{format::grouped(u64::from(count))}</dd>
            </div>
        }
    };
    let added_label =
        if dry_run { text!(i18n, account_import.would_add) } else { text!(i18n, account_import.added) };
    let columns = vec![
        Column::text(text!(i18n, account_import.file)),
        Column::text(text!(i18n, account_import.what)),
        Column::text(text!(i18n, account_import.account)),
        Column::text(text!(i18n, account_import.outcome)),
    ];
    let nothing = items.is_empty();
    view! {
        <div class="flex flex-col gap-4" data-testid="import-report" data-dry-run=dry_run.to_string()>
            <Notice tone>
                {if nothing {
                    t!(i18n, account_import.nothing).into_any()
                } else if dry_run {
                    t!(i18n, account_import.looked).into_any()
                } else {
                    t!(i18n, account_import.done).into_any()
                }}
            </Notice>
            <dl class="flex flex-wrap gap-x-6 gap-y-1 text-sm">
                {figure(text!(i18n, account_import.files), files, "import-files")}
                {figure(added_label, added, "import-added")}
                {figure(text!(i18n, account_import.present), present, "import-present")}
                {figure(text!(i18n, account_import.refused), refused, "import-refused")}
            </dl>
            {(!nothing).then(|| view! {
                <Card flush=true>
                    <Table caption=text!(i18n, account_import.title) columns testid="import-items">
                        {items.into_iter().map(|item| view! { <Item item dry_run/> }).collect_view()}
                    </Table>
                </Card>
            })}
        </div>
    }
}

#[component]
fn Item(item: AccountImportItem, dry_run: bool) -> impl IntoView {
    let i18n = use_i18n();
    let AccountImportItem { file, place, kind, outcome, provider, name, email, plan, expires_at, .. } = item;
    let (account_id, field, reason) = (item.account_id, item.field, item.reason);
    let (tone, word) = match outcome {
        AccountImportOutcome::Added if dry_run => (Tone::Info, "would_add"),
        AccountImportOutcome::Added => (Tone::Good, "added"),
        AccountImportOutcome::Present => (Tone::Neutral, "present"),
        AccountImportOutcome::Refused => (Tone::Warning, "refused"),
    };
    let known = name.unwrap_or_default();
    // A name that has the address in it says it once.
    let facts = [provider, email.filter(|email| !known.contains(email.as_str())), plan];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let linked = account_id.is_some();
    view! {
        <tr data-testid="import-item" data-outcome=word>
            <Cell label=text!(i18n, account_import.file)>
                <span class="break-all">{file}</span>
                {place.map(|place| view! {
                    <span class="ms-2 text-xs whitespace-nowrap text-base-content/70">{t!(i18n, account_import.place, place = place)}</span>
                })}
            </Cell>
            <Cell label=text!(i18n, account_import.what)>{move || kind_name(kind, i18n.get_locale())}</Cell>
            <Cell label=text!(i18n, account_import.account)>
                <div class="flex min-w-0 flex-col gap-0.5">
                    {if linked {
                        view! { <a class="link font-medium break-words" href=routes::ACCOUNTS data-testid="import-link">{known}</a> }.into_any()
                    } else {
                        view! { <span class="font-medium break-words">{known}</span> }.into_any()
                    }}
                    {(!facts.is_empty()).then(|| view! { <span class="text-xs break-words text-base-content/70">{facts}</span> })}
                    {expires_at.map(|at| view! {
                        <span class="text-xs text-base-content/70">
                            {move || t_string!(i18n, account_import.ends, at = format::dated(at))}
                        </span>
                    })}
                </div>
            </Cell>
            <Cell label=text!(i18n, account_import.outcome)>
                <div class="flex min-w-0 flex-col items-start gap-1 max-md:items-end">
                    <Badge tone>{move || outcome_name(word, i18n.get_locale())}</Badge>
                    {reason.map(|reason| view! {
                        <span class="text-xs break-words text-base-content/80" data-testid="import-reason">
                            {field.map(|field| view! { <code class="me-1">{field}</code> })}
                            {reason}
                        </span>
                    })}
                </div>
            </Cell>
        </tr>
    }
}

fn outcome_name(word: &str, locale: Locale) -> &'static str {
    match word {
        "would_add" => td_string!(locale, account_import.state_would_add),
        "added" => td_string!(locale, account_import.state_added),
        "present" => td_string!(locale, account_import.state_present),
        _ => td_string!(locale, account_import.state_refused),
    }
}

fn kind_name(kind: Option<AccountFileKind>, locale: Locale) -> &'static str {
    match kind {
        None => td_string!(locale, account_import.kind_unknown),
        Some(AccountFileKind::ClaudeCode) => td_string!(locale, account_import.kind_claude_code),
        Some(AccountFileKind::Codex) => td_string!(locale, account_import.kind_codex),
        Some(AccountFileKind::GeminiCli) => td_string!(locale, account_import.kind_gemini_cli),
        Some(AccountFileKind::QwenCode) => td_string!(locale, account_import.kind_qwen_code),
        Some(AccountFileKind::ServiceAccount) => td_string!(locale, account_import.kind_service_account),
        Some(AccountFileKind::AwsKeys) => td_string!(locale, account_import.kind_aws_keys),
        Some(AccountFileKind::ProxyAuth) => td_string!(locale, account_import.kind_proxy_auth),
        Some(AccountFileKind::Plain) => td_string!(locale, account_import.kind_plain),
    }
}
