//! A Redis that is killed, set back or wiped: how it is noticed, and that the sums are exact again afterwards.

use super::{
    scopes::from_zero,
    server::{DURABLE, Server},
    *,
};
use std::{sync::Arc, time::Duration};

const LIMIT: i64 = 1_000;

/// An instance: what it has in its memory, and what it has written to Postgres.
struct Instance {
    f: Fixture,
    held: Vec<Held>,
    written: i64,
}

impl Instance {
    async fn on(server: &Server) -> Self {
        Self { f: Fixture::on(server).await.loaded(0).await, held: vec![], written: 0 }
    }

    fn ask(&self, nanos: i64) -> Arc<Ask> {
        let account = [unlimited(ScopeId::Account(self.f.account))];
        Arc::new(self.f.ask(request(), &[self.f.budget(LIMIT, nanos)], &account, 1))
    }

    /// A connection that was cut is made anew, and the command sent again.
    async fn reserve(&self, ask: &Ask) -> Reserved {
        for _ in 0..200 {
            match reserve(&self.f.cache, &self.f.script, ask, self.f.epoch).await {
                Ok(answer) => return answer,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        panic!("Redis does not come back");
    }

    async fn hold(&mut self, nanos: i64) {
        let ask = self.ask(nanos);
        let Reserved::Held { candidate, at, .. } = self.reserve(&ask).await else { panic!() };
        self.held.push(Held::new(ask, candidate, at));
    }

    /// Settles the oldest and writes its row; Redis forgets it unless it dies first.
    async fn end(&mut self, nanos: i64, confirmed: bool) {
        let id = self.held.remove(0).ask.request;
        assert_eq!(self.f.settle(id, SettleMode::Settle, nanos).await, SettledAs::Now);
        self.written += nanos;
        if confirmed {
            confirm(&self.f.cache, self.f.org.shard(), &[id]).await.unwrap();
        }
    }

    /// As after every loss: a new epoch, all that is held, all that is written.
    async fn recover(&mut self) {
        let (cache, shard) = (&self.f.cache, self.f.org.shard());
        self.f.script.load(cache).await.unwrap();
        let closed = close(cache, shard, self.f.epoch).await.unwrap();
        assert!(closed.epoch > self.f.epoch && !closed.open);
        self.f.epoch = closed.epoch;
        assert!(register(cache, shard, self.f.epoch, &self.held).await.unwrap());
        let alive = BTreeSet::from(["boot".to_owned()]);
        let found = remembered(cache, shard, self.f.epoch, "boot", &alive).await.unwrap();
        confirm(cache, shard, &found.own).await.unwrap();
        assert!(join(cache, shard, self.f.epoch, "boot").await.unwrap());
        assert!(open(cache, shard, self.f.epoch, 0, &alive).await.unwrap().open);
        policy::publish(cache, PolicyChange { org: self.f.org, version: 1 }).await.unwrap();
    }

    /// Totals come from Postgres, reservations from memory, and there is room for exactly the rest.
    async fn is_exact(&mut self) {
        assert_eq!(self.reserve(&self.ask(1)).await, Reserved::Load(0));
        self.f.load(&Totals { nanos: self.written, ..from_zero() }).await;
        let stand = standing(&self.f.cache, self.f.org, ScopeId::Key(self.f.key)).await.unwrap();
        let reserved: i64 = self.held.iter().map(|h| h.ask.scopes[0].nanos).sum();
        assert_eq!((stand.nanos, stand.reserved_nanos), (self.written, reserved));
        assert_eq!(stand.open, i64::try_from(self.held.len()).unwrap());
        let rest = LIMIT - self.written - reserved;
        assert!(matches!(self.reserve(&self.ask(rest + 1)).await, Reserved::Refused(_)));
        self.hold(rest).await;
        while !self.held.is_empty() {
            self.end(1, true).await;
        }
        let stand = standing(&self.f.cache, self.f.org, ScopeId::Key(self.f.key)).await.unwrap();
        assert_eq!((stand.nanos, stand.reserved_nanos, stand.open), (self.written, 0, 0));
        assert!(open_holds(&self.f.cache, self.f.org.shard()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_redis_that_was_killed_is_noticed_by_the_next_reservation_and_made_exact() {
    let mut server = Server::start(DURABLE).await;
    let mut life = Instance::on(&server).await;
    for _ in 0..3 {
        life.hold(100).await;
    }
    life.end(40, true).await;
    life.end(30, false).await;
    server.kill();
    server.restart().await;
    // All of it is still there, but nobody can know.
    assert_eq!(life.reserve(&life.ask(1)).await, Reserved::Restarted);
    life.recover().await;
    life.is_exact().await;
}

#[tokio::test]
async fn a_redis_that_has_lost_its_last_seconds_is_made_exact() {
    let mut server = Server::start(DURABLE).await;
    let mut life = Instance::on(&server).await;
    for _ in 0..3 {
        life.hold(100).await;
    }
    let before = server.copy();
    // Redis will know nothing of this: two are settled, one of them confirmed, and two more are held.
    life.end(40, true).await;
    life.end(30, false).await;
    life.hold(200).await;
    life.hold(50).await;
    server.set_back(&before).await;
    assert_eq!(life.reserve(&life.ask(1)).await, Reserved::Restarted);
    life.recover().await;
    life.is_exact().await;
}

#[tokio::test]
async fn a_redis_that_was_wiped_grants_nothing_until_all_is_registered() {
    let server = Server::start(DURABLE).await;
    let mut life = Instance::on(&server).await;
    for _ in 0..3 {
        life.hold(100).await;
    }
    life.end(40, false).await;
    let () = redis::cmd("FLUSHALL").query_async(&mut life.f.cache.connection.clone()).await.unwrap();
    // It has kept the script, and so it is the epoch that gives it away.
    assert_eq!(life.reserve(&life.ask(1)).await, Reserved::Closed);
    let id = life.held[0].ask.request;
    assert_eq!(life.f.settle(id, SettleMode::Settle, 1).await, SettledAs::Missing);
    life.recover().await;
    life.is_exact().await;
}
