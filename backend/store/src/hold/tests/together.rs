//! Requests that are asked for in one call.

use super::*;

#[tokio::test]
async fn what_one_takes_the_next_one_does_not_get() {
    let f = Fixture::new().await.loaded(0).await;
    let account = [unlimited(ScopeId::Account(f.account))];
    let scope =
        || Scope { requests_per_minute: 100, tokens_per_minute: 1_000, tokens: 10, ..f.budget(100, 30) };
    let asks: Vec<Ask> = (0..5).map(|_| f.ask(request(), &[scope()], &account, 1)).collect();
    let answers = reserve_all(&f.cache, &f.script, &asks, f.epoch).await.unwrap();
    let (three, two) = answers.split_at(3);
    for (n, answer) in (1..).zip(three) {
        let Reserved::Held { facts, .. } = answer else { panic!("{answer:?}") };
        assert_eq!((facts[0].open, facts[0].reserved_nanos, facts[0].requests_in_minute), (n, 30 * n, n));
        assert_eq!(facts[0].tokens_in_minute, 10 * n);
    }
    for answer in two {
        let Reserved::Refused(refusal) = answer else { panic!("{answer:?}") };
        assert_eq!((refusal.by, refusal.reserved), (RefusedBy::Usd(WindowKind::Total), 90));
    }
    assert_eq!((f.field("c").await, f.field("ru").await, f.field("qn").await), (3, 90, 3));
    for ask in &asks[..3] {
        assert_eq!(f.settle(ask.request, SettleMode::Settle, 20).await, SettledAs::Now);
    }
    assert_eq!((f.field("c").await, f.field("ru").await, f.field("u").await), (0, 0, 60));
}

#[tokio::test]
async fn each_has_an_answer_of_its_own() {
    let f = Fixture::new().await.loaded(0).await;
    let other = OrgId(f.org.0);
    let account = [unlimited(ScopeId::Account(f.account))];
    let ask = |scope, policy| f.ask(request(), &[scope], &account, policy);
    let unloaded = Scope { id: ScopeId::Member(UserId(Uuid::now_v7())), ..f.budget(100, 1) };
    let released = ask(f.budget(100, 30), 1);
    assert_eq!(f.settle(released.request, SettleMode::Release, 0).await, SettledAs::Missing);
    let twice = ask(f.budget(100, 30), 1);
    let again = Ask { org: other, request: twice.request, ..ask(f.budget(100, 30), 1) };
    let asks =
        [ask(f.budget(100, 1), 0), ask(unloaded, 1), released, twice, again, ask(f.budget(100, 80), 1)];
    let answers = reserve_all(&f.cache, &f.script, &asks, f.epoch).await.unwrap();
    assert_eq!(answers[..3], [Reserved::Stale, Reserved::Load(0), Reserved::Gone]);
    assert!(held(&answers[3]));
    assert!(
        matches!(&answers[4], Reserved::Held { facts, .. } if facts.is_empty()),
        "held since the one before"
    );
    assert!(matches!(answers[5], Reserved::Refused(_)));
    assert_eq!((f.field("c").await, f.field("ru").await), (1, 30));
    let closed = reserve_all(&f.cache, &f.script, &asks, f.epoch - 1).await.unwrap();
    assert_eq!(closed, vec![Reserved::Closed; asks.len()]);
    let forgotten = ReserveScript::new(&Uuid::now_v7().to_string());
    let restarted = reserve_all(&f.cache, &forgotten, &asks, f.epoch).await.unwrap();
    assert_eq!(restarted, vec![Reserved::Restarted; asks.len()]);
    assert!(reserve_all::<Ask>(&f.cache, &f.script, &[], f.epoch).await.unwrap().is_empty());
}

#[tokio::test]
async fn organisations_of_a_shard_share_a_call_and_nothing_else() {
    let f = Fixture::new().await;
    let org =
        std::iter::repeat_with(|| OrgId(Uuid::now_v7())).find(|org| org.shard() == f.org.shard()).unwrap();
    policy::publish(&f.cache, PolicyChange { org, version: 7 }).await.unwrap();
    let scope = || Scope { counted: true, nanos: 5, ..unlimited(ScopeId::Organisation) };
    let account = [unlimited(ScopeId::Account(f.account))];
    let own = f.ask(request(), &[scope()], &account, 1);
    let theirs = Ask { org, ..f.ask(request(), &[scope()], &account, 7) };
    let stale = Ask { org, ..f.ask(request(), &[scope()], &account, 1) };
    let answers = reserve_all(&f.cache, &f.script, &[own, theirs, stale], f.epoch).await.unwrap();
    assert!(held(&answers[0]) && held(&answers[1]));
    assert_eq!(answers[2], Reserved::Stale);
    for org in [f.org, org] {
        let stand = standing(&f.cache, org, ScopeId::Organisation).await.unwrap();
        assert_eq!((stand.open, stand.reserved_nanos), (1, 5));
    }
}

