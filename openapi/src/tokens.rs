//! API tokens: how programs use this API. A token can do what its scopes name and its owner's role allows, whichever is
//! less. [`Scope::of`] is the one table of which scope an operation needs.

use crate::{me::Permission, secret::Secret};
use causeway_domain::{Role, UserId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long a token may live at most, in days.
pub const MOST_DAYS: i64 = 366;

/// How many tokens that work one person may have in an organisation.
pub const MOST_TOKENS: usize = 50;

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What a token may be used for. Writing includes reading.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Scope {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Scope {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

// By hand: the derive would list the names that the macro is given, not the texts that it renames them to.
#[cfg(feature = "schemas")]
impl utoipa::PartialSchema for Scope {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("What a token may be used for. Writing includes reading."))
            .enum_values(Some(Self::ALL.iter().map(|one| one.as_str())))
            .into()
    }
}

#[cfg(feature = "schemas")]
impl utoipa::ToSchema for Scope {}

scopes! {
    /// Read usage, the request log and the state of the ledger.
    UsageRead = "usage:read",
    /// Import usage.
    UsageWrite = "usage:write",
    /// Read upstream accounts.
    AccountsRead = "accounts:read",
    /// Add, change, test and remove upstream accounts.
    AccountsWrite = "accounts:write",
    /// Read API keys.
    KeysRead = "keys:read",
    /// Issue, change and delete API keys.
    KeysWrite = "keys:write",
    /// Read prices.
    PricesRead = "prices:read",
    /// Override prices.
    PricesWrite = "prices:write",
    /// Read the members.
    MembersRead = "members:read",
    /// Change members.
    MembersWrite = "members:write",
    /// Read the organisation's settings.
    OrganizationRead = "organization:read",
    /// Change the organisation's settings.
    OrganizationWrite = "organization:write",
    /// Read the balance, credits and statements.
    BillingRead = "billing:read",
    /// Redeem codes.
    BillingWrite = "billing:write",
    /// Read the audit log.
    AuditRead = "audit:read",
}

impl Scope {
    /// The scope that a token needs for what needs a permission; `None` is for people alone, whatever the token's scopes.
    pub fn of(permission: Permission) -> Option<Self> {
        use Permission as P;
        Some(match permission {
            P::UsageRead | P::LedgerRead => Self::UsageRead,
            P::UsageImport => Self::UsageWrite,
            P::AccountsRead => Self::AccountsRead,
            P::AccountsWrite => Self::AccountsWrite,
            P::KeysRead => Self::KeysRead,
            P::KeysWriteOwn | P::KeysWrite => Self::KeysWrite,
            P::PricesRead => Self::PricesRead,
            P::PricesWrite => Self::PricesWrite,
            P::MembersRead | P::InvitationsRead => Self::MembersRead,
            P::MembersWrite => Self::MembersWrite,
            P::OrganizationRead => Self::OrganizationRead,
            P::OrganizationWrite => Self::OrganizationWrite,
            P::BillingRead => Self::BillingRead,
            P::BillingWrite => Self::BillingWrite,
            P::AuditRead => Self::AuditRead,
            // A token that leaked must not be able to cover for itself.
            P::TokensManage => return None,
            // Nor give the organisation away, nor say who its people are.
            P::OrganizationTransfer | P::SsoWrite => return None,
        })
    }

    /// What it is about, such as `keys`.
    pub fn resource(self) -> &'static str {
        self.as_str().split_once(':').map_or("", |(resource, _)| resource)
    }

    /// Whether it is for writing.
    pub fn writes(self) -> bool {
        self.as_str().ends_with(":write")
    }

    /// Whether a token with this scope may do what needs the other one.
    pub fn covers(self, needed: Self) -> bool {
        self == needed || self.writes() && self.resource() == needed.resource()
    }

    /// Whether a person of this role can do anything with it.
    pub fn is_of_use_to(self, role: Role) -> bool {
        Permission::of(role).into_iter().any(|permission| Self::of(permission) == Some(self))
    }
}

/// An API token of the admin API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Identifier.
    pub id: Uuid,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Nightly report"))]
    pub name: String,
    /// Its first characters, to recognise it by.
    #[cfg_attr(feature = "schemas", schema(example = "cwt_9fK2mQxa"))]
    pub prefix: String,
    /// Whose it is. It ends with their membership.
    pub owner: TokenOwner,
    /// What it may be used for, as far as its owner's role allows.
    pub scopes: Vec<Scope>,
    /// Whether it works at this moment.
    pub status: TokenStatus,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute; `null` when it never was.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Network address it was last used from.
    #[cfg_attr(feature = "schemas", schema(example = "203.0.113.9"))]
    pub last_address: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Whose a token is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct TokenOwner {
    /// Identifier.
    #[cfg_attr(feature = "schemas", schema(value_type = Uuid))]
    pub id: UserId,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
}

/// Whether a token works at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It works.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

/// A new token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Name as shown, 1–100 characters: what it is used for and where.
    #[cfg_attr(feature = "schemas", schema(example = "Nightly report", min_length = 1, max_length = 100))]
    pub name: String,
    /// What it may be used for; at least one. Each must be of some use to your role.
    #[cfg_attr(feature = "schemas", schema(min_items = 1, example = json!(["usage:read", "keys:read"])))]
    pub scopes: Vec<Scope>,
    /// When it stops working: in the future, and at most 366 days ahead.
    pub expires_at: DateTime<Utc>,
}

/// A token that was just made, with the text that a program presents, which is never shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct IssuedToken {
    /// The token.
    #[serde(flatten)]
    pub token: ApiToken,
    /// What a program presents as `Authorization: Bearer`. Only its hash is stored.
    #[cfg_attr(feature = "schemas", schema(value_type = String, example = "cwt_9fK2mQxaT0bU7cV3dW8eX4fY1gZ6hA5iB2jC9kD0lE7"))]
    pub secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_needed_by_something_and_named_as_in_json() {
        for scope in Scope::ALL {
            assert!(Permission::ALL.iter().any(|p| Scope::of(*p) == Some(*scope)), "{}", scope.as_str());
            assert_eq!(serde_json::to_value(scope).unwrap(), scope.as_str());
        }
    }

    #[test]
    fn writing_includes_reading_of_the_same_and_nothing_else() {
        assert!(Scope::KeysWrite.covers(Scope::KeysRead) && Scope::KeysRead.covers(Scope::KeysRead));
        assert!(!Scope::KeysRead.covers(Scope::KeysWrite) && !Scope::KeysWrite.covers(Scope::UsageRead));
    }

    #[test]
    fn a_viewer_has_no_use_for_writing() {
        assert!(!Scope::ALL.iter().any(|s| s.writes() && s.is_of_use_to(Role::Viewer)));
        assert!(Scope::KeysWrite.is_of_use_to(Role::Member) && !Scope::AuditRead.is_of_use_to(Role::Member));
    }
}
