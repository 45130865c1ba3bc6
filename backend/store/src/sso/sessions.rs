//! Sessions that may enter one organisation only, because it alone trusts the issuer that they began at.

use crate::{AppDb, StoreResult};
use causeway_domain::{OrgId, UserId};
use uuid::Uuid;

/// Confines a session that nobody has the token of yet.
pub async fn confine(db: &AppDb, session: Uuid, org: OrgId) -> StoreResult<()> {
    sqlx::query!("update sessions set only_org = $2 where id = $1", session, org.0).execute(&db.0).await?;
    Ok(())
}

/// The only organisation that a session may enter, if it is confined.
pub async fn confinement(db: &AppDb, session: Uuid) -> StoreResult<Option<OrgId>> {
    let only = sqlx::query_scalar!("select only_org from sessions where id = $1", session)
        .fetch_optional(&db.0)
        .await?;
    Ok(only.flatten().map(OrgId))
}

/// The organisations of a person that do not let them in by password.
pub async fn closed_to_passwords(db: &AppDb, user: UserId) -> StoreResult<Vec<OrgId>> {
    let mut tx = db.0.begin().await?;
    sqlx::query("select set_config('cw.user', $1, true)").bind(user.to_string()).execute(&mut *tx).await?;
    let orgs = sqlx::query_scalar!(
        "select o.id from memberships m join organisations o on o.id = m.org_id
         where m.user_id = $1 and m.role <> 'owner' and not o.password_sign_in",
        user.0
    )
    .fetch_all(&mut *tx)
    .await?;
    Ok(orgs.into_iter().map(OrgId).collect())
}
