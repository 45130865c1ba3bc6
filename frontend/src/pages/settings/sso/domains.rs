//! The e-mail domains.

use causeway_openapi::{SingleSignOn, SsoDomain};
use leptos::prelude::*;

use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    ui::{
        badge::{Badge, Tone},
        button::Button,
        field::TextField,
        notice::Failure,
    },
};

/// The list, and a form to add to it.
#[component]
pub(super) fn Domains(
    domains: Vec<SsoDomain>,
    may_write: bool,
    settings: Query<SingleSignOn>,
) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = Submission::new();
    let removal = Submission::new();
    let domain = RwSignal::new(String::new());
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let name = domain.get_untracked().trim().to_owned();
        submission.run(async move { api.add_sso_domain(name).await }, move |_| settings.reload());
    };
    let row = move |found: SsoDomain| {
        let confirmed = found.confirmed_at.is_some();
        let tone = if confirmed { Tone::Good } else { Tone::Warning };
        let name = found.domain.clone();
        let remove = move |()| {
            let name = name.clone();
            removal.run(async move { api.remove_sso_domain(&name).await }, move |()| settings.reload());
        };
        view! {
            <li class="flex flex-wrap items-center gap-2 text-sm" data-testid="sso-domain">
                <span class="font-mono break-all">{found.domain}</span>
                <Badge tone>
                    {move || if confirmed { t_string!(i18n, sso.confirmed) } else { t_string!(i18n, sso.unconfirmed) }}
                </Badge>
                {may_write.then(|| view! {
                    <Button small=true busy=removal.busy on_press=remove>{t!(i18n, sso.remove)}</Button>
                })}
            </li>
        }
    };
    view! {
        <div class="flex flex-col gap-3">
            <h3 class="text-sm font-semibold">{t!(i18n, sso.domains)}</h3>
            <p class="text-sm text-base-content/70">{t!(i18n, sso.domains_text)}</p>
            <Failure error=removal.error/>
            <ul class="flex flex-col gap-2">{domains.into_iter().map(row).collect_view()}</ul>
            {may_write.then(|| view! {
                <form class="flex flex-col gap-3 sm:max-w-md" on:submit=send>
                    <Failure error=submission.error fields=&["domain"]/>
                    <TextField
                        label=text!(i18n, sso.domain)
                        value=domain
                        placeholder="example.com"
                        required=true
                        error=submission.field("domain")
                        testid="sso-domain-name"
                    />
                    <div><Button submit=true busy=submission.busy testid="sso-domain-add">{t!(i18n, sso.add_domain)}</Button></div>
                </form>
            })}
        </div>
    }
}
