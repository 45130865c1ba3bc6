//! Ranking the accounts that could serve a call, each with the price it would be billed at. No I/O.

use crate::{
    call::{self, Call},
    choice, conversation,
    error::RelayError,
    grant::{DEAD, EXPIRED},
    health::{Health, Standing},
    history::History,
    identify::{self, Caller},
    tenant::{Account, Tenant},
    translate::Converted,
    upstream::request,
    way::{PROXY_DISABLED, Reached},
};
use causeway_dialect::{
    Dialect,
    neutral::{Amount, Written},
};
use causeway_domain::{
    AccountId, Factor, Multiplier, Nanos,
    price::{PriceTable, Snapshot},
    provider::Provider,
};
use causeway_store::principal::{DeadRow, HoldMode, Principal};
use chrono::{DateTime, TimeDelta, Utc};
use std::{sync::Arc, time::Duration};

/// How many accounts are offered to the script at most.
const MOST: usize = 8;

/// When it makes sense to ask again while another request tries an account.
const TRIED: TimeDelta = TimeDelta::seconds(1);

/// What a prompt can hold at most where the table does not say: the largest context window on the market.
const LARGEST_CONTEXT: u64 = 2_000_000;

/// The window that a beta header can open on models that have a smaller one.
const LONG_CONTEXT: u64 = 1_000_000;

/// Searches of the provider's own that are reserved for. Its limit is the client's (`max_uses`), or none; more than
/// this in one answer has not been seen, and would show in `causeway_relay_over_reserved_total`.
const SEARCHES: u64 = 20;

/// Accounts in order of preference, and what the call can cost at most on any of them. None, where all of those that could
/// serve it are passed over for now.
pub(crate) struct Plan {
    /// Best first.
    pub candidates: Arc<[Candidate]>,
    /// Accounts that could serve it, if it were not for this.
    pub passed: Vec<Passed>,
    /// How much is to be thought, where the name that was asked for says it.
    pub thinking: Option<Amount>,
    /// The most that can be charged for it.
    pub nanos: Nanos,
    /// The most input it can have, in tokens.
    pub input: u64,
    /// The most output it can have, in tokens.
    pub output: u64,
    /// The most tokens it can use.
    pub tokens: u64,
    /// The conversation that it belongs to, where that stays with its account.
    pub conversation: Option<Remembered>,
    /// Whether what runs at the accounts is counted, because they are chosen by it.
    pub counted: bool,
    /// Turns that its pools have taken for it.
    pub turns: Vec<choice::Taken>,
}

/// A conversation that stays with its account.
#[derive(Clone, Copy)]
pub(crate) struct Remembered {
    /// What it is called.
    pub name: conversation::Name,
    /// For how long it is remembered.
    pub lasts: Duration,
    /// Where this instance remembers it to be.
    pub at: Option<AccountId>,
    /// Whether it may be at another account than the first candidate's: not where that one cannot be used.
    pub elsewhere: bool,
}

/// An account that is not used for now.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    /// Which, and how it is reached.
    pub reached: Reached,
    /// For this model.
    pub model: Arc<str>,
    /// A row of the failover table, `tried` while another request tries it, or how its credential or its proxy stands.
    pub why: &'static str,
    /// Until when; `None` = until a person does something about it.
    pub until: Option<DateTime<Utc>>,
    /// In words, where there is more to say.
    pub reason: String,
}

/// An account that could serve the call.
#[derive(Clone)]
pub(crate) struct Candidate {
    /// Which.
    pub account: Arc<Account>,
    /// The model that it is asked for, as it is permitted, priced and logged.
    pub model: Arc<str>,
    /// What the account calls it.
    pub upstream: Arc<str>,
    /// At this price.
    pub price: Arc<Snapshot>,
    /// What is charged for a dollar of cost there.
    pub factor: Factor,
    /// The most that the provider can ask for it.
    pub worst: Nanos,
    /// The dialect in which the account is asked.
    pub speaks: Dialect,
    /// The request in that dialect, where it is another one than the caller's.
    pub converted: Option<Arc<Written>>,
}

