//! Several scopes in one script: all of them or none.

use super::*;

impl Fixture {
    async fn load_scope(&self, scope: ScopeId, totals: &Totals) {
        let generation = begin_load(&self.cache, self.org, scope, self.epoch).await.unwrap().unwrap();
        let loaded = load(&self.cache, self.org, scope, self.epoch, generation, totals).await.unwrap();
        assert_eq!(loaded, Loaded::Done);
    }

    async fn total_of(&self, scope: ScopeId) -> Standing {
        standing(&self.cache, self.org, scope).await.unwrap()
    }
}

pub(super) fn from_zero() -> Totals {
    let window =
        LoadedWindow { kind: WindowKind::Total, end: 0, base_nanos: 0, base_tokens: 0, base_requests: 0 };
    Totals { windows: vec![window], ..Totals::default() }
}

#[tokio::test]
async fn every_scope_reserves_or_none_and_accounts_pay_the_real_price() {
    let f = Fixture::new().await;
    let member = ScopeId::Member(UserId(Uuid::now_v7()));
    let account = ScopeId::Account(f.account);
    let all = [ScopeId::Key(f.key), member, ScopeId::Organisation, account];
    for scope in all {
        f.load_scope(scope, &from_zero()).await;
    }
    let limited = |id, usd, nanos| Scope { nanos, windows: vec![total(usd)], ..unlimited(id) };
    let scopes = |org| {
        [limited(all[0], 1_000, 20), limited(member, 1_000, 20), limited(ScopeId::Organisation, org, 20)]
    };
    let accounts = [limited(account, 1_000, 10)];
    let Reserved::Refused(refusal) = f.take_from(request(), &scopes(19), &accounts, 1).await else {
        panic!()
    };
    assert_eq!((refusal.scope, refusal.limit), (2, 19));
    for scope in all {
        assert_eq!(f.total_of(scope).await.reserved_nanos, 0, "{scope:?}");
    }
    let id = request();
    let Reserved::Held { facts, .. } = f.take_from(id, &scopes(20), &accounts, 1).await else { panic!() };
    assert_eq!(
        facts.iter().map(|s| (s.open, s.reserved_nanos)).collect::<Vec<_>>(),
        [(1, 20), (1, 20), (1, 20), (1, 10)]
    );
    let one = Settlement {
        request: id,
        mode: SettleMode::Settle,
        charged: 14,
        real: 7,
        tokens: 3,
        figures: "{}".into(),
    };
    settle(&f.cache, f.org.shard(), &[one]).await.unwrap();
    for scope in all {
        let stand = f.total_of(scope).await;
        let nanos = if scope == account { 7 } else { 14 };
        assert_eq!((stand.nanos, stand.tokens, stand.requests, stand.open), (nanos, 3, 1, 0), "{scope:?}");
    }
}

#[tokio::test]
async fn requests_in_a_window_are_counted_with_those_that_run() {
    let f = Fixture::new().await.loaded(0).await;
    let window = ScopeWindow { requests: 2, ..total(0) };
    let scope = || Scope { windows: vec![window], ..unlimited(ScopeId::Key(f.key)) };
    let (first, second) = (request(), request());
    assert!(held(&f.take(first, scope()).await));
    assert!(held(&f.take(second, scope()).await));
    let Reserved::Refused(refusal) = f.take(request(), scope()).await else { panic!() };
    assert_eq!((refusal.by, refusal.spent, refusal.reserved), (RefusedBy::Requests(WindowKind::Total), 0, 2));
    assert_eq!(f.settle(first, SettleMode::Settle, 1).await, SettledAs::Now);
    let Reserved::Refused(refusal) = f.take(request(), scope()).await else { panic!() };
    assert_eq!((refusal.spent, refusal.reserved), (1, 1));
    assert_eq!(f.settle(second, SettleMode::Release, 0).await, SettledAs::Now);
    assert!(held(&f.take(request(), scope()).await), "what never was sent does not count");
}

#[tokio::test]
async fn totals_of_a_scope_without_limits_are_kept_once_they_are_known() {
    let f = Fixture::new().await;
    f.load_scope(ScopeId::Organisation, &from_zero()).await;
    let id = request();
    let scopes = [unlimited(ScopeId::Organisation)];
    let account = [unlimited(ScopeId::Account(f.account))];
    assert!(held(&f.take_from(id, &scopes, &account, 1).await));
    assert_eq!(f.settle(id, SettleMode::Settle, 5).await, SettledAs::Now);
    assert_eq!(f.total_of(ScopeId::Organisation).await.nanos, 5);
    let unknown = standing(&f.cache, f.org, ScopeId::Account(f.account)).await.unwrap();
    assert_eq!(unknown, Standing::default(), "nothing is kept of what nobody asked for");
}

