//! Sums for the dashboard and the usage page, from the quarter-hour rollups. Rows of requests are never read here, so sums
//! outlive the retention of rows and cost the same however many requests there were.

use crate::{StoreResult, TenantTx, requests::like};
use causeway_domain::{AccountId, KeyId, UserId};
use chrono::{DateTime, Utc};

/// Sums over some rollups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // The columns of `usage_rollups`.
pub struct Sums {
    pub requests: i64,
    pub errors: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cache_read_tokens: i64,
    pub cache_write_5m_tokens: i64,
    pub cache_write_1h_tokens: i64,
    pub cost_nanos: i64,
    pub charged_nanos: i64,
}

/// Which usage to sum. All conditions must hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Of this member, as far as the caller may see.
    pub sees: Option<UserId>,
    /// Of this member; the nil id stands for keys that belong to nobody.
    pub member: Option<UserId>,
    /// Of this key.
    pub key: Option<KeyId>,
    /// Through this account.
    pub account: Option<AccountId>,
    /// For models that this pattern matches, with `*` for any run of characters.
    pub model: Option<&'a str>,
    /// Through accounts of this provider.
    pub provider: Option<&'a str>,
    /// From this client; the empty name stands for those that were not recognised.
    pub client: Option<&'a str>,
}

/// By what to split sums that are not split by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// API key.
    Key,
    /// The member whose key it was when it was used.
    Member,
    /// Model name.
    Model,
    /// Upstream account.
    Account,
    /// Provider of the account.
    Provider,
    /// The client that was recognised.
    Client,
}

impl By {
    fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Member => "member",
            Self::Model => "model",
            Self::Account => "account",
            Self::Provider => "provider",
            Self::Client => "client",
        }
    }
}

macro_rules! sums {
    ($row:expr) => {
        Sums {
            requests: $row.requests,
            errors: $row.errors,
            input_tokens: $row.input_tokens,
            output_tokens: $row.output_tokens,
            cache_read_tokens: $row.cache_read_tokens,
            cache_write_5m_tokens: $row.cache_write_5m_tokens,
            cache_write_1h_tokens: $row.cache_write_1h_tokens,
            cost_nanos: $row.cost_nanos,
            charged_nanos: $row.charged_nanos,
        }
    };
}

/// Sums for each span between neighbouring `edges`, which must ascend. Spans come in as edges because their length is
/// the organisation's affair and not the database's.
pub async fn per_span(
    tx: &mut TenantTx,
    edges: &[DateTime<Utc>],
    filter: &Filter<'_>,
) -> StoreResult<Vec<Sums>> {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return Ok(Vec::new()) };
    let rows = sqlx::query!(
        r#"select width_bucket(r.bucket, $2::timestamptz[]) as "span!", sum(requests)::bigint as "requests!",
             sum(errors)::bigint as "errors!", sum(input_tokens)::bigint as "input_tokens!",
             sum(output_tokens)::bigint as "output_tokens!", sum(cache_read_tokens)::bigint as "cache_read_tokens!",
             sum(cache_write_5m_tokens)::bigint as "cache_write_5m_tokens!",
             sum(cache_write_1h_tokens)::bigint as "cache_write_1h_tokens!",
             sum(cost_nanos)::bigint as "cost_nanos!", sum(charged_nanos)::bigint as "charged_nanos!"
           from usage_rollups r
           where r.org_id = $1 and r.bucket >= $3 and r.bucket < $4
             and ($5::uuid is null or r.user_id = $5) and ($6::uuid is null or r.user_id = $6)
             and ($7::uuid is null or r.key_id = $7) and ($8::uuid is null or r.account_id = $8)
             and ($9::text is null or r.model like $9)
             and ($10::text is null or exists (
               select from upstream_accounts a where a.org_id = $1 and a.id = r.account_id and a.provider = $10))
             and ($11::text is null or r.client_id = $11)
           group by 1"#,
        tx.org().0,
        edges,
        first,
        last,
        filter.sees.map(|u| u.0),
        filter.member.map(|u| u.0),
        filter.key.map(|k| k.0),
        filter.account.map(|a| a.0),
        filter.model.map(like),
        filter.provider,
        filter.client
    )
    .fetch_all(tx.conn())
    .await?;
    let mut spans = vec![Sums::default(); edges.len() - 1];
    for row in &rows {
        // Spans are counted from 1: before the first edge would be 0, and is excluded above.
        if let Some(span) = usize::try_from(row.span - 1).ok().and_then(|i| spans.get_mut(i)) {
            *span = sums!(row);
        }
    }
    Ok(spans)
}

/// Sums per key, member, model, account, provider or client, dearest first, each with its key and its name (empty when it has
/// none any more). Every part is there, so the sum of them is the sum of everything.
pub async fn split(
    tx: &mut TenantTx,
    by: By,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    filter: &Filter<'_>,
) -> StoreResult<Vec<(String, String, Sums)>> {
    let rows = sqlx::query!(
        r#"select case $2 when 'model' then r.model when 'key' then r.key_id::text when 'member' then r.user_id::text
               when 'provider' then coalesce(a.provider, '') when 'client' then r.client_id else r.account_id::text end as "part!",
             coalesce(case $2 when 'model' then max(r.model) when 'key' then max(k.name) when 'member' then max(u.name)
               when 'provider' then max(a.provider) when 'client' then max(r.client_id) else max(a.name) end, '') as "label!",
             sum(requests)::bigint as "requests!", sum(errors)::bigint as "errors!",
             sum(input_tokens)::bigint as "input_tokens!", sum(output_tokens)::bigint as "output_tokens!",
             sum(cache_read_tokens)::bigint as "cache_read_tokens!",
             sum(cache_write_5m_tokens)::bigint as "cache_write_5m_tokens!",
             sum(cache_write_1h_tokens)::bigint as "cache_write_1h_tokens!",
             sum(cost_nanos)::bigint as "cost_nanos!", sum(charged_nanos)::bigint as "charged_nanos!"
           from usage_rollups r
           left join api_keys k on k.org_id = r.org_id and k.id = r.key_id
           left join upstream_accounts a on a.org_id = r.org_id and a.id = r.account_id
           left join users u on u.id = r.user_id
           where r.org_id = $1 and r.bucket >= $3 and r.bucket < $4
             and ($5::uuid is null or r.user_id = $5) and ($6::uuid is null or r.user_id = $6)
             and ($7::uuid is null or r.key_id = $7) and ($8::uuid is null or r.account_id = $8)
             and ($9::text is null or r.model like $9) and ($10::text is null or a.provider = $10)
             and ($11::text is null or r.client_id = $11)
           group by 1 order by sum(charged_nanos) desc, 1"#,
        tx.org().0,
        by.as_str(),
        from,
        to,
        filter.sees.map(|u| u.0),
        filter.member.map(|u| u.0),
        filter.key.map(|k| k.0),
        filter.account.map(|a| a.0),
        filter.model.map(like),
        filter.provider,
        filter.client
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|r| (r.part, r.label, sums!(r))).collect())
}

#[cfg(test)]
mod tests;