/// What is known of the conversation that a call belongs to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Talk {
    /// What it is called.
    pub name: Option<conversation::Name>,
    /// Where it is, as far as is known.
    pub at: Option<AccountId>,
    /// Whether the reservation script has said so, or it is only where it was seen last.
    pub sure: bool,
}

/// Finds them. The three ways to find none are three different answers: nobody knows the model (no price), no account
/// serves it, and — earlier — the key may not use it. Prices are those in force `at` the start of the request.
pub(crate) fn candidates(
    prices: &PriceTable,
    tenant: &Tenant,
    caller: &Caller,
    call: &Call,
    (history, health, at): (&History, &Health, DateTime<Utc>),
    talk: Talk,
) -> Result<Plan, RelayError> {
    let (asked, thinking) = call.model(tenant)?;
    let principal = &*caller.principal;
    identify::admits(tenant, principal, call)?;
    let mut legs = tenant.routes.resolve(asked);
    legs.retain(|leg| call::permits(principal, leg.model));
    if legs.is_empty() {
        return Err(Call::forbidden(caller, asked));
    }
    let choice = choice::of(tenant, principal, talk.at, |id| health.pool_standing(tenant.org, id));
    let usable: Vec<_> = choice.accounts.iter().filter(|a| permits(principal, a.provider, a.id)).collect();
    if usable.is_empty() {
        let dead: Vec<_> = dead(tenant, principal, asked).collect();
        if !dead.is_empty() {
            return Ok(Plan::nobody(dead));
        }
        if principal.rules.is_some() && !choice.accounts.is_empty() {
            return Err(RelayError::Forbidden {
                code: "provider_forbidden",
                message: "this API key may not use any of the upstream accounts that are switched on"
                    .to_owned(),
            });
        }
        return Err(RelayError::NoAccount(nobody(tenant, principal).to_owned()));
    }
    let (mut plan, mut passed, mut context, mut longest) = (Vec::new(), Vec::new(), 0, 0);
    let mut foreign_requests = Converted::new(call, at, thinking);
    // Nearly always: then nobody is looked up.
    let all_well = health.all_well();
    let (mut unpriced, mut foreign) = (true, 0_usize);
    // Of each model that the name leads to some accounts, so that none is left out because there are many of another.
    let each = MOST.div_ceil(legs.len());
    'legs: for leg in &legs {
        let model: Arc<str> = leg.model.into();
        let mut found = 0;
        for account in &usable {
            if !tenant.routes.leads_to(leg, account.provider, account.id) {
                continue;
            }
            let mapped = tenant.routes.name_at(&model, account.provider, account.id);
            let upstream = mapped.map_or_else(|| model.clone(), Into::into);
            let Some(speaks) = request::spoken(&account.preset, call, &upstream) else {
                foreign += 1;
                continue;
            };
            let known = prices.find(account.provider, &model);
            let price = tenant.own_price(account.provider, &model, at).cloned();
            let price = price
                .or_else(|| known.map(|m| m.price_at(at).clone()))
                .or_else(|| tenant.default_price.clone());
            let Some(price) = price else { continue };
            unpriced = false;
            if mapped.is_none() && !serves(account, &model) {
                continue;
            }
            if (!all_well || account.grant.waits().is_some() || account.way.closed().is_some())
                && let Some(over) = passed_over(health, account, &model)
            {
                passed.push(over);
                // What belongs to one account is never sent to another.
                if call.parsed.owned {
                    break 'legs;
                }
                continue;
            }
            let window = known.and_then(|m| m.context).unwrap_or(LARGEST_CONTEXT);
            let most = known.and_then(|m| m.max_output).unwrap_or(window);
            let converted = if speaks == call.dialect {
                None
            } else {
                match foreign_requests.of(account, speaks, (&model, &upstream, most)) {
                    Some(written) => Some(written),
                    None => continue,
                }
            };
            context = context.max(window);
            longest = longest.max(most);
            let provider = tenant.provider_multipliers.get(account.provider.as_str()).copied();
            let provider = provider.unwrap_or(Multiplier::ONE);
            let factor = Factor::of(caller.principal.multiplier, tenant.multiplier, provider);
            let (account, model) = (Arc::clone(account), model.clone());
            plan.push(Candidate {
                account,
                model,
                upstream,
                price,
                factor,
                worst: Nanos::ZERO,
                speaks,
                converted,
            });
            found += 1;
            if plan.len() == MOST || call.parsed.owned {
                break 'legs;
            }
            if found == each {
                break;
            }
        }
    }
    if unpriced && foreign > 0 {
        return Err(RelayError::NotServed(format!(
            "none of the upstream accounts that this API key may use can be asked for this in {}, and it is not \
             converted",
            call.dialect
        )));
    }
    if unpriced {
        return Err(RelayError::UnknownModel { model: asked.to_owned() });
    }
    if plan.is_empty()
        && passed.is_empty()
        && let Some(refused) = foreign_requests.refused
    {
        return Err(refused);
    }
    if plan.is_empty() && passed.is_empty() {
        return Err(RelayError::NotServed(format!(
            "no upstream account that this API key may use lists the model {asked:?}"
        )));
    }
    if plan.is_empty() {
        passed.extend(dead(tenant, principal, asked));
    }
    if call.asks_for_long_context() {
        context = context.max(LONG_CONTEXT);
    }
    let mut input = call.parsed.input_bound.unwrap_or(context).min(context);
    let bound = if call.endpoint.generates() { call.parsed.output_bound(longest) } else { 0 };
    let mut output = bound;
    let likely = match (tenant.hold_mode, plan.first()) {
        (HoldMode::Expected, Some(first)) => history.likely_output(caller.principal.key, &first.model),
        _ => None,
    };
    if let Some(likely) = likely {
        output = output.min(likely);
        // A quarter more than estimated; where content comes by reference nothing can be estimated.
        if call.parsed.input_bound.is_some() {
            input = input.min(call.parsed.input_estimate.saturating_mul(5) / 4 + 100);
        }
    }
    let searches = if call.parsed.searches_web { SEARCHES } else { 0 };
    for candidate in &mut plan {
        let fee = candidate.price.searches(searches);
        candidate.worst = worst_case(candidate, call, (input, output)).saturating_add(fee);
    }
    let nanos = plan.iter().map(|c| c.factor.charge_at_most(c.worst)).max().unwrap_or(Nanos::ZERO);
    let tokens = input.saturating_add(output);
    let conversation = talk.name.zip(choice.remembered).map(|(name, lasts)| {
        let there = talk.at.is_some() && plan.first().map(|c| c.account.id) == talk.at;
        Remembered { name, lasts, at: talk.at.filter(|_| !talk.sure), elsewhere: there || !talk.sure }
    });
    if choice.counted
        && let Some(first) = plan.first()
    {
        health.sent(first.account.id);
    }
    let counted = choice.counted;
    let (candidates, turns) = (plan.into(), choice.turns);
    Ok(Plan {
        candidates,
        passed,
        thinking,
        nanos,
        input,
        output: bound,
        tokens,
        conversation,
        counted,
        turns,
    })
}

