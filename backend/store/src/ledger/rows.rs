//! The rows themselves: found, inserted, replaced.

use super::{FailedAttempt, Figures, Outcome, SumsKey, UsageEvent, failed, signed};
use crate::StoreResult;
use sqlx::{Postgres, Transaction};
use std::collections::HashMap;
use uuid::Uuid;

/// A row that is there already.
pub(super) struct Known {
    pub(super) rev: i16,
    account: Uuid,
    model: String,
    pub(super) figures: Figures,
    pub(super) failed: Vec<FailedAttempt>,
}

impl Known {
    /// The sums that it is part of, beside those of an event of the same request. Two writers of one request may have known
    /// different accounts for the one that it went to.
    pub(super) fn sums_key<'a>(&'a self, of: SumsKey<'a>) -> SumsKey<'a> {
        let (org, bucket, key, _, _, user, client) = of;
        (org, bucket, key, self.account, &self.model, user, client)
    }
}

/// The rows of these requests, locked until the transaction ends.
pub(super) async fn existing(
    tx: &mut Transaction<'static, Postgres>,
    ids: &[Uuid],
) -> StoreResult<HashMap<Uuid, Known>> {
    let rows = sqlx::query!(
        "select request_id, rev, account_id, model, outcome, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
                cache_write_1h_tokens, cost_nanos, charged_nanos, failed_attempts
         from usage where request_id = any($1) for update",
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|r| {
            let errors = [Outcome::UpstreamCut, Outcome::UpstreamError, Outcome::Interrupted];
            let figures = Figures {
                requests: 1,
                errors: i64::from(errors.iter().any(|o| o.as_str() == r.outcome)),
                tokens: [
                    r.input_tokens,
                    r.output_tokens,
                    r.cache_read_tokens,
                    r.cache_write_5m_tokens,
                    r.cache_write_1h_tokens,
                ],
                cost: r.cost_nanos,
                charged: r.charged_nanos,
            };
            let failed = failed::stored(r.failed_attempts)?;
            Ok((r.request_id, Known { rev: r.rev, account: r.account_id, model: r.model, figures, failed }))
        })
        .collect()
}

fn all<'a, T>(rows: &[&'a UsageEvent], f: impl Fn(&'a UsageEvent) -> T) -> Vec<T> {
    rows.iter().map(|e| f(e)).collect()
}

/// Inserts rows; those that are there already stay as they are. Returns how many were inserted.
pub(super) async fn insert(
    tx: &mut Transaction<'static, Postgres>,
    rows: &[&UsageEvent],
) -> StoreResult<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let outcome = sqlx::query!(
        r#"insert into usage (request_id, org_id, rev, key_id, user_id, account_id, dialect, provider, model, stream,
             status, outcome, estimated, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens,
             cache_write_1h_tokens, reasoning_tokens, web_searches, cost_nanos, charged_nanos, price, started_at, first_byte_ms,
             duration_ms, upstream_request_id, client, error, multiplier, service_tier, failed_attempts, client_id,
             client_facts)
           select * from unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
             $8::text[], $9::text[], $10::bool[], $11::smallint[], $12::text[], $13::bool[], $14::bigint[],
             $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::int[], $21::bigint[],
             $22::bigint[], $23::text[]::jsonb[], $24::timestamptz[], $25::int[], $26::int[], $27::text[], $28::text[],
             $29::text[], $30::bigint[], $31::text[], $32::text[]::jsonb[], $33::text[], $34::text[])
           on conflict (request_id) do nothing"#,
        &all(rows, |e| e.request.0),
        &all(rows, |e| e.org.0),
        &all(rows, |e| e.rev as i16),
        &all(rows, |e| e.key.0),
        &all(rows, |e| e.user.map(|u| u.0)) as &[Option<Uuid>],
        &all(rows, |e| e.account.0),
        &all(rows, |e| e.dialect.as_str()) as &[&str],
        &all(rows, |e| e.provider.as_str()) as &[&str],
        &all(rows, |e| e.model.as_str()) as &[&str],
        &all(rows, |e| e.stream),
        &all(rows, |e| i16::try_from(e.status).unwrap_or(0)),
        &all(rows, |e| e.outcome.as_str()) as &[&str],
        &all(rows, |e| e.estimated),
        &all(rows, |e| signed(e.tokens.input)),
        &all(rows, |e| signed(e.tokens.output)),
        &all(rows, |e| signed(e.tokens.cache_read)),
        &all(rows, |e| signed(e.tokens.cache_write_5m)),
        &all(rows, |e| signed(e.tokens.cache_write_1h)),
        &all(rows, |e| signed(e.tokens.reasoning)),
        &all(rows, |e| e.web_searches.cast_signed()),
        &all(rows, |e| e.cost.0),
        &all(rows, |e| e.charged.0),
        &all(rows, |e| e.price.json()) as &[&str],
        &all(rows, |e| e.started_at),
        &all(rows, |e| e.first_byte_ms.map(u32::cast_signed)) as &[Option<i32>],
        &all(rows, |e| e.duration_ms.cast_signed()),
        &all(rows, |e| e.upstream_request_id.as_deref()) as &[Option<&str>],
        &all(rows, |e| e.client.as_str()) as &[&str],
        &all(rows, |e| e.error.as_deref()) as &[Option<&str>],
        &all(rows, |e| e.factor.raw()),
        &all(rows, |e| e.tier.as_str()) as &[&str],
        &all(rows, UsageEvent::failed_json) as &[Option<String>],
        &all(rows, |e| e.client_id.as_str()) as &[&str],
        &all(rows, |e| e.client_facts.as_str()) as &[&str],
    )
    .execute(&mut **tx)
    .await?;
    Ok(outcome.rows_affected())
}

/// Replaces rows that [`existing`] has locked, with where they went: the two writers may have known different accounts. Who
/// asked, when and with which client they agree on.
pub(super) async fn replace(
    tx: &mut Transaction<'static, Postgres>,
    rows: &[&UsageEvent],
) -> StoreResult<()> {
    for e in rows {
        sqlx::query!(
            "update usage set rev = $2, status = $3, outcome = $4, estimated = $5, input_tokens = $6, output_tokens = $7,
               cache_read_tokens = $8, cache_write_5m_tokens = $9, cache_write_1h_tokens = $10, reasoning_tokens = $11,
               cost_nanos = $12, charged_nanos = $13, first_byte_ms = $14, duration_ms = $15, upstream_request_id = $16,
               error = $17, web_searches = $18, service_tier = $19, failed_attempts = $20::text::jsonb, account_id = $21,
               provider = $22, model = $23, price = $24::text::jsonb, multiplier = $25
             where request_id = $1 and rev < $2",
            e.request.0,
            e.rev as i16,
            i16::try_from(e.status).unwrap_or(0),
            e.outcome.as_str(),
            e.estimated,
            signed(e.tokens.input),
            signed(e.tokens.output),
            signed(e.tokens.cache_read),
            signed(e.tokens.cache_write_5m),
            signed(e.tokens.cache_write_1h),
            signed(e.tokens.reasoning),
            e.cost.0,
            e.charged.0,
            e.first_byte_ms.map(u32::cast_signed),
            e.duration_ms.cast_signed(),
            e.upstream_request_id,
            e.error,
            e.web_searches.cast_signed(),
            e.tier.as_str(),
            e.failed_json(),
            e.account.0,
            e.provider,
            e.model,
            e.price.json(),
            e.factor.raw()
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
