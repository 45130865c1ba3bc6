//! Everything in the database that is sealed, page by page, for whoever seals it anew with another key. What is inside is
//! not known here: an envelope is bytes that begin with which key they were sealed with.

use crate::{JobsDb, StoreError, StoreResult};
use causeway_domain::{AccountId, OrgId, ProxyId, UserId, provider::Provider, proxy::Scheme};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

/// Where something sealed is, with what its seal is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The credential of an upstream account.
    Account {
        /// Organisation.
        org: OrgId,
        /// Account.
        id: AccountId,
        /// Kind of provider.
        provider: Provider,
        /// As it is stored.
        base_url: String,
    },
    /// The secret that a person shares with their authenticator.
    Authenticator(UserId),
    /// The client secret at an organisation's issuer for single sign-on.
    SignOn {
        /// Organisation.
        org: OrgId,
        /// The row of the issuer.
        id: Uuid,
        /// As the issuer calls itself.
        issuer: String,
    },
    /// The client secret at the issuer of a kind of provider.
    Provider(Provider),
    /// The password at an organisation's proxy.
    Proxy {
        /// Organisation.
        org: OrgId,
        /// Proxy.
        id: ProxyId,
        /// What it speaks.
        scheme: Scheme,
        /// Where it is.
        host: String,
        /// At which port.
        port: u16,
    },
}

/// The kinds of place, in the order in which they are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Credentials of upstream accounts.
    Accounts,
    /// Secrets of authenticators.
    Authenticators,
    /// Client secrets of single sign-on.
    SignOn,
    /// Client secrets of providers.
    Providers,
    /// Passwords at proxies.
    Proxies,
}

/// Something sealed.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Where.
    pub place: Place,
    /// As it is.
    pub envelope: Vec<u8>,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Accounts, Self::Authenticators, Self::SignOn, Self::Providers, Self::Proxies];
}

impl Place {
    /// How the row is called, to find it again and to tell a person.
    pub fn id(&self) -> String {
        match self {
            Self::Account { id, .. } => id.to_string(),
            Self::Authenticator(user) => user.to_string(),
            Self::SignOn { id, .. } => id.to_string(),
            Self::Provider(provider) => provider.to_string(),
            Self::Proxy { id, .. } => id.to_string(),
        }
    }

    fn row(&self) -> Uuid {
        match self {
            Self::Account { id, .. } => id.0,
            Self::Authenticator(user) => user.0,
            Self::SignOn { id, .. } => *id,
            Self::Provider(_) => Uuid::nil(),
            Self::Proxy { id, .. } => id.0,
        }
    }
}

/// The next of a kind whose envelope does not begin with `own`, after the place given, at most `most`.
pub async fn page(
    db: &JobsDb,
    kind: Kind,
    own: &[u8],
    after: Option<&Place>,
    most: i64,
) -> StoreResult<Vec<Sealed>> {
    let row = after.map_or(Uuid::nil(), Place::row);
    match kind {
        Kind::Accounts => accounts(db, own, row, most).await,
        Kind::Authenticators => authenticators(db, own, row, most).await,
        Kind::SignOn => sign_on(db, own, row, most).await,
        Kind::Providers => {
            let after = after.map(Place::id).unwrap_or_default();
            providers(db, own, &after, most).await
        }
        Kind::Proxies => proxies(db, own, row, most).await,
    }
}