/// Why no account may serve a key, in words that say what an admin can do.
fn nobody(tenant: &Tenant, principal: &Principal) -> &'static str {
    let drains = |account: &Arc<Account>| account.draining && choice::includes(tenant, principal, account);
    let draining = tenant.accounts.iter().any(drains);
    let gone = |id| !tenant.pools.iter().any(|pool| pool.is(id));
    match principal.account {
        Some(_) if draining => {
            "the upstream account that this API key is bound to is draining: it takes nothing new until an admin ends \
             that, or binds the key to another"
        }
        Some(_) => "the upstream account that this API key is bound to is disabled or deleted",
        None if !principal.pools.is_empty() && principal.pools.iter().all(|id| gone(*id)) => {
            "the pools that this API key names are gone; an admin can give it others"
        }
        None if draining => {
            "every upstream account that this API key may use and that is switched on is draining: it keeps the \
             conversations that it has, and takes nothing new"
        }
        None if !principal.pools.is_empty() => {
            "the pools of this API key have no upstream account that is switched on"
        }
        None => "this organisation has no upstream account that is switched on; an admin can add one",
    }
}

/// Why an account cannot be used at this moment, if so.
pub(crate) fn passed_over(health: &Health, account: &Account, model: &str) -> Option<Passed> {
    let reached = account.reached();
    if let Some(reason) = account.way.closed() {
        let reason = reason.to_owned();
        return Some(Passed { reached, model: model.into(), why: PROXY_DISABLED, until: None, reason });
    }
    if let Some(until) = account.grant.waits() {
        return Some(Passed::until(reached, model, EXPIRED, until));
    }
    let (why, until) = match health.standing(reached, model) {
        Standing::Ready | Standing::HalfOpen(_) => return None,
        Standing::Cooling { row, until } => (row.as_str(), until),
        Standing::Tried => ("tried", Utc::now() + TRIED),
    };
    Some(Passed::until(reached, model, why, until))
}

