//! Issuing a key, and changing one.

mod chain;
pub(crate) mod fields;
mod rules;
mod served;

use std::time::Duration;

use causeway_domain::{Limits, model::ModelPolicy};
use causeway_openapi::{Account, CreateKey, CreateKeys, Key, Page, Permission, UpdateKey};
use leptos::prelude::*;

use self::{
    rules::{RuleInputs, Rules},
    served::{Served, ServedInputs},
};
use super::{Dialogs, JustIssued, ceilings::Ceilings};
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, tu_string, use_i18n},
        pages::Pages,
        query::Query,
        session::use_session,
    },
    ui::{
        button::{Button, Kind},
        dialog::Actions,
        field::{TextArea, TextField},
        limits::{LIMITS, LimitInputs, LimitsForm, Standing},
        notice::Failure,
        toast::use_toasts,
    },
};

const FIELDS: &[&str] = &[
    "name",
    "description",
    "expires_at",
    "account_id",
    "pool_ids",
    "multiplier",
    "models.allow",
    "models.deny",
    "count",
    "device",
    "tags",
    "owner_id",
    "expires_after_first_use_days",
    LIMITS,
];

/// How often what is used of the limits is read anew.
const LIVE: Duration = Duration::from_secs(5);

/// The form within the dialog.
#[component]
pub(super) fn KeyForm(dialogs: Dialogs, keys: Pages<Key>, accounts: Query<Page<Account>>) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let session = use_session();
    let toasts = use_toasts();
    let just_issued: JustIssued = expect_context();
    let submission = Submission::new();
    let edited = dialogs.edited.get_untracked();
    let old = StoredValue::new(edited.as_ref().map(|key| key.id));
    let issuing = edited.is_none();
    let many = issuing && dialogs.many.get_untracked();
    // Names this opening of the dialog, so that a batch that is sent twice is issued once.
    let once = StoredValue::new(format!("web-{}-{}", js_sys::Date::now(), js_sys::Math::random()));
    let count = RwSignal::new("10".to_owned());
    let rules = Query::new(move || api.key_rules());
    let more = Rules::new(edited.as_ref());

    let standing = edited.as_ref().map(|key| {
        let id = key.id;
        Query::new(move || api.key_limits(id)).every(LIVE)
    });
    let shown = |get: fn(&Key) -> String| RwSignal::new(edited.as_ref().map(get).unwrap_or_default());
    let name = shown(|k| k.name.clone());
    let description = shown(|k| k.description.clone());
    let allow = shown(|k| k.models.allow.join("\n"));
    let deny = shown(|k| k.models.deny.join("\n"));
    let served = Served::new(edited.as_ref());
    let pools = Query::new(move || api.pools());
    let expires = shown(|k| k.expires_at.map(fields::date_of).unwrap_or_default());
    let multiplier = shown(|k| k.multiplier.to_string());
    let may_charge = session.may(Permission::KeysWrite);
    let shown_expiry = expires.get_untracked();
    let limits_form = LimitsForm::new(&edited.as_ref().map_or_else(Limits::default, |k| k.limits.clone()));
    let multiplier_problem = RwSignal::new(false);
    Effect::new(move |_| {
        multiplier.track();
        multiplier_problem.set(false);
    });
    let multiplier_error = Signal::derive(move || {
        let here = multiplier_problem.get().then(|| t_string!(i18n, limits.not_a_multiplier).to_owned());
        here.or_else(|| submission.field("multiplier").get())
    });
    let not_a_number = RwSignal::new(false);
    Effect::new(move |_| {
        count.track();
        not_a_number.set(false);
    });
    let count_error = Signal::derive(move || {
        let here = not_a_number.get().then(|| t_string!(i18n, keys.not_a_number).to_owned());
        here.or_else(|| submission.field("count").get())
    });
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(limits) = limits_form.read() else { return };
        let Ok(multiplier) = fields::multiplier(&multiplier.get_untracked()) else {
            return multiplier_problem.set(true);
        };
        // Who may not say what is charged does not send what they were shown.
        let multiplier = multiplier.filter(|_| may_charge);
        let models = ModelPolicy {
            allow: fields::patterns(&allow.get_untracked()),
            deny: fields::patterns(&deny.get_untracked()),
        };
        let Some(more) = more.read() else { return };
        let name = name.get_untracked().trim().to_owned();
        let description = description.get_untracked().trim().to_owned();
        let Some((account_id, pool_ids)) = served.read() else { return };
        let expiry = expires.get_untracked();
        let expires_at = fields::end_of(&expiry);
        match old.get_value() {
            None => {
                let key = CreateKey {
                    name,
                    description,
                    limits,
                    multiplier,
                    models,
                    account_id,
                    pool_ids,
                    expires_at,
                    device: more.device,
                    tags: more.tags,
                    owner_id: more.owner.filter(|_| may_charge),
                    expires_after_first_use_days: more.first_use_days,
                    addresses: more.addresses,
                    services: more.services,
                    enabled: None,
                };
                if many {
                    let Ok(Some(count)) = fields::number(&count.get_untracked()) else {
                        return not_a_number.set(true);
                    };
                    let keys_of_batch = CreateKeys { count, key };
                    let once = once.get_value();
                    return submission.run(
                        async move { api.issue_keys(keys_of_batch, once).await },
                        move |batch| {
                            dialogs.batch.set(Some(batch));
                            dialogs.form.set(false);
                            dialogs.issued_many.set(true);
                            keys.reload();
                        },
                    );
                }
                submission.run(async move { api.issue_key(key).await }, move |issued| {
                    just_issued.set(issued);
                    dialogs.form.set(false);
                    dialogs.issued.set(true);
                    keys.reload();
                });
            }
            Some(id) => {
                let change = UpdateKey {
                    name: Some(name),
                    description: Some(description),
                    limits: Some(limits),
                    multiplier,
                    models: Some(models),
                    account_id: Some(account_id),
                    pool_ids: Some(pool_ids),
                    // An end at another time of day, set by a script, survives an edit of the name.
                    expires_at: (expiry != shown_expiry).then_some(expires_at),
                    device: Some(more.device),
                    tags: Some(more.tags),
                    // Who was gone when the form was opened stays who they are.
                    owner_id: more.owner.filter(|_| may_charge && more.owner_changed),
                    expires_after_first_use_days: Some(more.first_use_days),
                    addresses: Some(more.addresses),
                    services: Some(more.services),
                    enabled: None,
                };
                submission.run(async move { api.change_key(id, change).await }, move |key| {
                    dialogs.form.set(false);
                    toasts.good(tu_string!(i18n, keys.saved_toast, name = key.name));
                    keys.reload();
                });
            }
        }
    };
    view! {
        <form class="flex flex-col gap-5" on:submit=send>
            <Ceilings rules/>
            <Failure error=submission.error fields=FIELDS/>
            <div class="grid gap-4 sm:grid-cols-2">
                {many.then(|| view! {
                    <TextField
                        label=text!(i18n, keys.count)
                        hint=text!(i18n, keys.count_hint)
                        value=count
                        inputmode="numeric"
                        error=count_error
                        testid="key-count"
                    />
                })}
                <TextField
                    label=text!(i18n, keys.name)
                    placeholder=text!(i18n, keys.name_example)
                    value=name
                    required=true
                    focus=true
                    error=submission.field("name")
                    testid="key-name"
                />
                <TextField
                    label=text!(i18n, keys.description)
                    optional=text!(i18n, common.optional)
                    value=description
                    error=submission.field("description")
                    testid="key-description"
                />
            </div>
            {standing.map(|query| view! {
                <section class="rounded-box bg-base-200 px-4 py-3">
                    <h3 class="mb-3 text-sm font-semibold">{t!(i18n, limits.now)}</h3>
                    <Standing query/>
                </section>
            })}
            <RuleInputs rules=more submission may_hand_over=may_charge/>
            <LimitInputs form=limits_form submission/>
            <fieldset>
                <legend class="mb-3 text-sm font-semibold">{t!(i18n, keys.access)}</legend>
                <div class="grid gap-4 sm:grid-cols-2">
                    <TextArea
                        label=text!(i18n, keys.allow)
                        hint=text!(i18n, keys.allow_hint)
                        placeholder="claude-*"
                        value=allow
                        error=submission.field("models.allow")
                        testid="key-allow"
                    />
                    <TextArea
                        label=text!(i18n, keys.deny)
                        hint=text!(i18n, keys.deny_hint)
                        placeholder="*-opus-*"
                        value=deny
                        error=submission.field("models.deny")
                        testid="key-deny"
                    />
                    <ServedInputs served pools accounts submission/>
                    <TextField
                        label=text!(i18n, keys.expires)
                        hint=text!(i18n, keys.expires_hint)
                        value=expires
                        kind="date"
                        error=submission.field("expires_at")
                        testid="key-expires"
                    />
                    {may_charge.then(|| view! {
                        <TextField
                            label=text!(i18n, limits.multiplier)
                            hint=text!(i18n, limits.multiplier_hint)
                            placeholder="1"
                            value=multiplier
                            inputmode="decimal"
                            error=multiplier_error
                            testid="key-multiplier"
                        />
                    })}
                </div>
            </fieldset>
            <Actions>
                <Button on_press=move |()| dialogs.form.set(false)>{t!(i18n, common.cancel)}</Button>
                <Button kind=Kind::Primary submit=true busy=submission.busy testid="save-key">
                    {move || if issuing { t_string!(i18n, keys.issue) } else { t_string!(i18n, common.save) }}
                </Button>
            </Actions>
        </form>
    }
}
