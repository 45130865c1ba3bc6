//! Where a link leads: to the steps of an invitation or of a renewal, or to why there is nothing to do.

use causeway_domain::AccountId;
use causeway_openapi::{ProviderPreset, ShareState};
use leptos::prelude::*;
use uuid::Uuid;

use crate::{
    core::{
        api::use_api,
        error::ApiError,
        i18n::{Locale, t, td_string, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    pages::accounts::new::{Own, Steered, Task},
    ui::{
        badge::Tone,
        icon::Icon,
        loaded::{Empty, ListSkeleton, Loaded},
        notice::Notice,
        page::{Card, PageHeader},
    },
};

/// What is to be done, with the providers that there are; nothing where the link is not good, or not any more.
type Found = (Vec<ProviderPreset>, Option<Own>);

/// The words of a page whose link leads nowhere.
type Words = fn(Locale, String, String) -> (&'static str, String);

/// Following an invitation.
#[component]
pub(super) fn Follow(id: Option<Uuid>) -> impl IntoView {
    let api = use_api();
    let found = Query::new(move || async move {
        let mut open = api.own_shares().await?.into_iter();
        let share = open.find(|share| Some(share.id) == id && share.state == ShareState::Open);
        Ok::<_, ApiError>((api.providers().await?, share.map(|share| Own::Share(Box::new(share)))))
    });
    view! {
        <Steps
            found
            nowhere=|locale, email, organization| (
                td_string!(locale, share.not_open),
                td_string!(locale, share.not_open_text, email = email, organization = organization),
            )
        />
    }
}

/// Renewing an account of one's own.
#[component]
pub(super) fn Renewal(id: Option<AccountId>) -> impl IntoView {
    let api = use_api();
    let found = Query::new(move || async move {
        let account = api.own_accounts().await?.into_iter().find(|account| Some(account.id) == id);
        Ok::<_, ApiError>((api.providers().await?, account.map(|account| Own::Renew(Box::new(account)))))
    });
    view! {
        <Steps
            found
            nowhere=|locale, email, organization| (
                td_string!(locale, share.not_yours),
                td_string!(locale, share.not_yours_text, email = email, organization = organization),
            )
        />
    }
}

#[component]
fn Steps(found: Query<Found>, nowhere: Words) -> impl IntoView {
    let i18n = use_i18n();
    let title = Signal::derive(move || {
        let locale = i18n.get_locale();
        let title = match found.data() {
            Some((_, Some(Own::Renew(_)))) => td_string!(locale, share.renew_page),
            Some((_, Some(Own::Share(_)))) => td_string!(locale, share.share_title),
            Some((_, None)) | None => td_string!(locale, share.title),
        };
        title.to_owned()
    });
    let text = Signal::derive(move || {
        let locale = i18n.get_locale();
        match found.data() {
            Some((_, Some(Own::Renew(account)))) => {
                td_string!(locale, share.renew_page_text, name = account.name)
            }
            Some((presets, Some(Own::Share(share)))) => {
                let preset = presets.into_iter().find(|preset| preset.provider == share.provider);
                let provider = preset.map_or_else(|| share.provider.to_string(), |preset| preset.name);
                td_string!(locale, share.share_text, provider = provider)
            }
            Some((_, None)) | None => td_string!(locale, share.text).to_owned(),
        }
    });
    view! {
        <a class="link link-hover mb-3 inline-block text-sm text-base-content/70" href=routes::SHARE>
            "← "
            {t!(i18n, share.title)}
        </a>
        <PageHeader title text/>
        <Loaded query=found skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:found>
            {match found {
                (presets, Some(own)) => view! { <Taken presets own/> }.into_any(),
                (_, None) => view! { <Nowhere words=nowhere/> }.into_any(),
            }}
        </Loaded>
    }
}

/// The steps, below what whoever invites has to say.
#[component]
fn Taken(presets: Vec<ProviderPreset>, own: Own) -> impl IntoView {
    let i18n = use_i18n();
    let task = Task::Own(own.clone());
    let (provider, message) = match own {
        Own::Share(share) => (share.provider, share.message),
        Own::Renew(account) => (account.provider, String::new()),
    };
    let known = presets.iter().any(|preset| preset.provider == provider);
    view! {
        {(!message.is_empty()).then(|| view! {
            <div class="mx-auto mb-5 max-w-3xl" data-testid="invitation-message">
                <Notice tone=Tone::Info><span class="whitespace-pre-line">{message}</span></Notice>
            </div>
        })}
        {if known {
            view! { <Steered presets task/> }.into_any()
        } else {
            view! { <Notice tone=Tone::Warning alert=true>{t!(i18n, share.no_provider)}</Notice> }.into_any()
        }}
    }
}

/// Nothing is to be done here: why that may be, and as whom one is signed in, which may be the reason.
#[component]
fn Nowhere(words: Words) -> impl IntoView {
    let i18n = use_i18n();
    let session = use_session();
    let said = Signal::derive(move || {
        let (email, organization) =
            session.member().map(|me| (me.user.email, me.organization.name)).unwrap_or_default();
        words(i18n.get_locale(), email, organization)
    });
    view! {
        <div data-testid="no-such-share">
            <Card>
                <Empty
                    icon=Icon::Share
                    title=Signal::derive(move || said.get().0.to_owned())
                    text=Signal::derive(move || said.get().1)
                >
                    <a class="btn btn-primary" href=routes::SHARE>{t!(i18n, share.to_list)}</a>
                </Empty>
            </Card>
        </div>
    }
}
