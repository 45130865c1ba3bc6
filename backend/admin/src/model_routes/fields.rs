//! From the fields of a request to routes.

use crate::{check::Check, error::ApiError, state::AdminState};
use causeway_domain::{
    AccountId,
    model::{MAX_MODEL_CHARS, is_pattern},
    route::{Kind, MOST_ROUTES, MOST_TARGETS, Route, Target},
};
use causeway_openapi::{ModelRoute, RouteTarget};
use causeway_store::{TenantTx, pools};
use std::collections::HashSet;

const NAME: &str = "must have 1 to 200 characters without spaces";

/// Checks them, and what they name.
pub(super) async fn routes(
    tx: &mut TenantTx,
    state: &AdminState,
    given: &[ModelRoute],
) -> Result<Vec<Route>, ApiError> {
    let mut check = Check::default();
    if given.len() > MOST_ROUTES {
        check.refuse("items", "must have at most 200 routes");
        return check.done().map(|()| Vec::new());
    }
    let named = given.iter().flat_map(|route| &route.targets).filter_map(|target| target.account_id);
    let named: Vec<AccountId> = named.collect::<HashSet<_>>().into_iter().collect();
    let known: HashSet<AccountId> = pools::known_accounts(tx, &named).await?.into_iter().collect();
    let mut seen = HashSet::new();
    for (i, route) in given.iter().enumerate() {
        let at = format!("items[{i}]");
        pattern(&mut check, &at, route);
        // What comes second would never be asked.
        let decides = matches!(route.kind, Kind::Alias | Kind::Prefix);
        let first = seen.insert((route.kind, route.pattern.as_str()));
        check.require(
            !decides || first,
            &format!("{at}.pattern"),
            "is there already in a route of this kind",
        );
        let needs_one = matches!(route.kind, Kind::Alias | Kind::Mapping);
        let field = format!("{at}.targets");
        check.require(!needs_one || !route.targets.is_empty(), &field, "must have a target at least");
        check.require(route.targets.len() <= MOST_TARGETS, &field, "must have at most 8 targets");
        for (n, target) in route.targets.iter().enumerate().take(MOST_TARGETS) {
            let at = format!("{field}[{n}]");
            model(&mut check, &at, route.kind, target);
            if let Some(provider) = target.provider {
                check.provider(&format!("{at}.provider"), provider, &state.catalogue);
            }
            let account = target.account_id.is_none_or(|id| known.contains(&id));
            check.require(account, &format!("{at}.account_id"), "must be an account of this organisation");
            let nowhere = target.provider.is_none() && target.account_id.is_none();
            let needs_place = matches!(route.kind, Kind::Prefix | Kind::Exclude);
            check.require(!needs_place || !nowhere, &at, "must name a provider or an account");
        }
    }
    check.done()?;
    Ok(given.iter().map(stored).collect())
}

fn pattern(check: &mut Check, at: &str, route: &ModelRoute) {
    let field = format!("{at}.pattern");
    if !is_name(&route.pattern) {
        check.refuse(&field, NAME);
    }
    let may = matches!(route.kind, Kind::Alias | Kind::Exclude);
    check.require(may || !is_pattern(&route.pattern), &field, "must not have a * in a route of this kind");
}

fn model(check: &mut Check, at: &str, kind: Kind, target: &RouteTarget) {
    let field = format!("{at}.model");
    match (&target.model, kind) {
        (None, Kind::Alias | Kind::Mapping) => check.refuse(&field, "must be the name of a model"),
        (Some(_), Kind::Prefix | Kind::Exclude) => {
            check.refuse(&field, "must not be given in a route of this kind");
        }
        (Some(name), _) if !is_name(name) || is_pattern(name) => {
            check.refuse(&field, format!("{NAME}, and no *"));
        }
        _ => {}
    }
}

fn is_name(text: &str) -> bool {
    (1..=MAX_MODEL_CHARS).contains(&text.chars().count())
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn stored(route: &ModelRoute) -> Route {
    let target =
        |t: &RouteTarget| Target { provider: t.provider, account: t.account_id, model: t.model.clone() };
    Route {
        kind: route.kind,
        pattern: route.pattern.clone(),
        targets: route.targets.iter().map(target).collect(),
        keeps_original: route.keep_original,
    }
}
