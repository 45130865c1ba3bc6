//! Where an account's requests go: places in the provider's own address, each a field, or another address.

use std::collections::BTreeMap;

use causeway_openapi::{ProviderPreset, SignInWay};
use leptos::prelude::*;

use super::credential::CredentialForm;
use crate::{
    core::{
        form::Submission,
        i18n::{Locale, t, t_string, td_string, text, use_i18n},
    },
    ui::field::TextField,
};

/// What is typed.
#[derive(Clone, Copy)]
pub(super) struct Address {
    pub(super) base_url: RwSignal<String>,
    places: RwSignal<BTreeMap<String, RwSignal<String>>>,
}

impl Address {
    pub(super) fn new() -> Self {
        Self { base_url: RwSignal::new(String::new()), places: RwSignal::new(BTreeMap::new()) }
    }

    /// The address, where one is typed.
    pub(super) fn elsewhere(self) -> Option<String> {
        Some(self.base_url.get_untracked().trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// What fills these places, of those that are typed.
    pub(super) fn places(self, names: &[String]) -> BTreeMap<String, String> {
        self.places.with_untracked(|all| {
            let typed = names.iter().filter_map(|name| {
                let text = all.get(name)?.get_untracked().trim().to_owned();
                (!text.is_empty()).then(|| (name.clone(), text))
            });
            typed.collect()
        })
    }

    /// The text of a place, made when it is first shown. It belongs to whoever made the address.
    fn place(self, owner: &Owner, name: &str) -> RwSignal<String> {
        if let Some(known) = self.places.with_untracked(|all| all.get(name).copied()) {
            return known;
        }
        let made = owner.with(|| RwSignal::new(String::new()));
        self.places.update_untracked(|all| _ = all.insert(name.to_owned(), made));
        made
    }
}

/// The fields. A place that the credential says by itself need not be filled.
#[component]
pub(super) fn AddressInputs(
    address: Address,
    credential: CredentialForm,
    preset: ProviderPreset,
    way: SignInWay,
    /// Of the page, which what is typed outlives the step with.
    owner: StoredValue<Owner>,
    submission: Submission,
    /// Whether the address itself is the provider's or somebody else's to say.
    #[prop(optional)]
    fixed: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let ProviderPreset { base_url, places, .. } = preset;
    let shown = places.into_iter().filter(|place| !(way == SignInWay::AwsKeys && place == "region"));
    let place = move |name: String| {
        let value = owner.with_value(|owner| address.place(owner, &name));
        let (told, labelled) = (name.clone(), name.clone());
        let from_key = way == SignInWay::ServiceAccount && name == "project";
        let error = Signal::derive(move || {
            let field = format!("places.{told}");
            submission.error.with(|error| error.as_ref().and_then(|e| e.field(&field).map(str::to_owned)))
        });
        let placeholder = Signal::derive(move || match name.as_str() {
            "project" if from_key => credential.project().unwrap_or_default(),
            "region" | "location" => "europe-west1".to_owned(),
            _ => String::new(),
        });
        let label = Signal::derive(move || place_name(&labelled, i18n.get_locale()));
        let hint = Signal::derive(move || {
            if from_key {
                t_string!(i18n, onboarding.place_from_key).to_owned()
            } else {
                t_string!(i18n, onboarding.place_hint).to_owned()
            }
        });
        if from_key {
            let optional = text!(i18n, common.optional);
            view! { <TextField label hint placeholder value optional mono=true error testid="account-place"/> }
                .into_any()
        } else {
            view! { <TextField label hint placeholder value required=true mono=true error testid="account-place"/> }
                .into_any()
        }
    };
    let own = base_url.is_none();
    let example = base_url.unwrap_or_else(|| "https://llm.example.com".to_owned());
    let needed = move || {
        view! {
            <TextField
                label=text!(i18n, accounts.base_url)
                hint=text!(i18n, accounts.base_url_hint)
                placeholder="https://llm.example.com"
                value=address.base_url
                kind="url"
                required=true
                mono=true
                error=submission.field("base_url")
                testid="account-base-url"
            />
        }
    };
    let fields: Vec<_> = shown.map(place).collect();
    let any = !fields.is_empty();
    // Where another address is typed, the places of the provider's own would be demanded in vain.
    let elsewhere = Memo::new(move |_| address.base_url.with(|text| !text.trim().is_empty()));
    view! {
        {(own && !fixed).then(needed)}
        {any.then(|| view! {
            <fieldset class="min-w-0" disabled=move || elsewhere.get()>
                <legend class="sr-only">{t!(i18n, onboarding.places)}</legend>
                <div class="grid gap-4 sm:grid-cols-2">{fields}</div>
            </fieldset>
        })}
        {(!own && !fixed).then(|| view! {
            <details class="rounded-box border border-base-300 px-4 py-3" open=move || submission.field("base_url").get().is_some()>
                <summary class="cursor-pointer text-sm font-medium">{t!(i18n, onboarding.other_address)}</summary>
                <div class="mt-4">
                    <TextField
                        label=text!(i18n, accounts.base_url)
                        hint=Signal::derive(move || t_string!(i18n, onboarding.other_address_hint, address = example.clone()))
                        optional=text!(i18n, common.optional)
                        value=address.base_url
                        kind="url"
                        mono=true
                        error=submission.field("base_url")
                        testid="account-base-url"
                    />
                </div>
            </details>
        })}
    }
}

/// A place as people know it; an operator's own provider may have others.
fn place_name(name: &str, locale: Locale) -> String {
    let known = match name {
        "region" => td_string!(locale, onboarding.place_region),
        "location" => td_string!(locale, onboarding.place_location),
        "project" => td_string!(locale, onboarding.place_project),
        "resource" => td_string!(locale, onboarding.place_resource),
        other => return other.to_owned(),
    };
    known.to_owned()
}
