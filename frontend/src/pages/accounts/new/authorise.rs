//! Authorising an account at its issuer: begun here, agreed to there, followed until there is an answer. What the issuer
//! says is shown as it is.

mod code;
mod device;
mod identity;

use causeway_openapi::{
    Authorization, AuthorizationRedirect, AuthorizationStatus, AuthorizationWay, BeginAuthorization,
    ProviderPreset, SignInWay,
};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

pub(in crate::pages::accounts) use self::identity::Facts;
use self::{code::WithCode, device::WithDevice, identity::Identity};
use super::{
    Own, Step, Task, Wizard,
    steps::{BackFromSignIn, StepActions},
};
use crate::{
    core::{
        api::{Api, use_api},
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
    },
    pages::{
        accounts::health::clock,
        proxies::choice::{ProxyField, Whose, read},
    },
    ui::{
        badge::Tone,
        button::{Button, Kind},
        choice::Choice,
        notice::{Failure, Notice},
    },
};

/// The field of what begins an authorisation; what else the API refuses stands above.
const FIELDS: &[&str] = &["proxy"];

/// The whole of it.
#[component]
pub(super) fn Authorise(wizard: Wizard, preset: ProviderPreset, way: SignInWay) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let submission = wizard.submission;
    let held = wizard.authorization;
    let is_code = way == SignInWay::OauthCode;
    let is_own = wizard.task.with_value(Task::is_own);
    let redirects = if is_code { preset.redirects } else { Vec::new() };
    let redirect = RwSignal::new(redirects.first().copied().unwrap_or(AuthorizationRedirect::Page));
    let options = redirects
        .iter()
        .map(|way| {
            let (name, meaning) = redirect_words(*way);
            (*way, name, meaning)
        })
        .collect::<Vec<_>>();
    let (provider, several, chooses) = (preset.provider, redirects.len() > 1, !redirects.is_empty());
    let begin = move |()| {
        wizard.give_up(api);
        let ask = BeginAuthorization {
            provider,
            auth: if is_code { AuthorizationWay::OauthCode } else { AuthorizationWay::DeviceCode },
            redirect: chooses.then(|| redirect.get_untracked()),
            // Which way the requests of an account leave is for those to say who manage it.
            proxy: (!is_own).then(|| read(&wizard.proxy.get_untracked())),
            share_id: None,
            account_id: None,
        };
        let ask = wizard.task.with_value(|task| task.concerns(ask));
        submission.run(async move { api.begin_authorization(ask).await }, move |begun| {
            follow(api, held, begun.id, begun.interval);
            let _ = held.try_set(Some(begun));
        });
    };
    let stage = Memo::new(move |_| held.with(|held| held.as_ref().map(|held| (held.id, held.status))));
    let options = StoredValue::new(options);
    let proxies = (!is_own).then(|| Query::new(move || api.proxies()));
    // Whoever is authorised and may be.
    let suits = Memo::new(move |_| {
        held.with(|held| {
            held.as_ref().is_some_and(|held| {
                held.status == AuthorizationStatus::Authorized
                    && !wizard.task.with_value(|task| task.is_stranger(held))
            })
        })
    });
    view! {
        <div class="flex flex-col gap-4" data-testid="authorise" data-status=move || stage.get().map(|(_, status)| word(status))>
            <Failure error=submission.error fields=FIELDS/>
            {move || match stage.get() {
                None => view! {
                    {several.then(|| view! {
                        <Choice legend=text!(i18n, onboarding.redirect) value=redirect options=options.get_value() testid="redirects"/>
                    })}
                    {move || proxies.filter(|all| all.data().is_some_and(|page| !page.items.is_empty())).map(|proxies| view! {
                        <div class="sm:max-w-sm"><ProxyField value=wizard.proxy proxies whose=Whose::Accounts submission/></div>
                    })}
                    <p class="text-sm text-base-content/70">
                        {move || if is_code { t_string!(i18n, onboarding.code_text) } else { t_string!(i18n, onboarding.device_text) }}
                    </p>
                    <div>
                        <Button kind=Kind::Primary busy=submission.busy on_press=begin testid="begin-authorization">
                            {move || if is_code { t_string!(i18n, onboarding.begin_code) } else { t_string!(i18n, onboarding.begin_device) }}
                        </Button>
                    </div>
                }
                .into_any(),
                Some((_, AuthorizationStatus::Pending | AuthorizationStatus::Exchanging)) => {
                    untrack(move || held.get()).map(|authorization| view! { <UnderWay wizard authorization/> }).into_any()
                }
                Some((_, AuthorizationStatus::Authorized)) => {
                    untrack(move || held.get()).map(|authorization| view! { <Identity wizard authorization begin/> }).into_any()
                }
                Some((_, status)) => {
                    let failure = untrack(move || held.get()).and_then(|held| held.failure);
                    view! { <Over status failure begin=Callback::new(begin) busy=submission.busy/> }.into_any()
                }
            }}
            <StepActions>
                <BackFromSignIn wizard/>
                <Show when=move || suits.get()>
                    <Button kind=Kind::Primary on_press=move |()| wizard.go(Step::Usage) testid="wizard-next">
                        {t!(i18n, onboarding.next)}
                    </Button>
                </Show>
            </StepActions>
        </div>
    }
}

