//! Codes that give credits: made by the operator in batches, redeemed by organisations.
//!
//! Only the SHA-256 of a code is stored. The role of the admin API cannot see codes at all: it can call one function of
//! the database that takes a use of a code and writes the entry in one statement.

use crate::{OperatorDb, StoreError, StoreResult, TenantTx, audit, credits};
use causeway_domain::{Nanos, UserId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What became of redeeming a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It was credited.
    Credited(credits::Entry),
    /// There is no such code.
    Unknown,
    /// It was good until a time that is over.
    Expired,
    /// Others have used it up.
    Used,
    /// The operator took it back.
    Revoked,
    /// The organisation has redeemed it before.
    Yours,
    /// All credits of the organisation together would be too much.
    TooMuch,
}

/// Redeems the code with this SHA-256 for the transaction's organisation. After anything but [`Redeemed::Credited`] the
/// transaction is to be dropped.
pub async fn redeem(tx: &mut TenantTx, hash: &[u8; 32]) -> StoreResult<Redeemed> {
    let entry = Uuid::now_v7();
    let outcome = sqlx::query_scalar!(r#"select redeem_code($1, $2) as "outcome!""#, entry, &hash[..])
        .fetch_one(tx.conn())
        .await;
    let outcome = match outcome.map_err(StoreError::from) {
        Ok(outcome) => outcome,
        // Somebody else of the organisation was a moment earlier.
        Err(StoreError::Conflict(_)) => return Ok(Redeemed::Yours),
        Err(error) if credits::is_too_much(&error) => return Ok(Redeemed::TooMuch),
        Err(error) => return Err(error),
    };
    Ok(match outcome.as_str() {
        "redeemed" => {
            tx.bump_policy().await?;
            Redeemed::Credited(credits::get(tx, entry).await?)
        }
        "expired" => Redeemed::Expired,
        "used" => Redeemed::Used,
        "revoked" => Redeemed::Revoked,
        "yours" => Redeemed::Yours,
        _ => Redeemed::Unknown,
    })
}

/// A batch to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewBatch<'a> {
    /// Identifier.
    pub id: Uuid,
    /// What each code gives.
    pub amount: Nanos,
    /// By how many organisations each can be redeemed.
    pub uses: u32,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
    /// What they are for.
    pub note: &'a str,
    /// Who makes them.
    pub actor: UserId,
}

/// A code to be made: its SHA-256 and its first characters.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// Identifier.
    pub id: Uuid,
    /// SHA-256 of the code in its normal form.
    pub hash: [u8; 32],
    /// To recognise it by.
    pub hint: String,
}

/// A batch as read.
#[derive(Clone, Debug)]
#[allow(missing_docs)] // As in [`NewBatch`], and counts.
pub struct Batch {
    pub id: Uuid,
    pub amount: Nanos,
    pub uses: u32,
    pub expires_at: Option<DateTime<Utc>>,
    pub note: String,
    pub created_at: DateTime<Utc>,
    pub created_by: Option<String>,
    /// Codes in it.
    pub codes: i64,
    /// Times that codes of it were redeemed.
    pub redeemed: i64,
    /// Codes that were taken back.
    pub revoked: i64,
}

/// A code as read.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Code {
    pub id: Uuid,
    pub hint: String,
    pub used: u32,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Names of the organisations that redeemed it, in the order in which they did.
    pub organisations: Vec<String>,
}

/// Makes a batch with its codes, and the line in the log.
pub async fn create(
    db: &OperatorDb,
    batch: &NewBatch<'_>,
    codes: &[NewCode],
    line: audit::Line<'_>,
) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    sqlx::query!(
        "insert into redeem_batches (id, amount_nanos, uses, expires_at, note, created_by)
         values ($1, $2, $3, $4, $5, $6)",
        batch.id,
        batch.amount.0,
        i32::try_from(batch.uses).unwrap_or(i32::MAX),
        batch.expires_at,
        batch.note,
        batch.actor.0
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into redeem_codes (id, batch_id, hash, hint)
         select id, $4, hash, hint from unnest($1::uuid[], $2::bytea[], $3::text[]) as c (id, hash, hint)",
        &codes.iter().map(|c| c.id).collect::<Vec<_>>(),
        &codes.iter().map(|c| c.hash.to_vec()).collect::<Vec<_>>(),
        &codes.iter().map(|c| c.hint.clone()).collect::<Vec<_>>(),
        batch.id
    )
    .execute(&mut *tx)
    .await?;
    audit::write(&mut tx, None, line).await?;
    tx.commit().await?;
    Ok(())
}

