//! Who belongs where: asked at sign-in, and again at every call of the admin API.

use crate::{AppDb, StoreError, StoreResult, TenantTx, entries::Entry, organisations};
use causeway_domain::{OrgId, Role, UserId, window::Calendar};
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An organisation that a person may enter.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The organisation.
    pub org: OrgId,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// The person's role there.
    pub role: Role,
}

/// The person behind a session, as they are now.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// E-mail address.
    pub email: String,
    /// Name as shown.
    pub name: String,
    /// Language of the web admin.
    pub locale: String,
    /// Whether they run this installation.
    pub is_operator: bool,
    /// Whether that organisation demands a second factor.
    pub totp_required: bool,
    /// Whether they have one.
    pub has_totp: bool,
    /// Whether it demands one and they have none.
    pub totp_missing: bool,
    /// The organisation entered; `None` when they do not (or no longer) belong to it, or it wants people to sign in in
    /// another way.
    pub membership: Option<(Membership, Calendar)>,
    /// Where they are inside as the operator and no member: how, and until when.
    pub entered: Option<Entry>,
    /// Where that organisation is suspended: since when, and why.
    pub suspended: Option<Suspension>,
}

/// That an organisation is suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why, as the operator said; empty where they did not.
    pub reason: String,
}

/// Everywhere the person belongs, by name.
pub async fn of(db: &AppDb, user: UserId) -> StoreResult<Vec<Membership>> {
    let mut tx = db.0.begin().await?;
    sqlx::query("select set_config('cw.user', $1, true)").bind(user.to_string()).execute(&mut *tx).await?;
    let rows = sqlx::query!(
        "select o.id, o.name, o.slug, m.role from memberships m join organisations o on o.id = m.org_id
         where m.user_id = $1 order by lower(o.name), o.id",
        user.0
    )
    .fetch_all(&mut *tx)
    .await?;
    rows.into_iter()
        .map(|r| Ok(Membership { org: r.id.into(), name: r.name, slug: r.slug, role: role(&r.role)? }))
        .collect()
}

/// The person behind `session`, and their role in the organisation of the transaction; `None` when the session is
/// over. `user` is whom the access token names.
pub async fn signed_in(tx: &mut TenantTx, session: Uuid, user: UserId) -> StoreResult<Option<SignedIn>> {
    person(tx, Some(session), user).await
}

/// The same for the owner of an API token, which was found to be good: it needs no session.
pub async fn token_owner(tx: &mut TenantTx, owner: UserId) -> StoreResult<Option<SignedIn>> {
    person(tx, None, owner).await
}

async fn person(tx: &mut TenantTx, session: Option<Uuid>, user: UserId) -> StoreResult<Option<SignedIn>> {
    let org = tx.org();
    let row = sqlx::query!(
        r#"select u.email, u.name, u.locale, u.is_operator and s.only_org is null as "is_operator!",
                  o.name as "org_name?", o.slug as "slug?", coalesce(m.role, e.role) as "role?",
                  o.time_zone as "time_zone?", o.week_start as "week_start?", o.day_start_minute as "day_start?",
                  coalesce(o.require_totp and s.only_org is null, false) as "totp_required!",
                  exists (select from totp f where f.user_id = u.id and f.confirmed_at is not null) as "has_totp!",
                  o.status = 'suspended' as "suspended?", o.suspended_at as "suspended_at?",
                  o.suspended_reason as "suspended_reason?",
                  e.id as "entry?", e.reason as "entry_reason?", e.expires_at as "entry_until?"
           from users u
           left join memberships m on m.user_id = u.id and m.org_id = $3
           left join sessions s on s.id = $1 and s.user_id = u.id and s.ended_at is null
           left join operator_entries e on m.role is null and u.is_operator and s.only_org is null
             and e.user_id = u.id and e.session_id = s.id and e.org_id = $3 and e.left_at is null and e.expires_at > now()
           left join organisations o on o.id = coalesce(m.org_id, e.org_id) and (e.id is not null or $1::uuid is null
             or s.only_org = o.id or (s.only_org is null and (o.password_sign_in or m.role = 'owner')))
           where u.id = $2 and u.disabled_at is null and ($1::uuid is null or s.id is not null)"#,
        session,
        user.0,
        org.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let entered = match (row.entry, &row.role, row.entry_reason, row.entry_until) {
        (Some(id), Some(r), Some(reason), Some(expires_at)) => {
            Some(Entry { id, role: role(r)?, reason, expires_at })
        }
        _ => None,
    };
    let suspended = row.suspended.unwrap_or(false).then(|| Suspension {
        since: row.suspended_at.unwrap_or_default(),
        reason: row.suspended_reason.unwrap_or_default(),
    });
    let membership = match (row.org_name, row.slug, row.role, row.time_zone, row.week_start, row.day_start) {
        (Some(name), Some(slug), Some(r), Some(zone), Some(week), Some(day)) => Some((
            Membership { org, name, slug, role: role(&r)? },
            organisations::calendar(&zone, week, day)?,
        )),
        _ => None,
    };
    Ok(Some(SignedIn {
        totp_required: row.totp_required,
        has_totp: row.has_totp,
        totp_missing: row.totp_required && !row.has_totp,
        email: row.email,
        name: row.name,
        locale: row.locale,
        is_operator: row.is_operator,
        membership,
        entered,
        suspended,
    }))
}

/// Makes a person a member of the organisation of the transaction.
pub async fn insert(tx: &mut TenantTx, user: UserId, role: Role) -> StoreResult<()> {
    sqlx::query!(
        "insert into memberships (org_id, user_id, role) values ($1, $2, $3)",
        tx.org().0,
        user.0,
        role.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn role(text: &str) -> StoreResult<Role> {
    text.parse().map_err(|e| StoreError::corrupt("role", e))
}
