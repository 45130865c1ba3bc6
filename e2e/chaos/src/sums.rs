//! Sums held against rows: rollups, budget totals, and what Redis believes; and waiting until nothing is open.

use crate::{
    call::Key,
    price::nanos,
    redis,
    truth::{Row, connect},
    world::World,
};
use anyhow::{Context, Result};
use causeway_rig::causeway::{call, text};
use causeway_simulator::Tokens;
use serde_json::Value;
use sqlx::{PgConnection, Row as _};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How a key stands in Redis, as its holder is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    spent: i128,
    tokens: u64,
    reserved: i128,
    running: u64,
}

async fn standing(world: &World<'_>, key: &Key) -> Result<Standing> {
    let (address, secret) = (world.field.addresses[0].clone(), key.secret.clone());
    let ask = move || call(&address, "GET", "/api/v1/me", &[("x-api-key", &secret)], None);
    let answer = tokio::task::spawn_blocking(ask).await??;
    let usage = &answer["usage"];
    let money = |name: &str| nanos(&text(usage, name)?).with_context(|| format!("{name} in {usage}"));
    let count = |value: &Value| value.as_u64().with_context(|| format!("a count in {usage}"));
    Ok(Standing {
        spent: money("total_usd")?,
        reserved: money("reserved_usd")?,
        tokens: count(&usage["total_tokens"])?,
        running: count(&usage["running_requests"])?,
    })
}

/// Waits until nothing is open at the provider and nothing reserved or held in Redis; how long that took since `since`,
/// or what was still open after the bound.
pub(crate) async fn calm(
    world: &World<'_>,
    keys: &[Key],
    since: Instant,
    bound: Duration,
) -> Result<Duration, String> {
    loop {
        let open = still_open(world, keys).await;
        match open {
            Ok(None) => return Ok(since.elapsed()),
            Ok(Some(what)) if since.elapsed() > bound => return Err(what),
            Err(error) if since.elapsed() > bound => return Err(format!("{error:#}")),
            Ok(Some(_)) | Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
}

async fn still_open(world: &World<'_>, keys: &[Key]) -> Result<Option<String>> {
    let open = world.simulator.ledger().open();
    if open > 0 {
        return Ok(Some(format!("{open} calls are open at the provider")));
    }
    let holds = redis::holds(world).await?;
    if holds > 0 {
        return Ok(Some(format!("{holds} holds are in Redis")));
    }
    for key in keys {
        let is = standing(world, key).await?;
        if is.reserved != 0 || is.running != 0 {
            return Ok(Some(format!("the key {} stands at {is:?}", key.id)));
        }
    }
    Ok(None)
}

/// Sums of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    requests: i128,
    tokens: Tokens,
    cost: i128,
    charged: i128,
}

impl Sum {
    fn all_tokens(&self) -> u64 {
        self.tokens.all_input() + self.tokens.output
    }
}

fn sums<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> K) -> BTreeMap<K, Sum> {
    let mut sums: BTreeMap<K, Sum> = BTreeMap::new();
    for row in rows {
        let sum = sums.entry(key(row)).or_default();
        sum.requests += 1;
        sum.tokens += row.tokens;
        sum.cost += row.cost;
        sum.charged += row.charged;
    }
    sums
}

/// What does not add up.
pub(crate) async fn differences(world: &World<'_>, keys: &[Key], rows: &[Row]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut connection = connect(world).await?;
    let mut expected = sums(rows, |row| (row.key, row.account, row.model.clone()));
    // Attempts that failed cost their own account something, and count as no request.
    for (row, (account, cost)) in rows.iter().flat_map(|row| row.failed.iter().map(move |one| (row, one))) {
        expected.entry((row.key, *account, row.model.clone())).or_default().cost += cost;
    }
    let rollups = rollups(&mut connection).await?;
    if expected != rollups {
        found.push(format!("the rollups are {rollups:?} and the rows sum up to {expected:?}"));
    }
    let (by_key, is) = (sums(rows, |row| row.key), totals(&mut connection).await?);
    let mut expected = BTreeMap::new();
    for row in rows {
        let scopes = [
            ("key", Some(row.key), row.charged),
            ("member", row.member, row.charged),
            ("organisation", Some(row.organisation), row.charged),
            ("account", Some(row.account), row.cost),
        ];
        for (scope, id, nanos) in scopes {
            let Some(id) = id else { continue };
            let total = expected.entry((row.organisation, scope.to_owned(), id)).or_insert((0, 0, 0));
            *total = (total.0 + nanos, total.1 + row.tokens.all_input() + row.tokens.output, total.2 + 1);
        }
    }
    for (row, (account, cost)) in rows.iter().flat_map(|row| row.failed.iter().map(move |one| (row, one))) {
        expected.entry((row.organisation, "account".to_owned(), *account)).or_insert((0, 0, 0)).0 += cost;
    }
    if is != expected {
        let differ: Vec<_> = is.iter().filter(|(key, total)| expected.get(*key) != Some(total)).collect();
        let rows: Vec<_> = expected.iter().filter(|(key, total)| is.get(*key) != Some(total)).collect();
        found.push(format!("the budget totals are {differ:?} and the rows sum up to {rows:?}"));
    }
    for key in keys {
        let sum = by_key.get(&Uuid::parse_str(&key.id)?).copied().unwrap_or_default();
        let expected = Standing { spent: sum.charged, tokens: sum.all_tokens(), ..Standing::default() };
        let is = standing(world, key).await?;
        if is != expected {
            found.push(format!(
                "key {} stands at {is:?} in Redis and its rows sum up to {expected:?}",
                key.id
            ));
        }
    }
    let dead: i64 =
        sqlx::query_scalar("select count(*) from usage_dead_letters").fetch_one(&mut connection).await?;
    if dead > 0 {
        found.push(format!("{dead} events are dead letters"));
    }
    Ok(found)
}

async fn rollups(connection: &mut PgConnection) -> Result<BTreeMap<(Uuid, Uuid, String), Sum>> {
    let rows = sqlx::query(
        "select key_id, account_id, model, sum(requests)::bigint, sum(input_tokens)::bigint, sum(output_tokens)::bigint,
           sum(cache_read_tokens)::bigint, sum(cache_write_5m_tokens)::bigint, sum(cache_write_1h_tokens)::bigint,
           sum(cost_nanos)::bigint, sum(charged_nanos)::bigint
         from usage_rollups group by key_id, account_id, model",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let at = |i: usize| row.try_get::<i64, _>(i);
            let count = |i: usize| at(i).map(|n| u64::try_from(n).unwrap_or(u64::MAX));
            let sum = Sum {
                requests: at(3)?.into(),
                tokens: Tokens {
                    input: count(4)?,
                    output: count(5)?,
                    cache_read: count(6)?,
                    cache_write_5m: count(7)?,
                    cache_write_1h: count(8)?,
                },
                cost: at(9)?.into(),
                charged: at(10)?.into(),
            };
            Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), sum))
        })
        .collect()
}

/// Nano-dollars, tokens and requests.
type Total = (i128, u64, i64);

/// One person is a member of several organisations here.
async fn totals(connection: &mut PgConnection) -> Result<BTreeMap<(Uuid, String, Uuid), Total>> {
    let rows = sqlx::query("select scope, scope_id, nanos, tokens, requests, org_id from budget_totals");
    let rows = rows.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (nanos, tokens): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
            let total = (nanos.into(), u64::try_from(tokens).unwrap_or(u64::MAX), row.try_get(4)?);
            Ok(((row.try_get(5)?, row.try_get(0)?, row.try_get(1)?), total))
        })
        .collect()
}
