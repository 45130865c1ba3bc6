//! Waiting in line for concurrency.

use super::*;

impl Fixture {
    fn lined(&self, concurrency: u32, queue: u32) -> Scope {
        Scope { concurrency, queue, ..unlimited(ScopeId::Key(self.key)) }
    }
}

fn place(answer: &Reserved) -> usize {
    let Reserved::Queued { place, .. } = *answer else { panic!("{answer:?}") };
    place
}

#[tokio::test]
async fn those_who_wait_are_served_in_the_order_they_came() {
    let f = Fixture::new().await;
    let scope = || f.lined(1, 2);
    let running = request();
    assert!(held(&f.take(running, scope()).await));
    let (first, second, third) = (request(), request(), request());
    assert_eq!(place(&f.take(first, scope()).await), 0);
    assert_eq!(place(&f.take(second, scope()).await), 1);
    let Reserved::Refused(full) = f.take(third, scope()).await else { panic!("the queue holds two") };
    assert_eq!(full.by, RefusedBy::Concurrency);
    assert_eq!(f.settle(running, SettleMode::Release, 0).await, SettledAs::Now);
    // A place is free, but not for those who come later.
    assert_eq!(place(&f.take(second, scope()).await), 1);
    assert!(matches!(f.take(third, scope()).await, Reserved::Refused(_)));
    assert!(held(&f.take(first, scope()).await));
    assert_eq!(place(&f.take(second, scope()).await), 0);
    assert_eq!(place(&f.take(third, scope()).await), 1);
}

#[tokio::test]
async fn one_who_leaves_the_line_frees_the_place() {
    let f = Fixture::new().await;
    let scope = || f.lined(1, 1);
    let running = request();
    assert!(held(&f.take(running, scope()).await));
    let (gone, next) = (request(), request());
    assert_eq!(place(&f.take(gone, scope()).await), 0);
    assert!(matches!(f.take(next, scope()).await, Reserved::Refused(_)));
    leave(&f.cache, f.org, &[ScopeId::Key(f.key)], gone).await.unwrap();
    assert_eq!(place(&f.take(next, scope()).await), 0);
    assert_eq!(f.settle(running, SettleMode::Release, 0).await, SettledAs::Now);
    assert!(held(&f.take(next, scope()).await));
}

#[tokio::test]
async fn one_who_no_longer_asks_is_forgotten() {
    let f = Fixture::new().await;
    let scope = || f.lined(1, 5);
    let running = request();
    assert!(held(&f.take(running, scope()).await));
    let (dead, next) = (request(), request());
    assert_eq!(place(&f.take(dead, scope()).await), 0);
    assert_eq!(place(&f.take(next, scope()).await), 1);
    let key = format!("{}{}:p", crate::cache::tenant_prefix(f.org), ScopeId::Key(f.key).suffix());
    let id = dead.0.simple().to_string();
    let () = f.cache.connection.clone().zadd(key, id, 1).await.unwrap();
    assert_eq!(f.settle(running, SettleMode::Release, 0).await, SettledAs::Now);
    assert!(held(&f.take(next, scope()).await));
}

#[tokio::test]
async fn one_who_waits_for_another_scope_meanwhile_keeps_the_place() {
    let f = Fixture::new().await;
    let account = [unlimited(ScopeId::Account(f.account))];
    let org = |concurrency| Scope { concurrency, queue: 5, ..unlimited(ScopeId::Organisation) };
    let take =
        async |id, key: u32, all: u32| f.take_from(id, &[f.lined(key, 5), org(all)], &account, 1).await;
    let running = request();
    assert!(held(&take(running, 1, 2).await));
    let (first, second) = (request(), request());
    assert_eq!(place(&take(first, 1, 2).await), 0);
    // Its key has room now, the organisation has not: it waits there, and asks for longer than anybody is remembered
    // who does not ask.
    let key = format!("{}{}:p", crate::cache::tenant_prefix(f.org), ScopeId::Key(f.key).suffix());
    let id = first.0.simple().to_string();
    let () = f.cache.connection.clone().zadd(&key, &id, 1).await.unwrap();
    let Reserved::Queued { scope: 1, place: 0, .. } = take(first, 2, 1).await else { panic!() };
    assert_eq!(place(&take(second, 1, 2).await), 1, "it came later");
    let () = f.cache.connection.clone().zadd(&key, &id, 1).await.unwrap();
    assert_eq!(f.settle(running, SettleMode::Release, 0).await, SettledAs::Now);
    assert!(held(&take(first, 1, 1).await));
}
