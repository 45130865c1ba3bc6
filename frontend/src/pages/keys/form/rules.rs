//! Whom a key is for, where it may be used from, and for what.

use causeway_domain::{
    AddressRules, Services, UserId, address::Network, provider::Provider, service::ApiDialect,
};
use causeway_openapi::Key;
use leptos::prelude::*;

use super::fields;
use crate::{
    core::{
        api::use_api,
        form::Submission,
        i18n::{t, t_string, text, use_i18n},
        providers::choices,
        query::Query,
        session::use_session,
    },
    ui::{
        checks::Checks,
        field::{SelectField, TextArea, TextField},
    },
};

/// The texts of the form.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    device: RwSignal<String>,
    tags: RwSignal<String>,
    owner: RwSignal<String>,
    first_use_days: RwSignal<String>,
    allow: RwSignal<String>,
    deny: RwSignal<String>,
    dialects: RwSignal<Vec<String>>,
    providers: RwSignal<Vec<String>>,
    clients: RwSignal<Vec<String>>,
    /// What cannot be read, by the name of its field.
    problem: RwSignal<Option<(&'static str, String)>>,
    owner_shown: StoredValue<String>,
    shown: StoredValue<bool>,
}

/// What the texts mean.
pub(super) struct Read {
    pub(super) device: String,
    pub(super) tags: Vec<String>,
    /// `None` is nobody.
    pub(super) owner: Option<Option<UserId>>,
    pub(super) owner_changed: bool,
    pub(super) first_use_days: Option<u32>,
    pub(super) addresses: AddressRules,
    pub(super) services: Services,
}

impl Rules {
    /// As the key has them.
    pub(super) fn new(key: Option<&Key>) -> Self {
        let session = use_session();
        let text = |get: fn(&Key) -> String| RwSignal::new(key.map(get).unwrap_or_default());
        let names = |list: Vec<String>| RwSignal::new(list);
        let lines =
            |networks: &[Network]| networks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        // A new key is the caller's unless they say otherwise.
        let owner = match key {
            Some(key) => key.owner.as_ref().map(|owner| owner.id),
            None => session.member().map(|me| me.user.id),
        };
        let owner = owner.map(|id| id.to_string()).unwrap_or_default();
        let services = key.map(|key| key.services.clone()).unwrap_or_default();
        Self {
            device: text(|k| k.device.clone()),
            tags: text(|k| k.tags.join(", ")),
            owner: RwSignal::new(owner.clone()),
            first_use_days: text(|k| {
                k.expires_after_first_use_days.map(|days| days.to_string()).unwrap_or_default()
            }),
            allow: RwSignal::new(key.map(|k| lines(&k.addresses.allow)).unwrap_or_default()),
            deny: RwSignal::new(key.map(|k| lines(&k.addresses.deny)).unwrap_or_default()),
            dialects: names(services.dialects.iter().map(ToString::to_string).collect()),
            providers: names(services.providers.iter().map(ToString::to_string).collect()),
            clients: names(services.clients),
            problem: RwSignal::new(None),
            owner_shown: StoredValue::new(owner),
            shown: StoredValue::new(key.is_some_and(|k| !k.addresses.is_empty() || !k.services.is_empty())),
        }
    }

    /// What is typed; none when something cannot be read, which then stands beside its field.
    pub(super) fn read(self) -> Option<Read> {
        let found = self.try_read();
        let problem = found.as_ref().err().cloned();
        self.problem.set(problem);
        found.ok()
    }

    fn try_read(self) -> Result<Read, (&'static str, String)> {
        let list = |field: &'static str, text: RwSignal<String>| {
            fields::networks(&text.get_untracked()).map_err(|bad| (field, bad.to_string()))
        };
        let owner = self.owner.get_untracked();
        let days = fields::number(&self.first_use_days.get_untracked());
        Ok(Read {
            device: self.device.get_untracked().trim().to_owned(),
            tags: fields::tags(&self.tags.get_untracked()),
            owner_changed: self.owner_shown.with_value(|shown| *shown != owner),
            owner: Some(owner.parse().ok()),
            first_use_days: days.map_err(|bad| ("expires_after_first_use_days", bad.to_string()))?,
            addresses: AddressRules {
                allow: list("addresses.allow", self.allow)?,
                deny: list("addresses.deny", self.deny)?,
            },
            services: Services {
                dialects: chosen(self.dialects, &ApiDialect::ALL),
                providers: self.providers.with_untracked(|names| {
                    names.iter().filter_map(|name| name.parse::<Provider>().ok()).collect()
                }),
                clients: self.clients.get_untracked(),
            },
        })
    }
}

fn chosen<T: Copy + ToString>(names: RwSignal<Vec<String>>, all: &[T]) -> Vec<T> {
    names.with_untracked(|names| all.iter().copied().filter(|one| names.contains(&one.to_string())).collect())
}

