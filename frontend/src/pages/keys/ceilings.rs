//! What bounds a member's own keys, in words, above the form.

use causeway_openapi::KeyRules;
use leptos::prelude::*;

use crate::{
    core::{
        i18n::{Locale, t, td_string, use_i18n},
        query::Query,
    },
    ui::{badge::Tone, limits::words, notice::Notice},
};

/// The notice; nothing for whom nothing bounds.
#[component]
pub(super) fn Ceilings(rules: Query<KeyRules>) -> impl IntoView {
    let i18n = use_i18n();
    move || {
        let rules = rules.data().filter(|rules| rules.bound && !rules.ceilings.is_empty())?;
        Some(view! {
            <div data-testid="key-ceilings">
                <Notice tone=Tone::Info>
                    <p class="font-medium">{t!(i18n, keys.ceilings)}</p>
                    {move || said(&rules, i18n.get_locale()).into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}
                </Notice>
            </div>
        })
    }
}

fn said(rules: &KeyRules, locale: Locale) -> Vec<String> {
    let ceilings = &rules.ceilings;
    let mut lines = Vec::new();
    if let Some(most) = ceilings.keys {
        lines.push(td_string!(locale, keys.ceiling_keys, has = rules.own_keys, most = most));
    }
    if !ceilings.limits.is_empty() {
        lines.push(td_string!(locale, keys.ceiling_limits, limits = words(&ceilings.limits, &[], locale)));
    }
    if !ceilings.models.is_open() {
        let denied = ceilings.models.deny.iter().map(|pattern| format!("−{pattern}"));
        let models: Vec<_> = ceilings.models.allow.iter().cloned().chain(denied).collect();
        lines.push(td_string!(locale, keys.ceiling_models, models = models.join(", ")));
    }
    if let Some(days) = ceilings.expires_within_days {
        lines.push(td_string!(locale, keys.ceiling_days, days = days));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ceiling_has_its_line() {
        let ceilings = serde_json::from_str(
            r#"{"keys":3,"limits":{"usd":{"day":"5"}},"models":{"allow":["claude-*"],"deny":["*opus*"]},"expires_within_days":30}"#,
        )
        .unwrap();
        let said = said(&KeyRules { ceilings, bound: true, own_keys: 1 }, Locale::en);
        assert_eq!(said.len(), 4);
        assert!(said[0].contains("1 of 3") && said[1].contains("$5.00") && said[2].contains("−*opus*"));
    }
}
