//! Model routes: what models are called here, and where each name leads. Pure; an organisation's routes are asked in their
//! order before anything else is judged by a model's name.
//!
//! A name is looked up once: what an alias leads to is not looked up again, so that routes cannot go round in circles.

use crate::{
    AccountId,
    model::{glob_matches, is_pattern},
    provider::Provider,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The most routes of an organisation.
pub const MOST_ROUTES: usize = 200;
/// The most targets of a route.
pub const MOST_TARGETS: usize = 8;

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A name, or a pattern of names, leads to models: the first of its targets that answers.
    Alias,
    /// Names that begin so lead to the model named behind it, at its targets.
    Prefix,
    /// Models that are not served, at its targets or at all.
    Exclude,
    /// What a model is called at its targets: the name of a deployment, say.
    Mapping,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Alias, Self::Prefix, Self::Exclude, Self::Mapping];

    /// As stored and as in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::Prefix => "prefix",
            Self::Exclude => "exclude",
            Self::Mapping => "mapping",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no kind of route.
#[derive(Debug, thiserror::Error)]
#[error("not a kind of route: {0}")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownKind(name.to_owned()))
    }
}

/// Where a route applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Accounts of this provider only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// This account only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Which model it leads to, or what the model is called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Target {
    /// Whether an account is meant.
    pub fn is_at(&self, provider: Provider, account: AccountId) -> bool {
        self.provider.is_none_or(|p| p == provider) && self.account.is_none_or(|a| a == account)
    }
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// What it does.
    pub kind: Kind,
    /// The name, pattern or prefix that it is about.
    pub pattern: String,
    /// Where, in order. What has none applies everywhere.
    pub targets: Vec<Target>,
    /// Of an alias and a prefix: whether what they lead to is also reached without them.
    pub keeps_original: bool,
}

impl Route {
    /// Whether it applies at an account.
    fn is_at(&self, provider: Provider, account: AccountId) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|target| target.is_at(provider, account))
    }
}

/// One of the models that a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg<'a> {
    /// The model, by which it is permitted and priced.
    pub model: &'a str,
    /// Where; nowhere in particular when absent.
    at: Option<&'a Target>,
    /// It was asked for by its own name.
    own: bool,
}

/// The routes of an organisation, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes(Vec<Route>);

impl Routes {
    /// In this order.
    pub fn new(routes: Vec<Route>) -> Self {
        Self(routes)
    }

