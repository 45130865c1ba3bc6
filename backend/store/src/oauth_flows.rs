//! Authorisations of accounts that are under way. Each belongs to one person in one session, and any instance goes on with it.

mod row;

pub use row::{Flow, Status};

use crate::{AppDb, JobsDb, StoreError, StoreResult, TenantTx};
use causeway_domain::{AccountId, OrgId, UserId, provider::Provider};
use serde_json::Value;
use uuid::Uuid;

/// Minutes that an authorisation may take, and that what came of it waits to be saved.
pub const MINUTES: i32 = 10;
/// Seconds for which whoever asks an issuer about a device is alone with it: longer than the question may take.
const ASKING: i32 = 30;

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub user: UserId,
    /// Their session, or the API token that acts for them.
    pub session: Uuid,
}

/// One to be begun.
pub struct NewFlow<'a> {
    /// Identifier.
    pub id: Uuid,
    /// Whose.
    pub who: Who,
    /// At which provider.
    pub provider: Provider,
    /// Of a code: where the person is sent back to, and SHA-256 of the state.
    pub code: Option<(&'a str, &'a [u8; 32])>,
    /// Sealed: what the tokens are had with.
    pub secret: &'a [u8],
    /// What the page shows of a device.
    pub shown: &'a Value,
    /// The pause between questions, in seconds.
    pub poll_seconds: i32,
    /// How long it may take, in seconds.
    pub lasts: i32,
}

/// Begins one.
pub async fn begin(tx: &mut TenantTx, flow: &NewFlow<'_>) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "insert into oauth_flows (id, org_id, user_id, session_id, provider, kind, redirect_kind, state_hash, secret,
           shown, poll_seconds, poll_after, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + make_interval(secs => $11::int),
           now() + make_interval(secs => $12::int))",
        flow.id,
        org.0,
        flow.who.user.0,
        flow.who.session,
        flow.provider.as_str(),
        if flow.code.is_some() { "code" } else { "device" },
        flow.code.map(|(redirect, _)| redirect),
        flow.code.map(|(_, hash)| &hash[..]),
        flow.secret,
        flow.shown,
        flow.poll_seconds,
        flow.lasts
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How many of a session are under way.
pub async fn under_way(tx: &mut TenantTx, who: Who) -> StoreResult<i64> {
    let org = tx.org();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "n!" from oauth_flows
           where org_id = $1 and session_id = $2 and status in ('pending', 'exchanging') and expires_at > now()"#,
        org.0,
        who.session
    )
    .fetch_one(tx.conn())
    .await?)
}

/// In whose name a state was made; `None` when nobody knows it.
pub async fn organisation_of(db: &AppDb, state: &[u8; 32]) -> StoreResult<Option<OrgId>> {
    let found = sqlx::query_scalar!("select oauth_flow_org($1)", &state[..]).fetch_one(&db.0).await?;
    Ok(found.map(OrgId))
}

/// One of the caller's. [`StoreError::NotFound`] also for those of others. With `lock`, nobody else changes it meanwhile.
pub async fn get(tx: &mut TenantTx, id: Uuid, who: Who, lock: bool) -> StoreResult<Flow> {
    let flow = row::read(tx, Some(id), None, lock).await?;
    flow.filter(|flow| flow.who == who).ok_or(StoreError::NotFound)
}

/// The one with a state; nobody else changes it meanwhile.
pub async fn by_state(tx: &mut TenantTx, state: &[u8; 32]) -> StoreResult<Flow> {
    row::read(tx, None, Some(&state[..]), true).await?.ok_or(StoreError::NotFound)
}

/// Uses up the state of one that is pending; false when another has.
pub async fn take(tx: &mut TenantTx, id: Uuid) -> StoreResult<bool> {
    let org = tx.org();
    let done = sqlx::query!(
        "update oauth_flows set status = 'exchanging'
         where org_id = $1 and id = $2 and status = 'pending' and kind = 'code' and expires_at > now()",
        org.0,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether an issuer may be asked about a device now; whoever is told so is alone with it for a while.
pub async fn may_poll(tx: &mut TenantTx, id: Uuid) -> StoreResult<bool> {
    let org = tx.org();
    let done = sqlx::query!(
        "update oauth_flows set poll_after = now() + make_interval(secs => poll_seconds + $3::int)
         where org_id = $1 and id = $2 and status = 'pending' and kind = 'device' and poll_after <= now()
           and expires_at > now()",
        org.0,
        id,
        ASKING
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that it was asked and there is nothing yet. `slower` lengthens the pause by that many seconds.
pub async fn polled(tx: &mut TenantTx, id: Uuid, slower: i32) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "update oauth_flows set poll_seconds = least(poll_seconds + $3::int, 3600),
           poll_after = now() + make_interval(secs => least(poll_seconds + $3::int, 3600))
         where org_id = $1 and id = $2 and status = 'pending'",
        org.0,
        id,
        slower
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Keeps what came of one; false when it was cancelled meanwhile.
pub async fn authorise(
    tx: &mut TenantTx,
    id: Uuid,
    outcome: &[u8],
    identity: Option<&Value>,
) -> StoreResult<bool> {
    let org = tx.org();
    let done = sqlx::query!(
        "update oauth_flows set status = 'authorized', outcome = $3, identity = $4, secret = null,
           expires_at = now() + make_interval(mins => $5)
         where org_id = $1 and id = $2 and status in ('pending', 'exchanging')",
        org.0,
        id,
        outcome,
        identity,
        MINUTES
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that nothing comes of one, and why.
pub async fn fail(tx: &mut TenantTx, id: Uuid, failure: &Value) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!(
        "update oauth_flows set status = 'failed', failure = $3, secret = null
         where org_id = $1 and id = $2 and status in ('pending', 'exchanging')",
        org.0,
        id,
        failure
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends one, and forgets what came of it; false when it was over already.
pub async fn cancel(tx: &mut TenantTx, id: Uuid) -> StoreResult<bool> {
    let org = tx.org();
    let done = sqlx::query!(
        "update oauth_flows set status = 'cancelled', secret = null, outcome = null
         where org_id = $1 and id = $2 and status in ('pending', 'exchanging', 'authorized')",
        org.0,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Uses one up for an account; false when its time is over or another has.
pub async fn consume(tx: &mut TenantTx, id: Uuid) -> StoreResult<bool> {
    let org = tx.org();
    let done = sqlx::query!(
        "update oauth_flows set status = 'used', outcome = null
         where org_id = $1 and id = $2 and status = 'authorized' and expires_at > now()",
        org.0,
        id
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The account that is an identity's already.
pub async fn account_of(
    tx: &mut TenantTx,
    provider: Provider,
    subject: &str,
    organization: Option<&str>,
) -> StoreResult<Option<AccountId>> {
    let org = tx.org();
    let found = sqlx::query_scalar!(
        "select id from upstream_accounts where org_id = $1 and provider = $2 and subject = $3
           and coalesce(subject_organization, '') = coalesce($4, '') and deleted_at is null",
        org.0,
        provider.as_str(),
        subject,
        organization
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(found.map(AccountId))
}

/// Removes those whose time is long over.
pub(crate) async fn forget_old(db: &JobsDb) -> StoreResult<u64> {
    let gone = sqlx::query!("delete from oauth_flows where expires_at < now() - interval '1 day'")
        .execute(&db.0)
        .await?;
    Ok(gone.rows_affected())
}