async fn accounts(db: &JobsDb, own: &[u8], after: Uuid, most: i64) -> StoreResult<Vec<Sealed>> {
    // A removed account has none.
    let rows = sqlx::query!(
        "select org_id, id, provider, base_url, credential from upstream_accounts
         where id > $1 and octet_length(credential) > 0 and substring(credential from 1 for octet_length($2::bytea)) <> $2
         order by id limit $3",
        after,
        own,
        most
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter()
        .map(|r| {
            let provider = r.provider.parse().map_err(|e| StoreError::corrupt("provider", e))?;
            let (org, id) = (OrgId(r.org_id), AccountId(r.id));
            let place = Place::Account { org, id, provider, base_url: r.base_url };
            Ok(Sealed { place, envelope: r.credential })
        })
        .collect()
}

async fn authenticators(db: &JobsDb, own: &[u8], after: Uuid, most: i64) -> StoreResult<Vec<Sealed>> {
    let rows = sqlx::query!(
        "select user_id, sealed from totp
         where user_id > $1 and substring(sealed from 1 for octet_length($2::bytea)) <> $2 order by user_id limit $3",
        after,
        own,
        most
    )
    .fetch_all(&db.0)
    .await?;
    let sealed = |place, envelope| Sealed { place: Place::Authenticator(UserId(place)), envelope };
    Ok(rows.into_iter().map(|r| sealed(r.user_id, r.sealed)).collect())
}

async fn sign_on(db: &JobsDb, own: &[u8], after: Uuid, most: i64) -> StoreResult<Vec<Sealed>> {
    let rows = sqlx::query!(
        r#"select org_id, id, issuer, client_secret as "client_secret!" from oidc_providers
         where id > $1 and client_secret is not null
           and substring(client_secret from 1 for octet_length($2::bytea)) <> $2
         order by id limit $3"#,
        after,
        own,
        most
    )
    .fetch_all(&db.0)
    .await?;
    let place = |org, id, issuer| Place::SignOn { org: OrgId(org), id, issuer };
    let sealed = rows.into_iter();
    Ok(sealed.map(|r| Sealed { place: place(r.org_id, r.id, r.issuer), envelope: r.client_secret }).collect())
}

async fn providers(db: &JobsDb, own: &[u8], after: &str, most: i64) -> StoreResult<Vec<Sealed>> {
    let rows = sqlx::query!(
        r#"select id, client_secret as "client_secret!" from providers
         where id > $1 and client_secret is not null
           and substring(client_secret from 1 for octet_length($2::bytea)) <> $2
         order by id limit $3"#,
        after,
        own,
        most
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter()
        .map(|r| {
            let provider = r.id.parse().map_err(|e| StoreError::corrupt("provider", e))?;
            Ok(Sealed { place: Place::Provider(provider), envelope: r.client_secret })
        })
        .collect()
}

async fn proxies(db: &JobsDb, own: &[u8], after: Uuid, most: i64) -> StoreResult<Vec<Sealed>> {
    let rows = sqlx::query!(
        r#"select org_id, id, scheme, host, port, password as "password!" from proxies
         where id > $1 and password is not null
           and substring(password from 1 for octet_length($2::bytea)) <> $2
         order by id limit $3"#,
        after,
        own,
        most
    )
    .fetch_all(&db.0)
    .await?;
    rows.into_iter()
        .map(|r| {
            let scheme = r.scheme.parse().map_err(|e| StoreError::corrupt("scheme of a proxy", e))?;
            let port = u16::try_from(r.port).map_err(|e| StoreError::corrupt("port of a proxy", e))?;
            let (org, id) = (OrgId(r.org_id), ProxyId(r.id));
            Ok(Sealed { place: Place::Proxy { org, id, scheme, host: r.host, port }, envelope: r.password })
        })
        .collect()
}

/// Puts another envelope where this one still is. False when somebody has changed it meanwhile: theirs stays.
pub async fn replace(db: &JobsDb, was: &Sealed, envelope: &[u8]) -> StoreResult<bool> {
    let old = &was.envelope;
    let done = match &was.place {
        Place::Account { org, id, provider, base_url } => {
            // The address too: a seal is bound to it.
            sqlx::query!(
                "update upstream_accounts set credential = $5
                 where org_id = $1 and id = $2 and provider = $3 and base_url = $4 and credential = $6",
                org.0,
                id.0,
                provider.as_str(),
                base_url,
                envelope,
                old
            )
            .execute(&db.0)
            .await?
        }
        Place::Authenticator(user) => {
            sqlx::query!(
                "update totp set sealed = $2 where user_id = $1 and sealed = $3",
                user.0,
                envelope,
                old
            )
            .execute(&db.0)
            .await?
        }
        Place::SignOn { org, id, issuer } => {
            sqlx::query!(
                "update oidc_providers set client_secret = $4
                 where org_id = $1 and id = $2 and issuer = $3 and client_secret = $5",
                org.0,
                id,
                issuer,
                envelope,
                old
            )
            .execute(&db.0)
            .await?
        }
        Place::Provider(provider) => {
            sqlx::query!(
                "update providers set client_secret = $2 where id = $1 and client_secret = $3",
                provider.as_str(),
                envelope,
                old
            )
            .execute(&db.0)
            .await?
        }
        Place::Proxy { org, id, scheme, host, port } => {
            sqlx::query!(
                "update proxies set password = $6
                 where org_id = $1 and id = $2 and scheme = $3 and host = $4 and port = $5 and password = $7",
                org.0,
                id.0,
                scheme.as_str(),
                host,
                i32::from(*port),
                envelope,
                old
            )
            .execute(&db.0)
            .await?
        }
    };
    Ok(done.rows_affected() == 1)
}

/// Ends authorisations of accounts that hold something whose envelope does not begin with `own`. They last for minutes, and
/// are begun again.
pub async fn end_authorisations(db: &JobsDb, own: &[u8]) -> StoreResult<u64> {
    let ended = sqlx::query!(
        "delete from oauth_flows
         where (secret is not null and substring(secret from 1 for octet_length($1::bytea)) <> $1::bytea)
           or (outcome is not null and substring(outcome from 1 for octet_length($1::bytea)) <> $1::bytea)",
        own
    )
    .execute(&db.0)
    .await?;
    Ok(ended.rows_affected())
}

/// The right to seal everything anew, which one process has at a time. It ends with the connection that holds it.
#[derive(Debug)]
pub struct Turn(PgConnection);

/// Takes it, unless somebody else has it.
pub async fn turn(db: &JobsDb) -> StoreResult<Option<Turn>> {
    // Out of the pool: a connection that goes back there would take the right with it.
    let mut connection = db.0.acquire().await?.detach();
    let taken = sqlx::query_scalar("select pg_try_advisory_lock(hashtext('causeway rotate-key'))")
        .fetch_one(&mut connection)
        .await?;
    Ok(if taken { Some(Turn(connection)) } else { None })
}

impl Turn {
    /// Gives it back.
    pub async fn end(self) -> StoreResult<()> {
        Ok(self.0.close().await?)
    }
}
