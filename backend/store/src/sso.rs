//! Single sign-on by OpenID Connect: issuers, domains, identities, and sign-ins under way. All of it belongs to an
//! organisation; the two questions that come before there is one are asked here.

pub mod attempts;
pub mod domains;
pub mod identities;
pub mod providers;
pub mod sessions;

use crate::{AppDb, StoreResult, TenantTx};
use causeway_domain::OrgId;
use uuid::Uuid;

/// An issuer that people may sign in at, as the sign-in page shows it.
#[derive(Clone, Debug)]
pub struct Button {
    /// Of the provider.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// The organisation of a provider that is in use.
pub async fn organisation_of(db: &AppDb, provider: Uuid) -> StoreResult<Option<OrgId>> {
    let org = sqlx::query_scalar!("select oidc_provider_org($1)", provider).fetch_one(&db.0).await?;
    Ok(org.map(OrgId))
}

/// The issuers of the organisation with this name in addresses, or of whom this e-mail domain is.
pub async fn discover(db: &AppDb, slug: Option<&str>, domain: Option<&str>) -> StoreResult<Vec<Button>> {
    Ok(sqlx::query_as!(
        Button,
        r#"select id as "id!", name as "name!" from oidc_discover($1, $2)"#,
        slug,
        domain
    )
    .fetch_all(&db.0)
    .await?)
}

/// Whether members of the transaction's organisation may also sign in by password.
pub async fn allows_passwords(tx: &mut TenantTx) -> StoreResult<bool> {
    let org = tx.org();
    Ok(sqlx::query_scalar!("select password_sign_in from organisations where id = $1", org.0)
        .fetch_one(tx.conn())
        .await?)
}

/// Says whether they may.
pub async fn allow_passwords(tx: &mut TenantTx, allowed: bool) -> StoreResult<()> {
    let org = tx.org();
    sqlx::query!("update organisations set password_sign_in = $2 where id = $1", org.0, allowed)
        .execute(tx.conn())
        .await?;
    Ok(())
}