    /// Where a name leads, in the order in which it is asked.
    pub fn resolve<'a>(&'a self, asked: &'a str) -> Vec<Leg<'a>> {
        for route in &self.0 {
            match route.kind {
                Kind::Alias if glob_matches(&route.pattern, asked) => {
                    let leg = |target: &'a Target| {
                        let model = target.model.as_deref()?;
                        Some(Leg { model, at: Some(target), own: false })
                    };
                    return route.targets.iter().filter_map(leg).collect();
                }
                Kind::Prefix => {
                    let rest = asked.strip_prefix(&*route.pattern).filter(|rest| !rest.is_empty());
                    let Some(model) = rest else { continue };
                    if route.targets.is_empty() {
                        return vec![Leg { model, at: None, own: false }];
                    }
                    return route
                        .targets
                        .iter()
                        .map(|target| Leg { model, at: Some(target), own: false })
                        .collect();
                }
                Kind::Alias | Kind::Exclude | Kind::Mapping => {}
            }
        }
        vec![Leg { model: asked, at: None, own: true }]
    }

    /// Whether an account may serve a leg.
    pub fn leads_to(&self, leg: &Leg<'_>, provider: Provider, account: AccountId) -> bool {
        leg.at.is_none_or(|target| target.is_at(provider, account))
            && !self.excludes(leg.model, provider, account)
            && !(leg.own && self.hides(leg.model, provider, account))
    }

    /// What a model is called at an account, where that is another name.
    pub fn name_at(&self, model: &str, provider: Provider, account: AccountId) -> Option<&str> {
        let mappings = self.0.iter().filter(|route| route.kind == Kind::Mapping && route.pattern == model);
        let mut targets = mappings.flat_map(|route| &route.targets);
        targets.find(|target| target.is_at(provider, account))?.model.as_deref()
    }

    /// What is called by another name at an account: the models there that only we know by theirs.
    pub fn mapped_at(&self, provider: Provider, account: AccountId) -> impl Iterator<Item = &str> {
        let mappings = self.0.iter().filter(|route| route.kind == Kind::Mapping);
        mappings
            .filter(move |route| route.targets.iter().any(|target| target.is_at(provider, account)))
            .map(|route| route.pattern.as_str())
    }

    /// Names that are no model's own: of aliases that are no patterns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let aliases = self.0.iter().filter(|route| route.kind == Kind::Alias);
        aliases.map(|route| route.pattern.as_str()).filter(|pattern| !is_pattern(pattern))
    }

    /// Prefixes under which models are found.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|route| route.kind == Kind::Prefix).map(|route| route.pattern.as_str())
    }

    /// Whether an account does not serve a model.
    pub fn excludes(&self, model: &str, provider: Provider, account: AccountId) -> bool {
        let mut exclusions = self.0.iter().filter(|route| route.kind == Kind::Exclude);
        exclusions.any(|route| glob_matches(&route.pattern, model) && route.is_at(provider, account))
    }

    /// Whether a model is reached only by another name there.
    fn hides(&self, model: &str, provider: Provider, account: AccountId) -> bool {
        let mut replacing = self.0.iter().filter(|route| !route.keeps_original);
        replacing.any(|route| match route.kind {
            Kind::Alias => {
                route.targets.iter().any(|t| t.model.as_deref() == Some(model) && t.is_at(provider, account))
            }
            Kind::Prefix => route.is_at(provider, account),
            Kind::Exclude | Kind::Mapping => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const HERE: AccountId = AccountId(Uuid::from_u128(1));
    const THERE: AccountId = AccountId(Uuid::from_u128(2));
    const HOME: Provider = Provider::ANTHROPIC;

    fn to(provider: Option<Provider>, account: Option<AccountId>, model: &str) -> Target {
        Target { provider, account, model: (!model.is_empty()).then(|| model.to_owned()) }
    }

    fn route(kind: Kind, pattern: &str, keeps_original: bool, targets: Vec<Target>) -> Route {
        Route { kind, pattern: pattern.to_owned(), targets, keeps_original }
    }

    /// The models that a name leads to at the account here, and at the one there, which is OpenAI's.
    fn served(routes: &Routes, asked: &str) -> (Vec<String>, Vec<String>) {
        let at = |provider, account| {
            let legs = routes.resolve(asked).into_iter();
            legs.filter(|leg| routes.leads_to(leg, provider, account))
                .map(|leg| leg.model.to_owned())
                .collect()
        };
        (at(HOME, HERE), at(Provider::OPENAI, THERE))
    }

    fn both(here: &[&str], there: &[&str]) -> (Vec<String>, Vec<String>) {
        let owned = |models: &[&str]| models.iter().map(|m| (*m).to_owned()).collect();
        (owned(here), owned(there))
    }

    #[test]
    fn without_routes_a_name_is_its_own() {
        assert_eq!(served(&Routes::default(), "a"), both(&["a"], &["a"]));
    }

    #[test]
    fn an_alias_is_a_chain_over_providers_and_models_and_hides_what_it_stands_for_unless_it_keeps_it() {
        let chain = vec![
            to(Some(HOME), None, "opus"),
            to(Some(Provider::OPENAI), None, "gpt"),
            to(None, None, "small"),
        ];
        let routes = |keeps| Routes::new(vec![route(Kind::Alias, "best", keeps, chain.clone())]);
        assert_eq!(served(&routes(false), "best"), both(&["opus", "small"], &["gpt", "small"]));
        // Each is hidden where the alias leads to it, and nowhere else.
        assert_eq!(served(&routes(false), "opus"), both(&[], &["opus"]));
        assert_eq!(served(&routes(false), "small"), both(&[], &[]));
        assert_eq!(served(&routes(true), "opus"), both(&["opus"], &["opus"]));
    }

    #[test]
    fn the_first_route_that_fits_counts_and_what_it_leads_to_is_not_looked_up_again() {
        let routes = Routes::new(vec![
            route(Kind::Alias, "a", true, vec![to(None, None, "b")]),
            route(Kind::Alias, "b", true, vec![to(None, None, "a")]),
            route(Kind::Alias, "gpt-*", true, vec![to(None, None, "c")]),
            route(Kind::Alias, "gpt-5", true, vec![to(None, None, "d")]),
        ]);
        assert_eq!(served(&routes, "a"), both(&["b"], &["b"]));
        assert_eq!(served(&routes, "b"), both(&["a"], &["a"]));
        assert_eq!(served(&routes, "gpt-5"), both(&["c"], &["c"]));
    }

    #[test]
    fn a_prefix_leads_to_its_accounts_and_can_be_the_only_way_there() {
        let routes =
            |keeps| Routes::new(vec![route(Kind::Prefix, "home/", keeps, vec![to(None, Some(HERE), "")])]);
        assert_eq!(served(&routes(true), "home/opus"), both(&["opus"], &[]));
        assert_eq!(served(&routes(true), "opus"), both(&["opus"], &["opus"]));
        assert_eq!(served(&routes(false), "opus"), both(&[], &["opus"]));
        assert_eq!(served(&routes(true), "home/"), both(&["home/"], &["home/"]), "nothing behind it");
    }

    #[test]
    fn what_is_excluded_is_not_served_by_any_name() {
        let routes = Routes::new(vec![
            route(Kind::Exclude, "*-preview", true, vec![]),
            route(Kind::Exclude, "opus*", true, vec![to(Some(Provider::OPENAI), None, "")]),
            route(Kind::Alias, "best", true, vec![to(None, None, "opus-5"), to(None, None, "x-preview")]),
        ]);
        assert_eq!(served(&routes, "best"), both(&["opus-5"], &[]));
        assert_eq!(served(&routes, "x-preview"), both(&[], &[]));
    }

    #[test]
    fn a_model_can_have_another_name_at_each_account() {
        let targets = vec![to(None, Some(HERE), "deployment-7"), to(Some(Provider::OPENAI), None, "gpt-x")];
        let routes = Routes::new(vec![route(Kind::Mapping, "opus", true, targets)]);
        assert_eq!(routes.name_at("opus", HOME, HERE), Some("deployment-7"));
        assert_eq!(routes.name_at("opus", Provider::OPENAI, THERE), Some("gpt-x"));
        assert_eq!(routes.name_at("opus", HOME, THERE), None);
        assert_eq!(routes.mapped_at(HOME, HERE).collect::<Vec<_>>(), ["opus"]);
        assert_eq!(served(&routes, "opus"), both(&["opus"], &["opus"]));
    }
}