/// The inputs.
#[component]
pub(super) fn RuleInputs(rules: Rules, submission: Submission, may_hand_over: bool) -> impl IntoView {
    let i18n = use_i18n();
    let api = use_api();
    let members = may_hand_over.then(|| Query::new(move || api.members()));
    let error = move |field: &'static str| {
        Signal::derive(move || {
            let here = rules.problem.with(|problem| {
                problem.as_ref().filter(|(at, _)| *at == field).map(|(at, text)| {
                    let number = *at == "expires_after_first_use_days";
                    if number { t_string!(i18n, keys.not_a_number).to_owned() } else { text.clone() }
                })
            });
            here.or_else(|| submission.field(field).get())
        })
    };
    let owners = Signal::derive(move || {
        let nobody = (String::new(), t_string!(i18n, keys.nobody).to_owned());
        let people = members.and_then(Query::data).map(|page| page.items).unwrap_or_default();
        std::iter::once(nobody)
            .chain(people.into_iter().map(|m| (m.id.to_string(), m.name)))
            .collect::<Vec<_>>()
    });
    let dialects = [
        (ApiDialect::Anthropic, "Anthropic Messages"),
        (ApiDialect::OpenaiChat, "OpenAI Chat Completions"),
        (ApiDialect::OpenaiResponses, "OpenAI Responses"),
        (ApiDialect::Gemini, "Gemini"),
    ];
    let dialects = dialects.map(|(dialect, name)| (dialect.to_string(), name.to_owned())).to_vec();
    let known = Query::new(move || api.providers());
    let providers = Signal::derive(move || choices(known));
    let recognised = Query::new(move || api.client_rules());
    // What the key names stays to be seen, and to be taken away, where no rule recognises it any more.
    let clients = Signal::derive(move || {
        let known = recognised.data().map(|set| set.clients).unwrap_or_default();
        let mut options: Vec<(String, String)> = known.into_iter().map(|c| (c.client, c.name)).collect();
        for named in rules.clients.get() {
            if !options.iter().any(|(client, _)| *client == named) {
                options.push((named.clone(), named));
            }
        }
        options
    });
    let open = rules.shown.get_value();
    view! {
        <fieldset>
            <legend class="mb-3 text-sm font-semibold">{t!(i18n, keys.people)}</legend>
            <div class="grid gap-4 sm:grid-cols-2">
                {may_hand_over.then(|| view! {
                    <SelectField
                        label=text!(i18n, keys.owner)
                        value=rules.owner
                        options=owners
                        error=error("owner_id")
                        testid="key-owner"
                    />
                })}
                <TextField
                    label=text!(i18n, keys.device)
                    hint=text!(i18n, keys.device_hint)
                    value=rules.device
                    error=error("device")
                    testid="key-device"
                />
                <TextField
                    label=text!(i18n, keys.tags)
                    hint=text!(i18n, keys.tags_hint)
                    value=rules.tags
                    error=error("tags")
                    testid="key-tags"
                />
                <TextField
                    label=text!(i18n, keys.first_use_days)
                    hint=text!(i18n, keys.first_use_hint)
                    value=rules.first_use_days
                    inputmode="numeric"
                    error=error("expires_after_first_use_days")
                    testid="key-first-use"
                />
            </div>
        </fieldset>
        <details class="rounded-box border border-base-300 px-4 py-3" open=open data-testid="key-rules">
            <summary class="cursor-pointer text-sm font-semibold">{t!(i18n, keys.where_and_what)}</summary>
            <div class="mt-4 grid gap-4 sm:grid-cols-2">
                <TextArea
                    label=text!(i18n, keys.addresses_allow)
                    hint=text!(i18n, keys.addresses_allow_hint)
                    placeholder="192.0.2.0/24"
                    value=rules.allow
                    error=error("addresses.allow")
                    testid="key-addresses-allow"
                />
                <TextArea
                    label=text!(i18n, keys.addresses_deny)
                    hint=text!(i18n, keys.addresses_deny_hint)
                    value=rules.deny
                    error=error("addresses.deny")
                    testid="key-addresses-deny"
                />
                <Checks
                    legend=text!(i18n, keys.dialects)
                    hint=text!(i18n, keys.none_is_all)
                    value=rules.dialects
                    options=Signal::stored(dialects)
                    testid="key-dialects"
                />
                <Checks
                    legend=text!(i18n, keys.providers)
                    hint=text!(i18n, keys.none_is_all)
                    value=rules.providers
                    options=providers
                    testid="key-providers"
                />
                <Checks
                    legend=text!(i18n, keys.clients)
                    hint=text!(i18n, keys.clients_hint)
                    value=rules.clients
                    options=clients
                    testid="key-clients"
                />
            </div>
        </details>
    }
}
