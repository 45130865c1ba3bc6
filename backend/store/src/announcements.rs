//! What people are told by a banner: by the operator, everybody or one organisation; by an organisation's admins, its own.

use crate::{OperatorDb, StoreError, StoreResult, TenantTx, audit};
use causeway_domain::{OrgId, UserId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

/// An announcement.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// Identifier.
    pub id: Uuid,
    /// For whom; `None` is everybody.
    pub org: Option<OrgId>,
    /// Name of that organisation, as far as the reader may see it.
    pub org_name: Option<String>,
    /// Whether the operator wrote it.
    pub by_operator: bool,
    /// `info`, `warning` or `critical`.
    pub level: String,
    /// In English; empty when there is only the other.
    pub text_en: String,
    /// In Chinese; empty when there is only the other.
    pub text_zh: String,
    /// Shown from here on.
    pub starts_at: DateTime<Utc>,
    /// And until then.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Name of who wrote it.
    pub created_by: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// What is to be announced.
#[derive(Clone, Copy, Debug)]
pub struct NewAnnouncement<'a> {
    /// `info`, `warning` or `critical`.
    pub level: &'a str,
    /// In English.
    pub text_en: &'a str,
    /// In Chinese.
    pub text_zh: &'a str,
    /// From when on; now when absent.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// By whom.
    pub by: UserId,
}

struct Row {
    id: Uuid,
    org_id: Option<Uuid>,
    org_name: Option<String>,
    by_operator: bool,
    level: String,
    text_en: String,
    text_zh: String,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    withdrawn_at: Option<DateTime<Utc>>,
    created_by: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Announcement {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            org: r.org_id.map(OrgId),
            org_name: r.org_name,
            by_operator: r.by_operator,
            level: r.level,
            text_en: r.text_en,
            text_zh: r.text_zh,
            starts_at: r.starts_at,
            ends_at: r.ends_at,
            withdrawn_at: r.withdrawn_at,
            created_by: r.created_by,
            created_at: r.created_at,
        }
    }
}

/// What the people of the transaction's organisation are shown now, the most important first.
pub async fn live(tx: &mut TenantTx) -> StoreResult<Vec<Announcement>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.org_id, null as "org_name?", a.by_operator, a.level, a.text_en, a.text_zh, a.starts_at,
             a.ends_at, a.withdrawn_at, null as "created_by?", a.created_at
           from announcements a
           where (a.org_id is null or a.org_id = $1) and a.withdrawn_at is null and a.starts_at <= now()
             and (a.ends_at is null or a.ends_at > now())
           order by array_position(array['critical', 'warning', 'info'], a.level), a.id desc limit 20"#,
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What the organisation's admins have written, newest first.
pub async fn of_organisation(
    tx: &mut TenantTx,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Announcement>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.org_id, o.name as "org_name?", a.by_operator, a.level, a.text_en, a.text_zh, a.starts_at,
             a.ends_at, a.withdrawn_at, u.name as "created_by?", a.created_at
           from announcements a left join users u on u.id = a.created_by left join organisations o on o.id = a.org_id
           where a.org_id = $1 and not a.by_operator and ($2::uuid is null or a.id < $2)
           order by a.id desc limit $3"#,
        tx.org().0,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What operators have written, newest first.
pub async fn of_operators(
    db: &OperatorDb,
    before: Option<Uuid>,
    limit: i64,
) -> StoreResult<Vec<Announcement>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.org_id, o.name as "org_name?", a.by_operator, a.level, a.text_en, a.text_zh, a.starts_at,
             a.ends_at, a.withdrawn_at, u.name as "created_by?", a.created_at
           from announcements a left join users u on u.id = a.created_by left join organisations o on o.id = a.org_id
           where a.by_operator and ($1::uuid is null or a.id < $1) order by a.id desc limit $2"#,
        before,
        limit
    )
    .fetch_all(&db.0)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Announces in the organisation of the transaction, as its admin.
pub async fn insert(tx: &mut TenantTx, new: NewAnnouncement<'_>) -> StoreResult<Announcement> {
    let org = tx.org();
    write(tx.conn(), Some(org), false, new).await
}

/// Takes an announcement of the organisation's own back. Not found when there is none that is still up.
pub async fn withdraw(tx: &mut TenantTx, id: Uuid) -> StoreResult<Announcement> {
    take_back(tx.conn(), id, false).await
}

/// Announces as the operator, to everybody or to one organisation, with its line in the log of the installation.
pub async fn insert_as_operator(
    db: &OperatorDb,
    org: Option<OrgId>,
    new: NewAnnouncement<'_>,
    line: audit::Line<'_>,
    described: fn(&Announcement) -> Value,
) -> StoreResult<Announcement> {
    let mut tx = db.0.begin().await?;
    let made = write(&mut *tx, org, true, new).await?;
    let line = audit::Line { target_id: Some(made.id), after: Some(described(&made)), ..line };
    audit::write(&mut tx, None, line).await?;
    tx.commit().await?;
    Ok(made)
}

/// Takes an operator's announcement back.
pub async fn withdraw_as_operator(
    db: &OperatorDb,
    id: Uuid,
    line: audit::Line<'_>,
    described: fn(&Announcement) -> Value,
) -> StoreResult<()> {
    let mut tx = db.0.begin().await?;
    let gone = take_back(&mut *tx, id, true).await?;
    let line = audit::Line { target_id: Some(id), before: Some(described(&gone)), ..line };
    audit::write(&mut tx, None, line).await?;
    tx.commit().await?;
    Ok(())
}

async fn write(
    executor: impl PgExecutor<'_>,
    org: Option<OrgId>,
    by_operator: bool,
    new: NewAnnouncement<'_>,
) -> StoreResult<Announcement> {
    let row = sqlx::query_as!(
        Row,
        r#"insert into announcements as a (id, org_id, by_operator, level, text_en, text_zh, starts_at, ends_at, created_by)
           values ($1, $2, $3, $4, $5, $6, coalesce($7, now()), $8, $9)
           returning a.id, a.org_id, (select o.name from organisations o where o.id = a.org_id) as "org_name?",
             a.by_operator, a.level, a.text_en, a.text_zh, a.starts_at, a.ends_at, a.withdrawn_at,
             (select u.name from users u where u.id = a.created_by) as "created_by?", a.created_at"#,
        Uuid::now_v7(),
        org.map(|o| o.0),
        by_operator,
        new.level,
        new.text_en,
        new.text_zh,
        new.starts_at,
        new.ends_at,
        new.by.0
    )
    .fetch_one(executor)
    .await?;
    Ok(row.into())
}

async fn take_back(executor: impl PgExecutor<'_>, id: Uuid, by_operator: bool) -> StoreResult<Announcement> {
    let row = sqlx::query_as!(
        Row,
        r#"update announcements a set withdrawn_at = now()
           where a.id = $1 and a.by_operator = $2 and a.withdrawn_at is null
           returning a.id, a.org_id, (select o.name from organisations o where o.id = a.org_id) as "org_name?",
             a.by_operator, a.level, a.text_en, a.text_zh, a.starts_at, a.ends_at, a.withdrawn_at,
             (select u.name from users u where u.id = a.created_by) as "created_by?", a.created_at"#,
        id,
        by_operator
    )
    .fetch_optional(executor)
    .await?;
    row.map(Into::into).ok_or(StoreError::NotFound)
}
