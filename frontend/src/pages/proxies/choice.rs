//! The field in which a person says how requests leave: of an account, of a pool, of the organisation.

use causeway_domain::{ProxyId, proxy::Choice};
use causeway_openapi::{Page, Proxy};
use leptos::prelude::*;

use crate::{
    core::{
        form::Submission,
        i18n::{t_string, text, use_i18n},
        query::Query,
    },
    ui::field::SelectField,
};

/// Of whom it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Which may leave it to its pools and the organisation.
    Accounts,
    /// Which may leave it to the organisation.
    Pools,
    /// Which nobody says anything above: `direct`, or a proxy.
    Organizations,
}

/// What is chosen, from the field's text.
pub(crate) fn read(text: &str) -> Choice {
    text.parse().unwrap_or_default()
}

/// The field's text of an organisation's default.
pub(crate) fn of_default(default: Option<ProxyId>) -> String {
    default.map_or(Choice::Direct, Choice::Through).to_string()
}

/// The field. While the proxies are not there, what was chosen stands for itself.
#[component]
pub(crate) fn ProxyField(
    value: RwSignal<String>,
    proxies: Query<Page<Proxy>>,
    whose: Whose,
    submission: Submission,
) -> impl IntoView {
    let i18n = use_i18n();
    let options = Signal::derive(move || {
        let word = |choice: Choice, text: &str| (choice.to_string(), text.to_owned());
        let mut options = Vec::new();
        match whose {
            Whose::Accounts => options.push(word(Choice::Inherit, t_string!(i18n, proxies.inherit_account))),
            Whose::Pools => options.push(word(Choice::Inherit, t_string!(i18n, proxies.inherit_pool))),
            Whose::Organizations => {}
        }
        options.push(word(Choice::Direct, t_string!(i18n, proxies.direct)));
        match proxies.data() {
            Some(page) => {
                options.extend(page.items.into_iter().map(|proxy| (proxy.id.to_string(), proxy.name)));
            }
            None => {
                let chosen = value.get();
                if read(&chosen).proxy().is_some() {
                    options.push((chosen.clone(), chosen));
                }
            }
        }
        options
    });
    let field = if whose == Whose::Organizations { "default_proxy_id" } else { "proxy" };
    let (label, hint) = match whose {
        Whose::Accounts => (text!(i18n, proxies.way), text!(i18n, proxies.way_account_hint)),
        Whose::Pools => (text!(i18n, proxies.way), text!(i18n, proxies.way_pool_hint)),
        Whose::Organizations => (text!(i18n, proxies.way_default), text!(i18n, proxies.way_default_hint)),
    };
    view! {
        <SelectField label hint value options error=submission.field(field) testid="proxy-choice"/>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_field_says_is_what_is_sent() {
        let id = "019a0000-0000-7000-8000-0000000000ff";
        assert_eq!((read("inherit"), read("direct")), (Choice::Inherit, Choice::Direct));
        assert_eq!(read(id), Choice::Through(id.parse().unwrap()));
        assert_eq!(of_default(None), "direct");
        assert_eq!(of_default(read(id).proxy()), id);
    }
}
