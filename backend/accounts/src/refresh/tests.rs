//! What needs no issuer: when one is asked at all, and how soon again.

use super::*;
use causeway_domain::provider::Provider;

fn held(now: DateTime<Utc>) -> Held {
    Held {
        provider: Provider::ANTHROPIC,
        base_url: "https://api.anthropic.com".to_owned(),
        credential: Vec::new(),
        version: 3,
        expires_at: Some(now + TimeDelta::hours(1)),
        dead: false,
        reason: None,
        refreshed_at: None,
        failures: 0,
        after: None,
        enabled: true,
    }
}

fn wanted(version: i64, why: Why) -> Wanted {
    Wanted { org: OrgId(Uuid::nil()), account: AccountId(Uuid::nil()), version, why }
}

#[test]
fn an_issuer_is_asked_only_where_nothing_newer_is_there_and_nothing_speaks_against_it() {
    let now = Utc::now();
    let all = [Why::Ahead, Why::Over, Why::Refused, Why::Person];
    for why in all {
        assert_eq!(settled(&held(now), wanted(3, why), now), None, "{why:?}");
        let newer = settled(&held(now), wanted(2, why), now);
        assert_eq!(newer, Some(Outcome::Ready { version: 3 }), "{why:?}");
        let over = Held { expires_at: Some(now), ..held(now) };
        assert_eq!(
            settled(&over, wanted(2, why), now),
            None,
            "{why:?}: a newer one that is over will not do"
        );
        let off = Held { enabled: false, ..held(now) };
        assert_eq!(settled(&off, wanted(2, why), now), Some(Outcome::Off), "{why:?}");
        let dead = Held { dead: true, reason: Some("revoked".to_owned()), ..held(now) };
        let told = settled(&dead, wanted(3, why), now);
        assert_eq!(told, Some(Outcome::Dead { reason: "revoked".to_owned() }), "{why:?}");
        let until = now + TimeDelta::seconds(5);
        let waits = Held { after: Some(until), reason: Some("away".to_owned()), ..held(now) };
        let told = settled(&waits, wanted(3, why), now);
        let expected = Outcome::Later { until, reason: "away".to_owned() };
        assert_eq!(told, (why != Why::Person).then_some(expected), "{why:?}");
        let fresh = Held { refreshed_at: Some(now - TimeDelta::seconds(5)), ..held(now) };
        let told = settled(&fresh, wanted(3, why), now);
        assert_eq!(told.is_some(), why == Why::Refused, "{why:?}: {told:?}");
    }
}

#[test]
fn an_issuer_is_left_alone_twice_as_long_each_time_and_for_as_long_as_it_wishes() {
    let seconds = Duration::from_secs;
    let pace = Pace::default();
    let pauses: Vec<_> = [0, 1, 2, 3, 6, 7, 40].map(|failures| pace.pause(failures, None).as_secs()).into();
    assert_eq!(pauses, [5, 10, 20, 40, 300, 300, 300]);
    assert_eq!(pace.pause(0, Some(seconds(60))), seconds(60));
    assert_eq!(pace.pause(3, Some(seconds(1))), seconds(40));
    assert_eq!(pace.pause(0, Some(seconds(86_400))), seconds(3600));
}

#[test]
fn a_lease_outlasts_the_call_that_is_made_under_it() {
    assert!(lease::LASTS > crate::oauth::DEADLINE);
    assert!(OTHERS > lease::LASTS);
}
