//! Adding an account, step by step: which provider, how to sign in, what it is for, and whether it works. An account whose
//! authorisation has ended is authorised again here too, and the steps in between serve whoever shares an account of their
//! own.

mod about;
mod authorise;
mod hand_over;
mod outcome;
mod provider;
mod sign_in;
mod steps;
mod task;
mod usage;

use causeway_domain::{AccountId, proxy::Choice};
use causeway_openapi::{Account, Authorization, AuthorizationStatus, Permission, ProviderPreset, SignInWay};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

pub(crate) use self::task::{Own, Task};
pub(super) use self::{authorise::Facts, usage::Reminded};
use self::{
    hand_over::HandOverStep,
    outcome::OutcomeStep,
    provider::ProviderStep,
    sign_in::SignInStep,
    steps::Steps,
    usage::{Usage, UsageStep},
};
use super::{address::Address, credential::CredentialForm};
use crate::{
    core::{
        api::{Api, use_api},
        error::ApiError,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        query::Query,
        routes,
        session::use_session,
    },
    ui::{
        badge::Tone,
        loaded::{ListSkeleton, Loaded},
        notice::Notice,
        page::{Card, PageHeader},
    },
};

/// Where a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Provider,
    SignIn,
    Usage,
    Outcome,
}

/// What is chosen and typed. It outlives the steps, so that going back loses nothing.
#[derive(Clone, Copy)]
struct Wizard {
    step: RwSignal<Step>,
    /// How often a step was entered: every time but the first, the focus goes to its heading.
    entered: StoredValue<u32>,
    presets: StoredValue<Vec<ProviderPreset>>,
    provider: RwSignal<String>,
    way: RwSignal<SignInWay>,
    credential: CredentialForm,
    address: Address,
    authorization: RwSignal<Option<Authorization>>,
    task: StoredValue<Task>,
    /// How requests of the account leave, and those that authorise it.
    proxy: RwSignal<String>,
    usage: Usage,
    submission: Submission,
    made: RwSignal<Option<Account>>,
    /// The page, to which everything above belongs.
    owner: StoredValue<Owner>,
}

impl Wizard {
    fn new(presets: Vec<ProviderPreset>, task: Task) -> Self {
        let provider = task.provider();
        Self {
            step: RwSignal::new(if provider.is_some() { Step::SignIn } else { Step::Provider }),
            entered: StoredValue::new(0),
            presets: StoredValue::new(presets),
            provider: RwSignal::new(provider.map(|provider| provider.to_string()).unwrap_or_default()),
            way: RwSignal::new(SignInWay::ApiKey),
            credential: CredentialForm::new(),
            address: Address::new(),
            authorization: RwSignal::new(None),
            task: StoredValue::new(task),
            proxy: RwSignal::new(Choice::Inherit.to_string()),
            usage: Usage::new(),
            submission: Submission::new(),
            made: RwSignal::new(None),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
        }
    }

    /// What is known of the chosen provider.
    fn preset(self) -> Option<ProviderPreset> {
        let chosen = self.provider.get();
        self.presets.with_value(|all| all.iter().find(|preset| preset.provider.as_str() == chosen).cloned())
    }

    fn go(self, step: Step) {
        self.entered.update_value(|times| *times += 1);
        self.step.set(step);
    }

    /// Takes the usual way to sign in to a provider, where it does not have the one that was chosen.
    fn suit(self, preset: &ProviderPreset) {
        if let Some(way) = preset.sign_in.first()
            && !preset.sign_in.contains(&self.way.get_untracked())
        {
            self.way.set(*way);
        }
    }

    /// Gives up an authorisation that is under way or was not used, so that it does not stand in the way of others.
    fn give_up(self, api: Api) {
        let Some(Some(held)) = self.authorization.try_get_untracked() else { return };
        let _ = self.authorization.try_set(None);
        if is_open(&held) {
            spawn_local(async move { drop(api.cancel_authorization(held.id).await) });
        }
    }
}

/// Whether an authorisation could still become an account.
fn is_open(authorization: &Authorization) -> bool {
    use AuthorizationStatus::{Authorized, Exchanging, Pending};
    matches!(authorization.status, Pending | Exchanging | Authorized)
}

/// The page.
#[component]
pub(crate) fn NewAccount() -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let may_write = Memo::new(move |_| session.may(Permission::AccountsWrite));
    let query = use_query_map();
    let again = query.with_untracked(|query| query.get("again")).and_then(|id| id.parse::<AccountId>().ok());
    let ready = Query::new(move || async move {
        let presets = api.providers().await?;
        let account = match again {
            Some(id) => Some(api.account(id).await?),
            None => None,
        };
        Ok::<_, ApiError>((presets, account))
    });
    let title = Signal::derive(move || match again {
        Some(_) => t_string!(i18n, onboarding.again_title).to_owned(),
        None => t_string!(i18n, onboarding.title).to_owned(),
    });
    view! {
        <a class="link link-hover mb-3 inline-block text-sm text-base-content/70" href=routes::ACCOUNTS>
            "← "
            {t!(i18n, accounts.title)}
        </a>
        <PageHeader title text=text!(i18n, onboarding.text)/>
        {move || if may_write.get() {
            view! {
                <Loaded query=ready skeleton=|| view! { <Card><ListSkeleton/></Card> }.into_any() let:found>
                    <Steered presets=found.0 task=found.1.map_or(Task::Add, |account| Task::Again(Box::new(account)))/>
                </Loaded>
            }
            .into_any()
        } else {
            view! { <Notice tone=Tone::Info>{t!(i18n, onboarding.not_allowed)}</Notice> }.into_any()
        }}
    }
}

/// The steps of a task, below whatever heading a page has for it.
#[component]
pub(crate) fn Steered(presets: Vec<ProviderPreset>, task: Task) -> impl IntoView {
    let api = use_api();
    let own = StoredValue::new(match &task {
        Task::Own(own) => Some(own.clone()),
        Task::Add | Task::Again(_) => None,
    });
    let wizard = Wizard::new(presets, task);
    on_cleanup(move || wizard.give_up(api));
    // Another provider has other ways.
    Effect::new(move |_| {
        if let Some(preset) = wizard.preset() {
            untrack(move || wizard.suit(&preset));
        }
    });
    view! {
        <div class="mx-auto flex max-w-3xl flex-col gap-5">
            <Steps wizard/>
            <Card>
                {move || match wizard.step.get() {
                    Step::Provider => view! { <ProviderStep wizard/> }.into_any(),
                    Step::SignIn => view! { <SignInStep wizard/> }.into_any(),
                    Step::Usage => match own.get_value() {
                        Some(own) => view! { <HandOverStep wizard own/> }.into_any(),
                        None => view! { <UsageStep wizard/> }.into_any(),
                    },
                    Step::Outcome => view! { <OutcomeStep wizard/> }.into_any(),
                }}
            </Card>
        </div>
    }
}