#[tokio::test]
async fn a_request_moves_to_another_account_and_leaves_nothing_at_the_first() {
    let f = Fixture::new().await.loaded(0).await;
    let accounts = [f.account, AccountId(Uuid::now_v7()), AccountId(Uuid::now_v7())];
    let [first, full, third] = accounts.map(ScopeId::Account);
    for scope in [first, full, third] {
        f.load_scope(scope, &from_zero()).await;
    }
    let limited = |id, concurrency| Scope {
        nanos: 10,
        tokens: 5,
        concurrency,
        requests_per_minute: 9,
        windows: vec![total(1_000)],
        ..unlimited(id)
    };
    let candidates = [limited(first, 1), limited(full, 1), limited(third, 1)];
    let busy = request();
    assert!(held(&f.take_from(busy, &[], &candidates[1..2], 1).await));
    let id = request();
    let ask = f.ask(id, &[f.budget(1_000, 20)], &candidates, 1);
    assert!(held(&reserve(&f.cache, &f.script, &ask, f.epoch).await.unwrap()));
    let moved = async || {
        move_on(&f.cache, &f.script, &ask, f.epoch, (1, false), ask.policy_version, 0).await.unwrap()
    };
    let Reserved::Held { candidate: 2, .. } = moved().await else { panic!("the second is full") };
    let Reserved::Held { candidate: 2, .. } = moved().await else { panic!("asked twice, moved once") };
    let stand = f.total_of(first).await;
    assert_eq!(
        (stand.open, stand.reserved_nanos, stand.reserved_tokens, stand.requests_in_minute),
        (0, 0, 0, 0)
    );
    let stand = f.total_of(third).await;
    assert_eq!((stand.open, stand.reserved_nanos, stand.requests_in_minute), (1, 10, 1));
    assert_eq!((f.field("ru").await, f.field("c").await), (20, 1));
    let last = move_on(&f.cache, &f.script, &ask, f.epoch, (3, false), ask.policy_version, 0).await.unwrap();
    assert_eq!(last, Reserved::NoCandidate(vec![]));
    assert_eq!(f.settle(id, SettleMode::Settle, 8).await, SettledAs::Now);
    assert_eq!((f.total_of(first).await.nanos, f.total_of(third).await.nanos, f.field("u").await), (0, 8, 8));
    confirm(&f.cache, f.org.shard(), &[id]).await.unwrap();
    assert_eq!(moved().await, Reserved::Gone);
}

/// Up to 512 short fields Redis keeps a hash as a list, and reads it from the beginning for each.
#[tokio::test]
async fn a_scope_is_a_table_to_redis_from_its_first_request() {
    let f = Fixture::new().await;
    let encoding = async |id: ScopeId| -> String {
        let key = load::scope_key(f.org, id);
        redis::cmd("OBJECT")
            .arg("ENCODING")
            .arg(key)
            .query_async(&mut f.cache.connection.clone())
            .await
            .unwrap()
    };
    let key = ScopeId::Key(f.key);
    f.load_scope(key, &from_zero()).await;
    let by_requests = Scope { requests_per_minute: 5, ..unlimited(key) };
    assert!(held(&f.take(request(), by_requests).await));
    assert_eq!(encoding(key).await, "hashtable");
}

#[tokio::test]
async fn sums_beyond_what_a_double_holds_are_exact_to_the_nano() {
    let start = (1_i64 << 61) + 12_345_678_901;
    let f = Fixture::new().await;
    f.load(&Totals { nanos: start, tokens: 3, windows: vec![], ..Totals::default() }).await;
    let scope = |nanos| Scope { counted: true, nanos, ..unlimited(ScopeId::Key(f.key)) };
    let mut expected = (start, 0);
    let amounts =
        [1, 999_999_999_999_999, 1 << 53, (1 << 53) + 1, (1 << 60) + 7, 4_294_967_295, 4_294_967_297];
    let mut open = Vec::new();
    for nanos in amounts {
        let id = request();
        assert!(held(&f.take(id, scope(nanos)).await));
        open.push((id, nanos));
        expected.1 += nanos;
        assert_eq!(f.state().await.reserved_nanos, expected.1);
    }
    for (id, nanos) in open {
        let charged = nanos / 3 + 1;
        assert_eq!(f.settle(id, SettleMode::Settle, charged).await, SettledAs::Now);
        expected = (expected.0 + charged, expected.1 - nanos);
        let state = f.state().await;
        assert_eq!((state.nanos, state.reserved_nanos), expected);
    }
    assert_eq!(f.state().await.open, 0);
}
