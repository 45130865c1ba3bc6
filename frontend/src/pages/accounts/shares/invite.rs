//! Asking somebody to share an account: whom, at which provider, and what becomes of it here.

use causeway_domain::{PoolId, provider::Provider};
use causeway_openapi::{CreateShare, Delivery, ProviderPreset};
use leptos::prelude::*;

use super::{Sharing, told};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        query::Query,
    },
    pages::members::DeliveryChoice,
    ui::{
        button::{Button, Kind},
        checks::Checks,
        dialog::Actions,
        field::{SelectField, TextArea, TextField},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &["email", "provider", "name", "base_url", "message", "expires_in_days"];

/// The form within the dialog.
#[component]
pub(in crate::pages::accounts) fn InviteToShare(sharing: Sharing) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let toasts = use_toasts();
    let submission = Submission::new();
    let instance = Query::new(move || api.instance());
    let mails = Memo::new(move |_| instance.data().is_some_and(|instance| instance.mail));
    let pools = Query::new(move || api.pools());
    let [email, chosen, name, base_url, message] = [(); 5].map(|()| RwSignal::new(String::new()));
    let chosen_pools = RwSignal::new(Vec::new());
    let days = RwSignal::new("7".to_owned());
    let bad_days = RwSignal::new(false);
    let delivery = RwSignal::new(Delivery::Mail);
    // Nobody can follow an invitation to a provider that no way leads to.
    let open = Memo::new(move |_| {
        let all = sharing.providers.data().unwrap_or_default();
        all.into_iter().filter(|preset| !preset.sign_in.is_empty()).collect::<Vec<ProviderPreset>>()
    });
    Effect::new(move |_| {
        let first = open.with(|all| all.first().map(|preset| preset.provider.to_string()));
        if let Some(first) = first
            && chosen.with_untracked(String::is_empty)
        {
            chosen.set(first);
        }
    });
    let options = Signal::derive(move || {
        open.with(|all| {
            all.iter().map(|preset| (preset.provider.to_string(), preset.name.clone())).collect::<Vec<_>>()
        })
    });
    let needs_address = Memo::new(move |_| {
        let chosen = chosen.get();
        open.with(|all| {
            all.iter().any(|preset| preset.provider.as_str() == chosen && preset.base_url.is_none())
        })
    });
    let given = |value: RwSignal<String>| {
        Some(value.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(expires_in_days) = days.get_untracked().trim().parse() else { return bad_days.set(true) };
        bad_days.set(false);
        let Ok(provider) = chosen.get_untracked().parse::<Provider>() else { return };
        let share = CreateShare {
            email: email.get_untracked().trim().to_owned(),
            provider,
            name: given(name),
            pool_ids: chosen_pools.with_untracked(|ids: &Vec<String>| {
                ids.iter().filter_map(|id| id.parse::<PoolId>().ok()).collect()
            }),
            base_url: given(base_url).filter(|_| needs_address.get_untracked()),
            message: message.get_untracked().trim().to_owned(),
            expires_in_days: Some(expires_in_days),
            delivery: mails.get_untracked().then(|| delivery.get_untracked()),
        };
        submission.run(async move { api.invite_to_share(share).await }, move |sent| {
            sharing.inviting.set(false);
            told(sent, sharing, toasts, |email| tu_string!(i18n, share.invited_toast, email = email));
        });
    };
    let days_error = Signal::derive(move || {
        let here = bad_days.get().then(|| t_string!(i18n, members.not_days).to_owned());
        here.or_else(|| submission.field("expires_in_days").get())
    });
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <p class="text-sm text-base-content/70">{t!(i18n, share.invite_text)}</p>
            <Failure error=submission.error fields=FIELDS/>
            <TextField
                label=text!(i18n, share.email)
                hint=text!(i18n, share.email_hint)
                value=email
                kind="email"
                required=true
                focus=true
                error=submission.field("email")
                testid="share-email"
            />
            <div class="grid gap-4 sm:grid-cols-2">
                <SelectField
                    label=text!(i18n, share.provider)
                    value=chosen
                    options
                    error=submission.field("provider")
                    testid="share-provider"
                />
                <TextField
                    label=text!(i18n, share.name)
                    hint=text!(i18n, share.name_hint_invite)
                    optional=text!(i18n, common.optional)
                    value=name
                    error=submission.field("name")
                    testid="share-name"
                />
            </div>
            <Show when=move || needs_address.get()>
                <TextField
                    label=text!(i18n, accounts.base_url)
                    hint=text!(i18n, share.base_url_hint)
                    placeholder="https://llm.example.com"
                    value=base_url
                    kind="url"
                    required=true
                    mono=true
                    error=submission.field("base_url")
                    testid="share-base-url"
                />
            </Show>
            {move || pools.data().filter(|page| !page.items.is_empty()).map(|page| {
                let options: Vec<_> = page.items.into_iter().map(|pool| (pool.id.to_string(), pool.name)).collect();
                view! {
                    <Checks
                        legend=text!(i18n, share.pools)
                        hint=text!(i18n, share.pools_hint)
                        value=chosen_pools
                        options=Signal::stored(options)
                        testid="share-pools"
                    />
                }
            })}
            <TextArea
                label=text!(i18n, share.message)
                hint=text!(i18n, share.message_hint)
                optional=text!(i18n, common.optional)
                value=message
                error=submission.field("message")
                testid="share-message"
            />
            <DeliveryChoice value=delivery mails/>
            <TextField
                label=text!(i18n, members.days)
                hint=text!(i18n, members.days_hint)
                value=days
                inputmode="numeric"
                required=true
                error=days_error
                testid="share-days"
            />
            <Actions>
                <Button on_press=move |()| sharing.inviting.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="send-share">{t!(i18n, share.invite)}</Button>
            </Actions>
        </form>
    }
}
