//! What is summed up from the rows, in the same transaction: rollups for people, totals for budgets.

use super::Figures;
use crate::StoreResult;
use chrono::DateTime;
use sqlx::{Postgres, Transaction};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Organisation, quarter of an hour (seconds since the epoch), key, account, model, member (nil: nobody's key) and client (empty: not
/// recognised).
pub(super) type SumsKey<'a> = (Uuid, i64, Uuid, Uuid, &'a str, Uuid, &'a str);

/// What a batch adds to each.
pub(super) type Sums<'a> = BTreeMap<SumsKey<'a>, Figures>;

/// Adds to the rollups, in the order of their keys so that two writers cannot wait for each other.
pub(super) async fn add_rollups(tx: &mut Transaction<'static, Postgres>, sums: &Sums<'_>) -> StoreResult<()> {
    let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    sqlx::query!(
        "insert into usage_rollups as r (org_id, bucket, key_id, account_id, model, requests, errors, input_tokens,
           output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cost_nanos, charged_nanos,
           user_id, client_id)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[],
           $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[],
           $14::bigint[], $15::uuid[], $16::text[])
         on conflict (org_id, bucket, key_id, account_id, model, user_id, client_id) do update set
           requests = r.requests + excluded.requests, errors = r.errors + excluded.errors,
           input_tokens = r.input_tokens + excluded.input_tokens,
           output_tokens = r.output_tokens + excluded.output_tokens,
           cache_read_tokens = r.cache_read_tokens + excluded.cache_read_tokens,
           cache_write_5m_tokens = r.cache_write_5m_tokens + excluded.cache_write_5m_tokens,
           cache_write_1h_tokens = r.cache_write_1h_tokens + excluded.cache_write_1h_tokens,
           cost_nanos = r.cost_nanos + excluded.cost_nanos,
           charged_nanos = r.charged_nanos + excluded.charged_nanos",
        &sums.keys().map(|k| k.0).collect::<Vec<_>>(),
        &sums.keys().map(|k| at(k.1)).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.2).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.3).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.4).collect::<Vec<_>>() as &[&str],
        &sums.values().map(|f| f.requests).collect::<Vec<_>>(),
        &sums.values().map(|f| f.errors).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[0]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[1]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[2]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[3]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.tokens[4]).collect::<Vec<_>>(),
        &sums.values().map(|f| f.cost).collect::<Vec<_>>(),
        &sums.values().map(|f| f.charged).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.5).collect::<Vec<_>>(),
        &sums.keys().map(|k| k.6).collect::<Vec<_>>() as &[&str],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// When the window of five hours of a scope ends.
pub(super) type WindowEnds = BTreeMap<(Uuid, &'static str, Uuid), i64>;

/// What one scope has used.
#[derive(Default)]
struct Total {
    nanos: i64,
    tokens: i64,
    requests: i64,
    five_hours_end: i64,
}

/// Adds to the totals that budgets rest on: accounts by what the provider asks, everyone else by what is charged.
pub(super) async fn add_totals(
    tx: &mut Transaction<'static, Postgres>,
    sums: &Sums<'_>,
    ends: &WindowEnds,
) -> StoreResult<()> {
    let mut totals: BTreeMap<(Uuid, &'static str, Uuid), Total> = BTreeMap::new();
    for ((org, _, key, account, _, user, _), figures) in sums {
        let scopes = [
            ("key", *key, figures.charged),
            ("account", *account, figures.cost),
            ("organisation", *org, figures.charged),
            ("member", *user, figures.charged),
        ];
        for (scope, id, nanos) in scopes.into_iter().filter(|(_, id, _)| !id.is_nil()) {
            let total = totals.entry((*org, scope, id)).or_default();
            total.nanos += nanos;
            total.tokens += figures.tokens.iter().sum::<i64>();
            total.requests += figures.requests;
        }
    }
    for (scope, end) in ends {
        totals.entry(*scope).or_default().five_hours_end = *end;
    }
    sqlx::query!(
        "insert into budget_totals as b (org_id, scope, scope_id, nanos, tokens, requests, five_hours_end)
         select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
         on conflict (org_id, scope, scope_id) do update set nanos = b.nanos + excluded.nanos,
           tokens = b.tokens + excluded.tokens, requests = b.requests + excluded.requests,
           five_hours_end = greatest(b.five_hours_end, excluded.five_hours_end)",
        &totals.keys().map(|k| k.0).collect::<Vec<_>>(),
        &totals.keys().map(|k| k.1).collect::<Vec<_>>() as &[&str],
        &totals.keys().map(|k| k.2).collect::<Vec<_>>(),
        &totals.values().map(|v| v.nanos).collect::<Vec<_>>(),
        &totals.values().map(|v| v.tokens).collect::<Vec<_>>(),
        &totals.values().map(|v| v.requests).collect::<Vec<_>>(),
        &totals.values().map(|v| v.five_hours_end).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
