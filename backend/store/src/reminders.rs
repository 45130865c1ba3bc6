//! Accounts that need a person, and whom to tell. Each death of a credential is handed out once, whoever asks and however
//! often: what becomes of the message then is not known here.

use crate::{JobsDb, StoreResult, TenantTx};
use causeway_domain::{AccountId, OrgId, UserId};

/// An account whose provider does not accept its credential any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// Whose account.
    pub org: OrgId,
    /// Which.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// `accounts::Credential`, by its tag.
    pub kind: String,
    /// In the issuer's words.
    pub reason: String,
}

/// Deaths that nobody was told of, at most so many. From now on they count as told.
pub async fn take_untold(db: &JobsDb, most: i64) -> StoreResult<Vec<Death>> {
    let rows = sqlx::query!(
        r#"update upstream_accounts a set death_told_at = now()
           from (select org_id, id from upstream_accounts
                 where credential_state = 'dead' and death_told_at is null and deleted_at is null
                 order by id limit $1 for update skip locked) untold
           where a.org_id = untold.org_id and a.id = untold.id
           returning a.org_id, a.id, a.name, a.credential_kind, a.credential_reason"#,
        most
    )
    .fetch_all(&db.0)
    .await?;
    let deaths = rows.into_iter().map(|r| Death {
        org: OrgId(r.org_id),
        account: AccountId(r.id),
        name: r.name,
        kind: r.credential_kind,
        reason: r.credential_reason.unwrap_or_default(),
    });
    Ok(deaths.collect())
}

/// Where and how a member reads mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// E-mail address.
    pub email: String,
    /// Language.
    pub locale: String,
    /// The organisation's name.
    pub organization: String,
}

/// A member who may still sign in; `None` when they have left or are locked out.
pub async fn addressee(tx: &mut TenantTx, user: UserId) -> StoreResult<Option<Addressee>> {
    Ok(sqlx::query_as!(
        Addressee,
        "select u.email, u.locale, o.name as organization
         from memberships m join users u on u.id = m.user_id join organisations o on o.id = m.org_id
         where m.org_id = $1 and m.user_id = $2 and u.disabled_at is null",
        tx.org().0,
        user.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Who looks after an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeper {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Whether they share it or are named, and have not merely added it.
    pub own: bool,
    /// Where and how they read mail.
    pub addressee: Addressee,
}

/// The member to whom an account is to be told: who is named, or who shares it, or who has added it, the first of them that
/// may still sign in.
pub async fn keeper(tx: &mut TenantTx, account: AccountId) -> StoreResult<Option<Keeper>> {
    let row = sqlx::query!(
        r#"select u.id, u.name, u.email, u.locale, o.name as organization, k.place < 3 as "own!"
           from upstream_accounts a
           cross join lateral unnest(array[a.owner_id, a.contributed_by, a.created_by]) with ordinality k (person, place)
           join memberships m on m.org_id = a.org_id and m.user_id = k.person
           join users u on u.id = m.user_id join organisations o on o.id = a.org_id
           where a.org_id = $1 and a.id = $2 and u.disabled_at is null
           order by k.place limit 1"#,
        tx.org().0,
        account.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|r| Keeper {
        id: UserId(r.id),
        name: r.name,
        own: r.own,
        addressee: Addressee { email: r.email, locale: r.locale, organization: r.organization },
    }))
}