/// Accounts that could serve a key if a person authorised them anew.
fn dead<'a>(
    tenant: &'a Tenant,
    principal: &'a Principal,
    model: &'a str,
) -> impl Iterator<Item = Passed> + 'a {
    let mine = |row: &&DeadRow| {
        choice::names(tenant, principal, row.id, row.dedicated) && permits(principal, row.provider, row.id)
    };
    tenant.dead.iter().filter(mine).map(|row| Passed {
        reached: Reached { account: row.id, provider: row.provider, through: None },
        model: model.into(),
        why: DEAD,
        until: None,
        reason: row.reason.clone(),
    })
}

impl Passed {
    fn until(reached: Reached, model: &str, why: &'static str, until: DateTime<Utc>) -> Self {
        Self { reached, model: model.into(), why, until: Some(until), reason: String::new() }
    }
}

impl Plan {
    /// One with nobody to ask.
    fn nobody(passed: Vec<Passed>) -> Self {
        Self {
            candidates: Arc::new([]),
            passed,
            thinking: None,
            nanos: Nanos::ZERO,
            input: 0,
            output: 0,
            tokens: 0,
            conversation: None,
            counted: false,
            turns: Vec::new(),
        }
    }
}

/// The most the call can cost at an account. Few are known to keep to `standard_only`.
fn worst_case(candidate: &Candidate, call: &Call, (input, output): (u64, u64)) -> Nanos {
    let (price, one_hour) = (&candidate.price, call.one_hour_cache());
    if call.standard_only() && candidate.account.preset.keeps_service_tier {
        price.worst_case_at_standard(input, output, one_hour)
    } else {
        price.worst_case(input, output, one_hour)
    }
}

/// Whether an account may serve a key.
pub(crate) fn reaches(tenant: &Tenant, principal: &Principal, account: &Account) -> bool {
    choice::includes(tenant, principal, account) && permits(principal, account.provider, account.id)
}

/// Whether a key's rules let an account serve it.
fn permits(principal: &Principal, provider: Provider, account: AccountId) -> bool {
    principal.rules.as_ref().is_none_or(|rules| {
        rules.services.reaches(provider) && (rules.accounts.is_empty() || rules.accounts.contains(&account))
    })
}

/// Whether an account serves a model. Of some providers the price table is the list; the others serve what they list,
/// and where they were never asked, anything.
pub(crate) fn serves(account: &Account, model: &str) -> bool {
    account.preset.models_are_priced || account.models.as_ref().is_none_or(|list| list.contains(model))
}
