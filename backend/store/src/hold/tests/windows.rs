//! Windows roll at their end, by Redis' clock and to the millisecond.

use super::*;
use std::time::Duration;

const DAY_MS: i64 = 86_400_000;

impl Fixture {
    async fn redis_ms(&self) -> i64 {
        let mut connection = self.cache.connection.clone();
        let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await.unwrap();
        seconds * 1_000 + micros / 1_000
    }

    async fn window(&self, kind: WindowKind) -> LoadedWindow {
        let stand = standing(&self.cache, self.org, ScopeId::Key(self.key)).await.unwrap();
        *stand.windows.iter().find(|w| w.kind == kind).unwrap()
    }
}

fn day(end: i64) -> ScopeWindow {
    ScopeWindow { kind: WindowKind::Day, end, next_end: end + DAY_MS, usd: 100, tokens: 0, requests: 0 }
}

fn loaded_window(kind: WindowKind, end: i64) -> LoadedWindow {
    LoadedWindow { kind, end, base_nanos: 0, base_tokens: 0, base_requests: 0 }
}

#[tokio::test]
async fn a_window_of_another_calendar_is_counted_anew_and_a_clock_that_is_ahead_for_a_moment_is_not_one() {
    let f = Fixture::new().await;
    let now = f.redis_ms().await;
    let scope = |end| Scope { windows: vec![day(end)], ..f.budget(0, 10) };
    let load = async |end| {
        let windows = vec![loaded_window(WindowKind::Day, end)];
        forget(&f.cache, f.org, ScopeId::Key(f.key)).await.unwrap();
        f.load(&Totals { nanos: 60, windows, ..Totals::default() }).await;
    };
    let ends = now + DAY_MS / 2;
    load(ends).await;
    assert!(held(&f.take(request(), scope(ends)).await));
    assert!(held(&f.take(request(), scope(ends - DAY_MS)).await), "one that is behind knows it as the next");
    assert_eq!(f.take(request(), scope(ends + 900_000)).await, Reserved::Recount(0));
    load(ends + 900_000).await;
    assert!(held(&f.take(request(), scope(ends + 900_000)).await));
    assert_eq!(f.window(WindowKind::Day).await.end, ends + 900_000);
    load(now + 30_000).await;
    assert!(held(&f.take(request(), scope(now + 30_000 + DAY_MS)).await));
}

