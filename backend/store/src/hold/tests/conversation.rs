//! Conversations stay with their accounts.

use super::*;

fn account(id: AccountId, concurrency: u32) -> Scope {
    Scope { concurrency, ..unlimited(ScopeId::Account(id)) }
}

impl Fixture {
    /// Asks for these accounts in this order, as part of a conversation.
    async fn talk(&self, of: &str, offered: &[Scope], elsewhere: bool) -> Reserved {
        let conversation = Conversation { key: of.to_owned(), remembered_ms: 60_000, elsewhere };
        let ask = Ask { conversation: Some(conversation), ..self.ask(request(), &[], offered, 1) };
        reserve(&self.cache, &self.script, &ask, self.epoch).await.unwrap()
    }

    async fn remembered_ms(&self, of: &str) -> i64 {
        let key = format!("{}s:{of}", crate::cache::tenant_prefix(self.org));
        self.cache.connection.clone().pttl(key).await.unwrap()
    }
}

fn taken(answer: &Reserved) -> usize {
    match answer {
        Reserved::Held { candidate, .. } => *candidate,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_offers_another_account_first_is_told_where_the_conversation_is() {
    let f = Fixture::new().await;
    let (one, two) = (f.account, AccountId(Uuid::now_v7()));
    assert_eq!(taken(&f.talk("a", &[account(one, 0), account(two, 0)], true).await), 0);
    assert_eq!(f.talk("a", &[account(two, 0), account(one, 0)], true).await, Reserved::Bound(one));
    assert_eq!(taken(&f.talk("a", &[account(one, 0), account(two, 0)], true).await), 0);
    // Another conversation has nothing to do with it.
    assert_eq!(taken(&f.talk("b", &[account(two, 0), account(one, 0)], true).await), 0);
    assert!(f.remembered_ms("a").await > 50_000);
}

#[tokio::test]
async fn being_told_changes_nothing() {
    let f = Fixture::new().await;
    let (one, two) = (f.account, AccountId(Uuid::now_v7()));
    taken(&f.talk("a", &[account(one, 0)], true).await);
    let open = open_holds(&f.cache, f.org.shard()).await.unwrap().len();
    let ask = Ask {
        conversation: Some(Conversation { key: "a".to_owned(), remembered_ms: 60_000, elsewhere: true }),
        ..f.ask(request(), &[f.budget(0, 0)], &[account(two, 1)], 1)
    };
    assert_eq!(reserve(&f.cache, &f.script, &ask, f.epoch).await.unwrap(), Reserved::Bound(one));
    let mine = |holds: Vec<OpenHold>| holds.iter().filter(|h| h.request == ask.request).count();
    let after = open_holds(&f.cache, f.org.shard()).await.unwrap();
    assert!(after.len() >= open && mine(after) == 0);
}

#[tokio::test]
async fn where_its_account_cannot_be_used_any_more_it_moves_once() {
    let f = Fixture::new().await;
    let (one, two, three) = (f.account, AccountId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
    taken(&f.talk("a", &[account(one, 0), account(two, 0)], true).await);
    assert_eq!(taken(&f.talk("a", &[account(two, 0), account(three, 0)], false).await), 0);
    assert_eq!(f.talk("a", &[account(three, 0), account(two, 0)], true).await, Reserved::Bound(two));
}

#[tokio::test]
async fn where_its_account_only_has_no_room_it_is_a_guest_elsewhere() {
    let f = Fixture::new().await;
    let (one, two) = (f.account, AccountId(Uuid::now_v7()));
    let offered = [account(one, 1), account(two, 0)];
    assert_eq!(taken(&f.talk("a", &offered, true).await), 0);
    assert_eq!(taken(&f.talk("a", &offered, true).await), 1);
    assert_eq!(f.talk("a", &[account(two, 0), account(one, 1)], true).await, Reserved::Bound(one));
}

#[tokio::test]
async fn a_request_that_moves_on_takes_its_conversation_along() {
    let f = Fixture::new().await;
    let (one, two) = (f.account, AccountId(Uuid::now_v7()));
    let conversation = Conversation { key: "a".to_owned(), remembered_ms: 60_000, elsewhere: true };
    let ask = Ask {
        conversation: Some(conversation),
        ..f.ask(request(), &[], &[account(one, 0), account(two, 0)], 1)
    };
    assert_eq!(taken(&reserve(&f.cache, &f.script, &ask, f.epoch).await.unwrap()), 0);
    let moved = move_on(&f.cache, &f.script, &ask, f.epoch, (1, true), 1, 0).await.unwrap();
    assert_eq!(taken(&moved), 1);
    assert_eq!(f.talk("a", &[account(one, 0)], true).await, Reserved::Bound(two));
}