/// While the person is at the issuer.
#[component]
fn UnderWay(wizard: Wizard, authorization: Authorization) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let held = wizard.authorization;
    let expires_at = authorization.expires_at;
    let now = clock();
    let left = move || {
        let seconds = expires_at.signed_duration_since(now.get()).num_seconds().max(0);
        t_string!(i18n, onboarding.expires_in, time = format!("{}:{:02}", seconds / 60, seconds % 60))
    };
    let exchanging = authorization.status == AuthorizationStatus::Exchanging;
    let by_device = authorization.auth == AuthorizationWay::DeviceCode;
    view! {
        {if by_device {
            view! { <WithDevice authorization/> }.into_any()
        } else {
            view! { <WithCode held authorization/> }.into_any()
        }}
        <div class="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-box bg-base-200 px-4 py-3 text-sm">
            <span class="loading loading-spinner loading-sm text-primary" aria-hidden="true"></span>
            <span class="min-w-40 flex-1" role="status" data-testid="authorization-status">
                {move || if exchanging { t_string!(i18n, onboarding.exchanging) } else { t_string!(i18n, onboarding.waiting) }}
            </span>
            <span class="tabular-nums text-base-content/70" role="timer" data-testid="authorization-left">{left}</span>
            <Button small=true on_press=move |()| wizard.give_up(api) testid="cancel-authorization">{t!(i18n, common.cancel)}</Button>
        </div>
    }
}

/// Once nothing comes of it any more.
#[component]
fn Over(
    status: AuthorizationStatus,
    failure: Option<causeway_openapi::AuthorizationFailure>,
    begin: Callback<()>,
    #[prop(into)] busy: Signal<bool>,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <div data-testid="authorization-over">
            {match failure {
                Some(failure) => view! {
                    <Notice tone=Tone::Bad alert=true>
                        <p>{t!(i18n, onboarding.issuer_said)}</p>
                        {(!failure.message.is_empty()).then_some(view! {
                            <p class="mt-1 font-medium break-words" data-testid="issuer-message">{failure.message}</p>
                        })}
                        <p class="mt-1 font-mono text-xs break-all">{failure.code}</p>
                    </Notice>
                }
                .into_any(),
                None => view! {
                    <Notice tone=Tone::Warning alert=true>
                        {move || match status {
                            AuthorizationStatus::Expired => t_string!(i18n, onboarding.expired),
                            AuthorizationStatus::Used => t_string!(i18n, onboarding.used),
                            _ => t_string!(i18n, onboarding.cancelled),
                        }}
                    </Notice>
                }
                .into_any(),
            }}
        </div>
        <div>
            <Button kind=Kind::Primary busy on_press=begin testid="begin-authorization">{t!(i18n, onboarding.begin_again)}</Button>
        </div>
    }
}

/// Asks after an authorisation as often as the server wants, until it is over or given up. Also while the page is not looked
/// at: the person is at the issuer's.
fn follow(api: Api, held: RwSignal<Option<Authorization>>, id: Uuid, interval: u32) {
    let wait = interval.clamp(1, 60) * 1000;
    let is_followed = move || {
        held.try_with_untracked(|held| {
            held.as_ref().is_some_and(|held| {
                let open =
                    matches!(held.status, AuthorizationStatus::Pending | AuthorizationStatus::Exchanging);
                held.id == id && open
            })
        })
        .unwrap_or(false)
    };
    spawn_local(async move {
        loop {
            TimeoutFuture::new(wait).await;
            if !is_followed() {
                return;
            }
            // Without an answer it is asked again: the network may be away for a moment.
            if let Ok(news) = api.authorization(id).await
                && is_followed()
            {
                take(held, news);
            }
        }
    });
}

/// Takes over how an authorisation stands. Where the person goes is told once only, when it begins.
fn take(held: RwSignal<Option<Authorization>>, mut news: Authorization) {
    let _ = held.try_update(|held| {
        if let Some(before) = held.take_if(|before| before.id == news.id) {
            news.url = news.url.or(before.url);
        }
        *held = Some(news);
    });
}

/// How a redirect is called, and what it means.
fn redirect_words(redirect: AuthorizationRedirect) -> (Signal<String>, Signal<String>) {
    let i18n = use_i18n();
    match redirect {
        AuthorizationRedirect::Hosted => {
            (text!(i18n, onboarding.redirect_hosted), text!(i18n, onboarding.redirect_hosted_text))
        }
        AuthorizationRedirect::Loopback => {
            (text!(i18n, onboarding.redirect_loopback), text!(i18n, onboarding.redirect_loopback_text))
        }
        AuthorizationRedirect::Page => {
            (text!(i18n, onboarding.redirect_page), text!(i18n, onboarding.redirect_page_text))
        }
    }
}

/// A status as the API has it.
fn word(status: AuthorizationStatus) -> String {
    let word = serde_json::to_value(status).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Sends what the person pasted.
fn submit(api: Api, held: RwSignal<Option<Authorization>>, id: Uuid, pasted: String, submission: Submission) {
    let code = causeway_openapi::SubmitCode { code: pasted.into() };
    submission.run(async move { api.submit_code(id, code).await }, move |news| take(held, news));
}