#[tokio::test]
async fn a_window_is_full_until_its_end_and_empty_from_then_on() {
    let f = Fixture::new().await;
    let end = f.redis_ms().await + 400;
    f.load(&Totals { nanos: 60, windows: vec![loaded_window(WindowKind::Day, end)], ..Totals::default() })
        .await;
    let scope = |nanos| Scope { windows: vec![day(end)], ..f.budget(0, nanos) };
    let open = request();
    assert!(held(&f.take(open, scope(40)).await));
    let mut refused = 0;
    let at = loop {
        match f.take(request(), scope(10)).await {
            Reserved::Refused(refusal) => {
                refused += 1;
                assert_eq!((refusal.spent, refusal.reserved), (60, 40));
                // Told to come back when the window ends, and not a millisecond earlier.
                let left = i64::try_from(refusal.retry_ms.unwrap()).unwrap();
                assert!((1..=400).contains(&left), "{left}");
                if left > 3 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            Reserved::Held { at, facts, .. } => {
                let window = facts[0].windows[0];
                assert_eq!((window.nanos, window.end), (0, end + DAY_MS));
                break at;
            }
            other => panic!("{other:?}"),
        }
    };
    assert!(refused > 3);
    assert!((end..end + 100).contains(&at), "rolled {} ms after its end", at - end);
    // What was reserved before the end counts in the new window, also when it is settled there.
    assert_eq!(f.settle(open, SettleMode::Settle, 30).await, SettledAs::Now);
    let now = f.window(WindowKind::Day).await;
    assert_eq!((now.end, now.base_nanos), (end + DAY_MS, 60));
    assert!(!held(&f.take(request(), scope(61)).await));
    assert!(held(&f.take(request(), scope(60)).await));
}

#[tokio::test]
async fn five_hours_end_five_hours_after_their_first_use_whatever_follows() {
    let f = Fixture::new().await;
    // Nearly over: begun five hours ago, less a moment.
    let end = f.redis_ms().await + 150;
    let length = causeway_domain::window::FIVE_HOURS_MS;
    f.load(&Totals { windows: vec![loaded_window(WindowKind::FiveHours, end)], ..Totals::default() }).await;
    let window = ScopeWindow {
        kind: WindowKind::FiveHours,
        end: -length,
        next_end: 0,
        usd: 10,
        tokens: 0,
        requests: 0,
    };
    let scope = || Scope { windows: vec![window], ..f.budget(0, 5) };
    let id = request();
    assert!(held(&f.take(id, scope()).await));
    assert_eq!(f.window(WindowKind::FiveHours).await.end, end, "a use within it does not prolong it");
    assert_eq!(f.settle(id, SettleMode::Settle, 5).await, SettledAs::Now);
    tokio::time::sleep(Duration::from_millis(160)).await;
    // Over, and nobody has used it since: the next one has not begun.
    assert_eq!(f.window(WindowKind::FiveHours).await.end, end);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let Reserved::Held { at, facts, .. } = f.take(request(), scope()).await else { panic!() };
    assert_eq!(facts[0].windows[0].end, at + length);
    assert!(at >= end + 50);
}

#[tokio::test]
async fn a_caller_whose_calendar_is_of_the_past_gets_no_window_of_its_own() {
    let f = Fixture::new().await;
    let now = f.redis_ms().await;
    let window = loaded_window(WindowKind::Day, now - 1);
    f.load(&Totals { nanos: 90, windows: vec![window], ..Totals::default() }).await;
    // Its day and the one after it are over: each request would begin a window, and the limit would be none.
    let stopped = Scope { windows: vec![day(now - 2 * DAY_MS)], ..f.budget(0, 60) };
    assert_eq!(f.take(request(), stopped).await, Reserved::Stale);
    // One that is a little slow is helped by the end that follows.
    let slow = Scope { windows: vec![day(now - 1)], ..f.budget(0, 60) };
    let Reserved::Held { facts, .. } = f.take(request(), slow.clone()).await else { panic!() };
    assert_eq!(facts[0].windows[0].end, now - 1 + DAY_MS);
    assert!(!held(&f.take(request(), slow).await));
}

#[tokio::test]
async fn what_was_used_while_a_window_was_not_limited_counts_when_it_is_again() {
    let f = Fixture::new().await;
    let end = f.redis_ms().await + 100;
    f.load(&Totals { windows: vec![loaded_window(WindowKind::Day, end)], ..Totals::default() }).await;
    let limited = |end| Scope { windows: vec![day(end)], ..f.budget(0, 10) };
    let other = || Scope { counted: true, nanos: 80, ..unlimited(ScopeId::Key(f.key)) };
    let first = request();
    assert!(held(&f.take(first, limited(end)).await));
    assert_eq!(f.settle(first, SettleMode::Settle, 10).await, SettledAs::Now);
    tokio::time::sleep(Duration::from_millis(120)).await;
    // The limit is lifted, the window ends unwatched, 80 are used in the next one, and the limit is set again.
    let second = request();
    assert!(held(&f.take(second, other()).await));
    assert_eq!(f.settle(second, SettleMode::Settle, 80).await, SettledAs::Now);
    assert_eq!(
        f.take(request(), limited(end)).await,
        Reserved::Load(0),
        "only Postgres knows where it stands"
    );
    let known =
        LoadedWindow { base_nanos: 10, base_requests: 1, ..loaded_window(WindowKind::Day, end + DAY_MS) };
    f.load(&Totals { nanos: 90, requests: 2, windows: vec![known], ..Totals::default() }).await;
    let Reserved::Held { facts, .. } = f.take(request(), limited(end)).await else { panic!() };
    assert_eq!(facts[0].windows[0].nanos, 80);
}

#[tokio::test]
async fn what_a_scope_without_any_limit_used_counts_when_one_is_set_again() {
    let f = Fixture::new().await;
    let org = ScopeId::Organisation;
    let account = [unlimited(ScopeId::Account(f.account))];
    let end = f.redis_ms().await + DAY_MS;
    let put = async |totals: &Totals| {
        let generation = begin_load(&f.cache, f.org, org, f.epoch).await.unwrap().unwrap();
        assert_eq!(load(&f.cache, f.org, org, f.epoch, generation, totals).await.unwrap(), Loaded::Done);
    };
    let limited = [Scope { nanos: 10, windows: vec![day(end)], ..unlimited(org) }];
    let free = [unlimited(org)];
    // Reserved before the limit was set: watched or not, it comes from before.
    let before = request();
    assert!(held(&f.take_from(before, &free, &account, 1).await));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    put(&Totals { windows: vec![loaded_window(WindowKind::Day, end)], ..Totals::default() }).await;
    assert!(held(&f.take_from(request(), &limited, &account, 1).await));
    assert_eq!(f.settle(before, SettleMode::Settle, 5).await, SettledAs::Now);
    assert!(held(&f.take_from(request(), &limited, &account, 1).await));
    let free_again = request();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(held(&f.take_from(free_again, &free, &account, 1).await));
    assert_eq!(f.settle(free_again, SettleMode::Settle, 5).await, SettledAs::Now);
    assert_eq!(f.take_from(request(), &limited, &account, 1).await, Reserved::Load(0));
}
