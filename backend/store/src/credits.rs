//! The ledger of credits of an organisation that pays in advance: entries are added and never changed.
//!
//! The database keeps `organisations.credit_nanos` the sum of the entries (migration 0007), and the relay makes of it a
//! limit over the organisation's whole life, so the balance (credits − charged) is never overdrawn. The role of the
//! admin API may not write entries; a tenant's only way to credit is a code ([`crate::redeem`]).

use crate::{OperatorDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{CreditKind, Nanos, OrgId, UserId, limits::MAX_LIMIT};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The largest amount of an entry, and of all entries of an organisation together.
pub const MAX_CREDIT: Nanos = Nanos(MAX_LIMIT);

/// An entry as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Identifier, which sorts by time.
    pub id: Uuid,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What it is for.
    pub kind: CreditKind,
    /// How much; below zero takes back.
    pub amount: Nanos,
    /// Why.
    pub note: String,
    /// `user`, `operator`, `cli` or `system`.
    pub actor_kind: String,
    /// The person.
    pub actor_id: Option<Uuid>,
    /// Their name; `None` when there is no person or they are gone.
    pub actor_name: Option<String>,
    /// First characters of the code that was redeemed.
    pub code_hint: Option<String>,
}

/// An entry to be written by the operator or, without `actor`, by the command line.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// What it is for; codes are redeemed and not written.
    pub kind: CreditKind,
    /// How much.
    pub amount: Nanos,
    /// Why.
    pub note: &'a str,
    /// The operator.
    pub actor: Option<UserId>,
    /// An entry with a key that the organisation's ledger has already is not written again.
    pub idempotency_key: Option<&'a str>,
}

/// What became of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It was written.
    Written(Entry),
    /// The same was written before, under the same idempotency key.
    Known(Entry),
    /// Another one was written before under that key.
    Different,
    /// All entries together would leave the range of [`MAX_CREDIT`].
    TooMuch,
}

/// What an organisation has been credited and charged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Whether it pays in advance.
    pub prepaid: bool,
    /// Sum of all entries.
    pub credits: Nanos,
    /// Charged over its whole life, as far as it is settled.
    pub charged: Nanos,
}

impl Balance {
    /// What is left.
    pub fn left(&self) -> Nanos {
        self.credits - self.charged
    }
}

/// Writes an entry into the ledger of the transaction's organisation, which must be the operator's transaction. After
/// [`Added::TooMuch`] the transaction is of no more use.
pub async fn add(tx: &mut TenantTx, new: NewEntry<'_>) -> StoreResult<Added> {
    let id = Uuid::now_v7();
    let written = sqlx::query!(
        "insert into credit_entries (id, org_id, kind, amount_nanos, note, actor_kind, actor_id, idempotency_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (org_id, idempotency_key) do nothing",
        id,
        tx.org().0,
        new.kind.as_str(),
        new.amount.0,
        new.note,
        if new.actor.is_some() { "operator" } else { "cli" },
        new.actor.map(|u| u.0),
        new.idempotency_key
    )
    .execute(tx.conn())
    .await;
    match written.map_err(StoreError::from) {
        Ok(done) if done.rows_affected() == 1 => {
            tx.bump_policy().await?;
            Ok(Added::Written(get(tx, id).await?))
        }
        Ok(_) => known(tx, new).await,
        Err(error) if is_too_much(&error) => Ok(Added::TooMuch),
        Err(error) => Err(error),
    }
}

async fn known(tx: &mut TenantTx, new: NewEntry<'_>) -> StoreResult<Added> {
    let id = sqlx::query_scalar!(
        "select id from credit_entries where org_id = $1 and idempotency_key = $2",
        tx.org().0,
        new.idempotency_key
    )
    .fetch_one(tx.conn())
    .await?;
    let entry = get(tx, id).await?;
    let same = (entry.kind, entry.amount, entry.note.as_str()) == (new.kind, new.amount, new.note);
    Ok(if same { Added::Known(entry) } else { Added::Different })
}

