//! What one failure after the other makes of an account.

use super::*;
use crate::verdict::hints::Hint;
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

fn failure(row: Row, began: i64) -> Failure<'static> {
    Failure {
        org: OrgId(Uuid::nil()),
        reached: Reached { account: AccountId(Uuid::nil()), provider: Provider::ANTHROPIC, through: None },
        proxys: false,
        longest: Duration::from_secs(7 * 24 * 60 * 60),
        model: "claude-haiku-4-5",
        row,
        hint: None,
        status: None,
        detail: "",
        began: at(began),
    }
}

fn cool(known: Option<&Entry>, row: Row, began: i64, now: i64) -> Entry {
    let cools = Table::default().verdict(row).cools;
    next(known, &failure(row, began), cools, at(now), (AccountId(Uuid::nil()), String::new())).unwrap()
}

fn until(entry: &Entry) -> i64 {
    (entry.cooldown.until - at(0)).num_seconds()
}

#[test]
fn failures_in_a_row_double_up_to_the_most() {
    let mut entry = cool(None, Row::Overloaded, 0, 0);
    let mut lengths = vec![until(&entry)];
    for _ in 0..7 {
        let over = until(&entry);
        entry = cool(Some(&entry), Row::Overloaded, over, over);
        lengths.push(until(&entry) - over);
    }
    assert_eq!(lengths, [10, 20, 40, 80, 160, 320, 600, 600]);
}

#[test]
fn requests_that_fail_together_are_one_failure() {
    let first = cool(None, Row::Overloaded, 0, 1);
    let second = cool(Some(&first), Row::Overloaded, 0, 5);
    assert_eq!((until(&second), second.cooldown.level), (11, 0), "neither longer nor later");
    // One that began before the first failure and hung on until the time was over.
    let straggler = cool(Some(&first), Row::Overloaded, 0, 30);
    assert_eq!((until(&straggler), straggler.cooldown.level), (40, 0));
}

#[test]
fn another_cause_begins_anew_and_does_not_shorten_what_there_is() {
    let refused = cool(None, Row::BadCredential, 0, 0);
    let overloaded = cool(Some(&refused), Row::ProviderError, 0, 10);
    assert_eq!((until(&overloaded), overloaded.row), (1800, Row::BadCredential));
    let later = cool(Some(&refused), Row::ProviderError, 1900, 1900);
    assert_eq!((until(&later), later.cooldown.level), (1960, 0));
}

#[test]
fn a_hint_counts_up_to_the_longest_window() {
    let hinted = |seconds| {
        let hint = Hint { after: Duration::from_secs(seconds), family: None };
        let failure = Failure { hint: Some(&hint), ..failure(Row::LimitedUntil, 0) };
        until(&next(None, &failure, Cools::Hinted, at(0), (AccountId(Uuid::nil()), String::new())).unwrap())
    };
    assert_eq!(hinted(5 * 3600), 5 * 3600);
    assert_eq!(hinted(90 * 86_400), 7 * 86_400);
}

#[test]
fn a_scope_concerns_the_models_that_it_names() {
    assert!(concerns("", "claude-haiku-4-5"));
    assert!(concerns("model:claude-haiku-4-5", "claude-haiku-4-5"));
    assert!(!concerns("model:claude-haiku-4-5", "claude-haiku-4-5-20251001"));
    assert!(
        concerns("family:opus", "claude-opus-4-5") && concerns("family:opus", "anthropic/claude-Opus-4.5")
    );
    assert!(!concerns("family:opus", "claude-octopus-4-5") && !concerns("family:opus", "claude-haiku-4-5"));
}

#[test]
fn ways_and_proxies_concern_who_takes_them_and_no_model_by_itself() {
    let (one, other) = (ProxyId(Uuid::from_u128(1)), ProxyId(Uuid::from_u128(2)));
    for scope in [way(None), way(Some(one)), PROXY.to_owned(), format!("{PROXY}:anthropic")] {
        assert!(!concerns(&scope, "claude-haiku-4-5"), "{scope}");
    }
    assert!(is_way(&way(None), None) && !is_way(&way(None), Some(one)));
    assert!(is_way(&way(Some(one)), Some(one)) && !is_way(&way(Some(one)), Some(other)));
    assert!(!is_way(&way(Some(one)), None) && !is_way("", None) && !is_way("model:way", None));
    assert!(is_proxy(PROXY, Provider::ANTHROPIC));
    assert!(
        is_proxy("proxy:anthropic", Provider::ANTHROPIC) && !is_proxy("proxy:anthropic", Provider::GEMINI)
    );
}
