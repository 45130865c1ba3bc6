//! What an organisation was credited and charged in a span of time, such as a month.
//!
//! Everything is read in one snapshot, and all of it rests on the same sums: the opening balance is what is charged over
//! the whole life less what was charged since. So opening + credits − usage = closing holds exactly, the closing balance
//! of a month is the opening one of the next, and old rollups may be removed without changing later statements.

use crate::{StoreResult, TenantTx, credits};
use causeway_domain::{KeyId, Nanos};
use chrono::{DateTime, Utc};

/// A span of time with what happened in it.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Balance at its beginning.
    pub opening: Nanos,
    /// What was credited, oldest first.
    pub entries: Vec<credits::Entry>,
    /// What was used, by key and model.
    pub lines: Vec<Line>,
}

/// What one key used of one model.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // The columns of `usage_rollups`.
pub struct Line {
    pub key: KeyId,
    /// Its name; `None` when there is no such key any more.
    pub key_name: Option<String>,
    pub model: String,
    pub requests: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_5m_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub cost: Nanos,
    pub charged: Nanos,
}

impl Statement {
    /// Sum of the entries.
    pub fn credits(&self) -> Nanos {
        self.entries.iter().map(|e| e.amount).sum()
    }

    /// Sum of what was charged.
    pub fn usage(&self) -> Nanos {
        self.lines.iter().map(|l| l.charged).sum()
    }

    /// Balance at its end.
    pub fn closing(&self) -> Nanos {
        self.opening + self.credits() - self.usage()
    }
}

/// The statement of the transaction's organisation, which must be a snapshot. Usage is summed by quarters of an hour:
/// `from` and `to` must be the beginnings of some.
pub async fn between(tx: &mut TenantTx, from: DateTime<Utc>, to: DateTime<Utc>) -> StoreResult<Statement> {
    let org = tx.org();
    let sums = sqlx::query!(
        r#"select
             (select coalesce(sum(amount_nanos), 0)::bigint from credit_entries where org_id = $1 and at < $2)
               as "credited!",
             coalesce((select nanos from budget_totals
                       where org_id = $1 and scope = 'organisation' and scope_id = $1), 0) as "charged!",
             (select coalesce(sum(charged_nanos), 0)::bigint from usage_rollups where org_id = $1 and bucket >= $2)
               as "since!""#,
        org.0,
        from
    )
    .fetch_one(tx.conn())
    .await?;
    let rows = sqlx::query!(
        r#"select r.key_id, max(k.name) as key_name, r.model, sum(r.requests)::bigint as "requests!",
             sum(r.input_tokens)::bigint as "input_tokens!", sum(r.output_tokens)::bigint as "output_tokens!",
             sum(r.cache_read_tokens)::bigint as "cache_read_tokens!",
             sum(r.cache_write_5m_tokens)::bigint as "cache_write_5m_tokens!",
             sum(r.cache_write_1h_tokens)::bigint as "cache_write_1h_tokens!",
             sum(r.cost_nanos)::bigint as "cost_nanos!", sum(r.charged_nanos)::bigint as "charged_nanos!"
           from usage_rollups r left join api_keys k on k.org_id = r.org_id and k.id = r.key_id
           where r.org_id = $1 and r.bucket >= $2 and r.bucket < $3
           group by r.key_id, r.model order by lower(max(k.name)) nulls last, r.key_id, r.model"#,
        org.0,
        from,
        to
    )
    .fetch_all(tx.conn())
    .await?;
    let lines = rows
        .into_iter()
        .map(|r| Line {
            key: KeyId(r.key_id),
            key_name: r.key_name,
            model: r.model,
            requests: r.requests,
            input_tokens: r.input_tokens,
            output_tokens: r.output_tokens,
            cache_read_tokens: r.cache_read_tokens,
            cache_write_5m_tokens: r.cache_write_5m_tokens,
            cache_write_1h_tokens: r.cache_write_1h_tokens,
            cost: Nanos(r.cost_nanos),
            charged: Nanos(r.charged_nanos),
        })
        .collect();
    Ok(Statement {
        opening: Nanos(sums.credited - (sums.charged - sums.since)),
        entries: credits::within(tx, from, to).await?,
        lines,
    })
}

/// When the transaction's organisation was made, or first used something if that was brought along from elsewhere.
pub async fn beginning(tx: &mut TenantTx) -> StoreResult<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(
        r#"select least(o.created_at, (select min(bucket) from usage_rollups where org_id = o.id)) as "beginning!"
           from organisations o where o.id = $1"#,
        tx.org().0
    )
    .fetch_one(tx.conn())
    .await?)
}