/// Whether the database refused because of the bound of all credits.
pub(crate) fn is_too_much(error: &StoreError) -> bool {
    matches!(error, StoreError::Postgres(sqlx::Error::Database(d))
        if d.constraint() == Some("organisations_credit_range"))
}

/// One entry.
pub async fn get(tx: &mut TenantTx, id: Uuid) -> StoreResult<Entry> {
    select(tx, Some(id), None, None, 1).await?.pop().ok_or(StoreError::NotFound)
}

/// The entries of the transaction's organisation, newest first, older than the entry `before`.
pub async fn list(tx: &mut TenantTx, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Entry>> {
    select(tx, None, before, None, limit).await
}

/// The entries written in a span of time, oldest first.
pub async fn within(tx: &mut TenantTx, from: DateTime<Utc>, to: DateTime<Utc>) -> StoreResult<Vec<Entry>> {
    let mut entries = select(tx, None, None, Some((from, to)), i64::MAX).await?;
    entries.reverse();
    Ok(entries)
}

async fn select(
    tx: &mut TenantTx,
    id: Option<Uuid>,
    before: Option<Uuid>,
    within: Option<(DateTime<Utc>, DateTime<Utc>)>,
    limit: i64,
) -> StoreResult<Vec<Entry>> {
    let rows = sqlx::query!(
        r#"select e.id, e.at, e.kind, e.amount_nanos, e.note, e.actor_kind, e.actor_id, u.name as "actor_name?",
                  case when e.code_id is not null then redeemed_hint(e.code_id) end as code_hint
           from credit_entries e left join users u on u.id = e.actor_id
           where e.org_id = $1 and ($2::uuid is null or e.id = $2) and ($3::uuid is null or e.id < $3)
             and ($4::timestamptz is null or e.at >= $4) and ($5::timestamptz is null or e.at < $5)
           order by e.id desc limit $6"#,
        tx.org().0,
        id,
        before,
        within.map(|w| w.0),
        within.map(|w| w.1),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Entry {
                id: r.id,
                at: r.at,
                kind: r.kind.parse().map_err(|e| StoreError::corrupt("kind of credit", e))?,
                amount: Nanos(r.amount_nanos),
                note: r.note,
                actor_kind: r.actor_kind,
                actor_id: r.actor_id,
                actor_name: r.actor_name,
                code_hint: r.code_hint,
            })
        })
        .collect()
}

/// The balance of the transaction's organisation.
pub async fn balance(tx: &mut TenantTx) -> StoreResult<Balance> {
    let row = sqlx::query!(
        r#"select o.credit_nanos is not null as "prepaid!",
             (select coalesce(sum(e.amount_nanos), 0)::bigint from credit_entries e where e.org_id = o.id) as "credits!",
             coalesce((select b.nanos from budget_totals b
                       where b.org_id = o.id and b.scope = 'organisation' and b.scope_id = o.id), 0) as "charged!"
           from organisations o where o.id = $1"#,
        tx.org().0
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Balance { prepaid: row.prepaid, credits: Nanos(row.credits), charged: Nanos(row.charged) })
}

/// Ends prepaid for the organisation of the operator's transaction: from then on it uses without bound.
pub async fn end_prepaid(tx: &mut TenantTx) -> StoreResult<()> {
    sqlx::query!("select end_prepaid()").fetch_one(tx.conn()).await?;
    tx.bump_policy().await
}

/// Organisations whose sum of credits is not the sum of their entries. There are none; a job or a person can make sure.
pub async fn discrepancies(db: &OperatorDb) -> StoreResult<Vec<OrgId>> {
    let rows = sqlx::query_scalar!(
        "select o.id from organisations o where o.credit_nanos is not null and o.credit_nanos is distinct from
           (select coalesce(sum(e.amount_nanos), 0) from credit_entries e where e.org_id = o.id)"
    )
    .fetch_all(&db.0)
    .await?;
    Ok(rows.into_iter().map(OrgId).collect())
}
