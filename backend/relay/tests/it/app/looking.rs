//! What a test looks at afterwards: rows and sums, what stands in Redis, what rests, and what the provider was asked.

use super::{App, Key};
use causeway_domain::{
    AccountId, Nanos, RequestId, price::ServiceTier, provider::Provider, window::Calendar,
};
use causeway_simulator::{Entry, Tokens};
use causeway_store::{
    attempts, cooldowns, hold, ledger::FailedAttempt, reports, requests, testing, totals, verify,
};
use chrono::Utc;
use std::time::Duration;
use tokio::time::Instant;

impl App {
    /// The usage rows of the organisation once there are `n`, newest first. Waits at most ten seconds.
    pub(crate) async fn rows(&self, n: usize) -> Vec<requests::Request> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let mut tx = self.tx().await;
            let filter = requests::Filter::default();
            let rows = requests::list(&mut tx, &filter, 1000).await.unwrap();
            if rows.len() >= n || Instant::now() > until {
                assert_eq!(rows.len(), n, "{rows:#?}");
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How a key stands in Redis.
    pub(crate) async fn standing(&self, key: &Key) -> hold::Standing {
        hold::standing(&self.store.cache, self.org, hold::ScopeId::Key(key.id)).await.unwrap()
    }

    /// How many usage rows there are now.
    pub(crate) async fn rows_now(&self) -> usize {
        requests::list(&mut self.tx().await, &requests::Filter::default(), 1000).await.unwrap().len()
    }

    /// What Postgres has summed up for a key: its total, and the sum of its rollups.
    pub(crate) async fn sums(&self, key: &Key) -> (i64, i64) {
        let (now, scope) = (Utc::now(), hold::ScopeId::Key(key.id));
        let total =
            totals::of(&self.store.jobs, self.org, scope, &Calendar::default(), &[], now).await.unwrap();
        let mut tx = self.tx().await;
        let (from, to) = (now - chrono::Duration::days(1), now + chrono::Duration::days(1));
        let split =
            reports::split(&mut tx, reports::By::Key, from, to, &reports::Filter::default()).await.unwrap();
        let own = split.iter().find(|(part, ..)| *part == key.id.to_string());
        (total.nanos, own.map_or(0, |(_, _, sums)| sums.charged_nanos))
    }

    /// What Postgres has summed up for an account.
    pub(crate) async fn account_total(&self, account: AccountId) -> i64 {
        let (now, scope) = (Utc::now(), hold::ScopeId::Account(account));
        let total = totals::of(&self.store.jobs, self.org, scope, &Calendar::default(), &[], now).await;
        total.unwrap().nanos
    }

    /// How an account stands in Redis.
    pub(crate) async fn account_standing(&self, account: AccountId) -> hold::Standing {
        hold::standing(&self.store.cache, self.org, hold::ScopeId::Account(account)).await.unwrap()
    }

    /// What failed attempts have cost, by the rows.
    pub(crate) async fn failed_attempts(&self) -> Vec<FailedAttempt> {
        testing::failed_attempts(&self.store, self.org).await
    }

    /// Whether sums are what they should be.
    pub(crate) async fn verify(&self) -> verify::Verdict {
        let now = Utc::now();
        let (from, to) = (now - chrono::Duration::days(1), now + chrono::Duration::days(1));
        verify::organisation(&self.store.jobs, self.org, from, to).await.unwrap()
    }

    /// How many reservations of the organisation are in Redis.
    pub(crate) async fn open_holds(&self) -> usize {
        let until = Instant::now() + Duration::from_secs(3);
        loop {
            let all = hold::open_holds(&self.store.cache, self.org.shard()).await.unwrap();
            let own = all.iter().filter(|h| h.payload.contains(&self.org.to_string())).count();
            if own == 0 || Instant::now() > until {
                return own;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The only usage row.
    pub(crate) async fn row(&self) -> requests::Request {
        self.rows(1).await.remove(0)
    }

    /// The only entry of the simulator's ledger, once it is over.
    pub(crate) async fn truth(&self) -> Entry {
        assert!(self.sim.ledger().settled(1, Duration::from_secs(10)).await, "the provider is still busy");
        let mut entries = self.sim.ledger().entries();
        assert_eq!(entries.len(), 1, "{entries:#?}");
        entries.remove(0)
    }

    /// What the price table says that so many tokens cost.
    pub(crate) fn cost(&self, model: &str, t: &Tokens) -> Nanos {
        let counts = causeway_domain::TokenCounts {
            input: t.input,
            output: t.output,
            cache_read: t.cache_read,
            cache_write_5m: t.cache_write_5m,
            cache_write_1h: t.cache_write_1h,
            reasoning: 0,
        };
        let table = self.prices.table();
        table.find(Provider::ANTHROPIC, model).unwrap().first.cost(&counts, ServiceTier::Standard)
    }

    /// Everything that cools, once there are `n`.
    pub(crate) async fn cooldowns(&self, n: usize) -> Vec<cooldowns::Cooldown> {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let all = cooldowns::all(&self.store.jobs).await.unwrap();
            if all.len() == n || Instant::now() > until {
                assert_eq!(all.len(), n, "{all:#?}");
                return all;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What is written down of a request's way, once it is.
    pub(crate) async fn attempts(&self, response: &reqwest::Response) -> attempts::Attempts {
        self.attempts_of(response.headers()["x-request-id"].to_str().unwrap()).await
    }

    /// The same of a request by its id.
    pub(crate) async fn attempts_of(&self, id: &str) -> attempts::Attempts {
        let id = id.parse().unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let mut tx = self.tx().await;
            match attempts::get(&mut tx, RequestId(id), None).await.unwrap() {
                Some(found) => return found,
                None => assert!(Instant::now() < until, "nothing is written of the way of {id}"),
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// How often the provider was asked with a key.
    pub(crate) fn asked(&self, api_key: &str) -> usize {
        self.sim.ledger().entries().iter().filter(|e| e.key.as_deref() == Some(api_key)).count()
    }
}

/// The tokens of a row, as the simulator counts them.
pub(crate) fn tokens(row: &requests::Request) -> Tokens {
    let n = |n: i64| u64::try_from(n).unwrap();
    Tokens {
        input: n(row.input_tokens),
        output: n(row.output_tokens),
        cache_read: n(row.cache_read_tokens),
        cache_write_5m: n(row.cache_write_5m_tokens),
        cache_write_1h: n(row.cache_write_1h_tokens),
    }
}
