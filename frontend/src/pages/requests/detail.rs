//! Everything that is known of one request: every token bucket, the times, who and where.

use causeway_openapi::Request;
use leptos::prelude::*;

use super::{row::OutcomeBadge, way::Way};
use crate::{
    core::{
        format,
        i18n::{t, t_string, text, use_i18n},
    },
    ui::{badge::Tone, copy::CopyButton, notice::Notice},
};

/// What people call a client, where a shipped rule names it; else its identifier.
fn client_name(client: &str) -> String {
    let rule = causeway_domain::client::shipped().iter().find(|rule| rule.client == client);
    rule.map_or_else(|| client.to_owned(), |rule| rule.name.clone())
}

/// The details within the dialog.
#[component]
pub(super) fn Detail(request: Request) -> impl IntoView {
    let i18n = use_i18n();
    let tokens = request.tokens;
    let bucket = move |label: Signal<String>, count: u64, testid: &'static str| {
        view! {
            <div class="flex justify-between gap-4 py-1.5">
                <dt class="text-base-content/70">{move || label.get()}</dt>
                <dd class="tabular-nums" data-testid=testid>{format::grouped(count)}</dd>
            </div>
        }
    };
    let fact = move |label: Signal<String>, value: String| {
        view! {
            <div class="flex flex-col py-1.5 min-w-0">
                <dt class="text-xs text-base-content/70">{move || label.get()}</dt>
                <dd class="break-words">{if value.is_empty() { "—".to_owned() } else { value }}</dd>
            </div>
        }
    };
    let identifier = move |label: Signal<String>, value: String| {
        view! {
            <div class="flex items-center justify-between gap-2 py-1">
                <dt class="shrink-0 text-xs text-base-content/70">{move || label.get()}</dt>
                <dd class="flex min-w-0 items-center gap-1">
                    <code class="truncate text-xs">{value.clone()}</code>
                    <CopyButton text=value/>
                </dd>
            </div>
        }
    };
    let ms = |n: u32| format::duration_ms(u64::from(n));
    let streamed = request.stream;
    view! {
        <div class="flex flex-col gap-5 text-sm">
            <div class="flex flex-wrap items-center gap-3">
                <OutcomeBadge outcome=request.outcome status=request.status/>
                <span class="font-mono text-sm">{request.model}</span>
                <span class="ml-auto text-lg font-semibold tabular-nums" data-testid="detail-cost">
                    {format::dollars_exact(request.cost_usd)}
                </span>
            </div>
            {request.error.map(|error| view! { <Notice tone=Tone::Bad>{error}</Notice> })}
            {request.estimated.then(|| view! { <Notice tone=Tone::Warning>{t!(i18n, requests.estimated)}</Notice> })}
            <div class="grid gap-x-8 gap-y-4 sm:grid-cols-2">
                <section>
                    <h3 class="mb-1 font-semibold">{t!(i18n, requests.tokens)}</h3>
                    <dl class="divide-y divide-base-300">
                        {bucket(text!(i18n, requests.bucket_input), tokens.input, "tokens-input")}
                        {bucket(text!(i18n, requests.bucket_cache_read), tokens.cache_read, "tokens-cache-read")}
                        {bucket(text!(i18n, requests.bucket_write_5m), tokens.cache_write_5m, "tokens-write-5m")}
                        {bucket(text!(i18n, requests.bucket_write_1h), tokens.cache_write_1h, "tokens-write-1h")}
                        {bucket(text!(i18n, requests.bucket_output), tokens.output, "tokens-output")}
                        {(tokens.reasoning > 0)
                            .then(|| bucket(text!(i18n, requests.bucket_reasoning), tokens.reasoning, "tokens-reasoning"))}
                    </dl>
                </section>
                <section>
                    <h3 class="mb-1 font-semibold">{t!(i18n, requests.facts)}</h3>
                    <dl class="grid grid-cols-2 gap-x-4">
                        {fact(text!(i18n, requests.time), format::moment_exact(request.started_at))}
                        {fact(text!(i18n, requests.status), if request.status == 0 { String::new() } else { request.status.to_string() })}
                        {fact(text!(i18n, requests.first_byte), request.first_byte_ms.map(ms).unwrap_or_default())}
                        {fact(text!(i18n, requests.duration), ms(request.duration_ms))}
                        {fact(text!(i18n, requests.key), request.key_name.clone())}
                        {fact(text!(i18n, requests.account), request.account_name.clone())}
                        {fact(text!(i18n, requests.member), request.member_name.clone())}
                        {fact(text!(i18n, requests.provider_cost), format::dollars_exact(request.provider_cost_usd))}
                        <div class="flex flex-col py-1.5">
                            <dt class="text-xs text-base-content/70">{t!(i18n, requests.stream)}</dt>
                            <dd>{move || if streamed { t_string!(i18n, common.yes) } else { t_string!(i18n, common.no) }}</dd>
                        </div>
                        {fact(text!(i18n, requests.client), request.client.clone())}
                        {fact(text!(i18n, requests.recognised), client_name(&request.client_id))}
                    </dl>
                </section>
            </div>
            <Way request=request.request_id/>
            <dl class="rounded-box bg-base-200 px-4 py-2">
                {identifier(text!(i18n, requests.request_id), request.request_id.to_string())}
                {request
                    .upstream_request_id
                    .map(|id| identifier(text!(i18n, requests.upstream_request_id), id))}
            </dl>
        </div>
    }
}