/// One batch.
pub async fn batch(db: &OperatorDb, id: Uuid) -> StoreResult<Batch> {
    select(db, Some(id), None, 1).await?.pop().ok_or(StoreError::NotFound)
}

/// The batches, newest first, older than the batch `before`.
pub async fn batches(db: &OperatorDb, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Batch>> {
    select(db, None, before, limit).await
}

async fn select(
    db: &OperatorDb,
    id: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Batch>> {
    let rows = sqlx::query!(
        r#"select b.id, b.amount_nanos, b.uses, b.expires_at, b.note, b.created_at, u.name as "created_by?",
             count(c.id) as "codes!", coalesce(sum(c.used), 0) as "redeemed!", count(c.revoked_at) as "revoked!"
           from redeem_batches b left join users u on u.id = b.created_by
             left join redeem_codes c on c.batch_id = b.id
           where ($1::uuid is null or b.id = $1) and ($2::uuid is null or b.id < $2)
           group by b.id, u.name order by b.id desc limit $3"#,
        id,
        before,
        limit
    )
    .fetch_all(&db.0)
    .await?;
    let row = |r: i32| u32::try_from(r).unwrap_or(0);
    Ok(rows
        .into_iter()
        .map(|r| Batch {
            id: r.id,
            amount: Nanos(r.amount_nanos),
            uses: row(r.uses),
            expires_at: r.expires_at,
            note: r.note,
            created_at: r.created_at,
            created_by: r.created_by,
            codes: r.codes,
            redeemed: r.redeemed,
            revoked: r.revoked,
        })
        .collect())
}

/// The codes of a batch, newest first, older than the code `before`.
pub async fn codes(db: &OperatorDb, batch: Uuid, before: Option<Uuid>, limit: i64) -> StoreResult<Vec<Code>> {
    let rows = sqlx::query!(
        r#"select c.id, c.hint, c.used, c.revoked_at,
             array(select o.name from credit_entries e join organisations o on o.id = e.org_id
                   where e.code_id = c.id order by e.id) as "organisations!"
           from redeem_codes c where c.batch_id = $1 and ($2::uuid is null or c.id < $2)
           order by c.id desc limit $3"#,
        batch,
        before,
        limit
    )
    .fetch_all(&db.0)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Code {
            id: r.id,
            hint: r.hint,
            used: u32::try_from(r.used).unwrap_or(0),
            revoked_at: r.revoked_at,
            organisations: r.organisations,
        })
        .collect())
}

/// Takes back what is left of a batch, or of one code of it. What was redeemed stays credited. Not found when there is
/// no such thing; nothing changes when it was taken back before.
pub async fn revoke(
    db: &OperatorDb,
    batch: Uuid,
    code: Option<Uuid>,
    line: audit::Line<'_>,
) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    let found = sqlx::query_scalar!(
        r#"select exists (select from redeem_codes where batch_id = $1 and ($2::uuid is null or id = $2)) as "found!""#,
        batch,
        code
    )
    .fetch_one(&mut *tx)
    .await?;
    if !found {
        return Err(StoreError::NotFound);
    }
    let revoked = sqlx::query!(
        "update redeem_codes set revoked_at = now()
         where batch_id = $1 and ($2::uuid is null or id = $2) and revoked_at is null",
        batch,
        code
    )
    .execute(&mut *tx)
    .await?;
    if revoked.rows_affected() > 0 {
        audit::write(&mut tx, None, line).await?;
    }
    tx.commit().await?;
    Ok(())
}