#[tokio::test]
async fn one_conversation_stays_in_one_place_though_it_begins_twice_at_once() {
    let f = Fixture::new().await;
    let (one, two) = (f.account, AccountId(Uuid::now_v7()));
    let conversation = Conversation { key: "a".to_owned(), remembered_ms: 60_000, elsewhere: true };
    let ask = |account| Ask {
        conversation: Some(conversation.clone()),
        ..f.ask(request(), &[], &[unlimited(ScopeId::Account(account))], 1)
    };
    let answers = reserve_all(&f.cache, &f.script, &[ask(one), ask(two)], f.epoch).await.unwrap();
    assert!(held(&answers[0]));
    assert_eq!(answers[1], Reserved::Bound(one));
}

#[tokio::test]
async fn those_who_wait_keep_their_order() {
    let f = Fixture::new().await;
    let account = [unlimited(ScopeId::Account(f.account))];
    let scope = || Scope { concurrency: 1, queue: 2, ..unlimited(ScopeId::Key(f.key)) };
    let asks: Vec<Ask> = (0..4).map(|_| f.ask(request(), &[scope()], &account, 1)).collect();
    let answers = reserve_all(&f.cache, &f.script, &asks, f.epoch).await.unwrap();
    assert!(held(&answers[0]));
    let places: Vec<_> = answers[1..3].iter().map(|a| matches!(a, Reserved::Queued { .. })).collect();
    assert_eq!(places, [true, true]);
    assert!(matches!(answers[3], Reserved::Refused(_)), "the queue holds two");
    assert_eq!(f.settle(asks[0].request, SettleMode::Release, 0).await, SettledAs::Now);
    let answers =
        reserve_all(&f.cache, &f.script, &[asks[2].clone(), asks[1].clone()], f.epoch).await.unwrap();
    assert!(matches!(answers[0], Reserved::Queued { place: 1, .. }));
    assert!(held(&answers[1]));
}

/// However they are cut into calls, as many are held as there is room for.
#[tokio::test]
async fn calls_of_many_at_once_never_overshoot() {
    let f = Fixture::new().await.loaded(0).await;
    let account = [unlimited(ScopeId::Account(f.account))];
    let asks: Vec<Ask> = (0..210).map(|_| f.ask(request(), &[f.budget(1_000, 30)], &account, 1)).collect();
    let calls = asks.chunks(7).map(|some| reserve_all(&f.cache, &f.script, some, f.epoch));
    let answers = futures_util::future::try_join_all(calls).await.unwrap().concat();
    assert_eq!(answers.iter().filter(|answer| held(answer)).count(), 33);
    assert_eq!((f.field("c").await, f.field("ru").await), (33, 990));
}

#[tokio::test]
async fn limits_that_change_between_two_hold_for_each() {
    let f = Fixture::new().await.loaded(0).await;
    let account = [unlimited(ScopeId::Account(f.account))];
    let ask = |usd| f.ask(request(), &[f.budget(usd, 30)], &account, 1);
    let asks = [ask(100), ask(50), ask(50), ask(100), ask(100)];
    let answers = reserve_all(&f.cache, &f.script, &asks, f.epoch).await.unwrap();
    assert_eq!(answers.iter().map(held).collect::<Vec<_>>(), [true, false, false, true, true]);
    let Reserved::Held { facts, .. } = &answers[4] else { panic!() };
    assert_eq!((facts[0].open, facts[0].reserved_nanos), (3, 90));
    assert_eq!((f.field("c").await, f.field("ru").await), (3, 90));
}

/// One pool chooses its accounts by what runs there, and another does not.
#[tokio::test]
async fn an_account_is_counted_for_some_and_not_for_others() {
    let f = Fixture::new().await.loaded(0).await;
    let plain = unlimited(ScopeId::Account(f.account));
    let counted = Scope { counted: true, nanos: 5, ..plain.clone() };
    let ask = |account: &Scope| f.ask(request(), &[f.budget(100, 10)], std::slice::from_ref(account), 1);
    let asks = [ask(&plain), ask(&counted), ask(&plain), ask(&counted)];
    let answers = reserve_all(&f.cache, &f.script, &asks, f.epoch).await.unwrap();
    let open: Vec<i64> = answers
        .iter()
        .map(|answer| match answer {
            Reserved::Held { facts, .. } => facts[1].open,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(open, [0, 1, 0, 2]);
    let stand = standing(&f.cache, f.org, ScopeId::Account(f.account)).await.unwrap();
    assert_eq!((stand.open, stand.reserved_nanos), (2, 10));
}
