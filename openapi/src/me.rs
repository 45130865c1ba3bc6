//! Who is calling, where, and what they may do there.

use crate::{
    auth::User,
    entering::{Entered, Suspended},
    organization::OrganizationRef,
    tokens::Scope,
};
use causeway_domain::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The person behind the access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Me {
    /// The person.
    pub user: User,
    /// The organisation entered.
    pub organization: OrganizationRef,
    /// Role there.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
    /// What that role allows, only reading while the organisation is suspended; with an API token, what of it the token's
    /// scopes name.
    pub permissions: Vec<Permission>,
    /// Whether the person runs this installation, apart from any role. With an API token never.
    pub is_operator: bool,
    /// Every organisation that the person may enter, by name; with an API token its own alone.
    pub memberships: Vec<Membership>,
    /// That the organisation is suspended; `null` when it is not.
    pub suspended: Option<Suspended>,
    /// That the caller is inside as the operator and no member; `null` for members.
    pub entered: Option<Entered>,
    /// The API token that was presented; `null` for a person who signed in.
    #[serde(default)]
    pub token: Option<MyToken>,
}

/// An API token, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct MyToken {
    /// Identifier.
    pub id: Uuid,
    /// Name as shown.
    #[cfg_attr(feature = "schemas", schema(example = "Nightly report"))]
    pub name: String,
    /// What it may be used for, as far as its owner's role allows.
    pub scopes: Vec<Scope>,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// An organisation that a person may enter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Membership {
    /// The organisation; send its id as `x-organization` to enter it.
    pub organization: OrganizationRef,
    /// Role there.
    #[cfg_attr(feature = "schemas", schema(value_type = crate::schema::Role))]
    pub role: Role,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal from $role:ident),+ $(,)?) => {
        /// Something that an operation needs. The server's guards and the web admin's menu read the same table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Permission {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// As in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// The lowest role that has it.
            pub fn lowest_role(self) -> Role {
                match self { $(Self::$name => Role::$role),+ }
            }
        }
    };
}

// By hand: the derive would list the names that the macro is given, not the texts that it renames them to.
#[cfg(feature = "schemas")]
impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("Something that an operation needs. The server's guards and the web admin's menu read the same table."))
            .enum_values(Some(Self::ALL.iter().map(|one| one.as_str())))
            .into()
    }
}

#[cfg(feature = "schemas")]
impl utoipa::ToSchema for Permission {}

permissions! {
    /// Read the dashboard and the request log. Members see what they themselves used, all others everything.
    UsageRead = "usage.read" from Viewer,
    /// Import usage that another installation, or this one before, has exported.
    UsageImport = "usage.import" from Owner,
    /// Read how far the ledger is behind, and the requests that could not be written.
    LedgerRead = "ledger.read" from Admin,
    /// Read upstream accounts; never their credentials.
    AccountsRead = "accounts.read" from Viewer,
    /// Add, change, test and remove upstream accounts.
    AccountsWrite = "accounts.write" from Admin,
    /// Read API keys; never their secrets. Members see their own, all others everybody's.
    KeysRead = "keys.read" from Viewer,
    /// Issue API keys, and change and delete own ones.
    KeysWriteOwn = "keys.write_own" from Member,
    /// Change and delete everybody's API keys.
    KeysWrite = "keys.write" from Admin,
    /// Read prices.
    PricesRead = "prices.read" from Viewer,
    /// Override prices.
    PricesWrite = "prices.write" from Admin,
    /// Read the members. Members see themselves, all others everybody.
    MembersRead = "members.read" from Viewer,
    /// Invite people, let in who registers, change and remove members, and set their limits. Owners are for owners.
    MembersWrite = "members.write" from Admin,
    /// Read invitations, registration links, and who waits to be let in.
    InvitationsRead = "invitations.read" from Admin,
    /// Read the organisation's settings.
    OrganizationRead = "organization.read" from Viewer,
    /// Change the organisation's settings.
    OrganizationWrite = "organization.write" from Admin,
    /// Hand the organisation over to another owner.
    OrganizationTransfer = "organization.transfer" from Owner,
    /// Say which issuers people may sign in at, and who becomes what there.
    SsoWrite = "sso.write" from Owner,
    /// Read the ledger of credits and statements by month. Not for members, who see only what they themselves used.
    BillingRead = "billing.read" from Viewer,
    /// Redeem codes.
    BillingWrite = "billing.write" from Admin,
    /// Read the audit log.
    AuditRead = "audit.read" from Admin,
    /// See and revoke everybody's API tokens of the admin API. Everybody may make, see and revoke own ones.
    TokensManage = "tokens.manage" from Admin,
}

impl Permission {
    /// Whether a role has it. Each role has what the ones before it have, with one exception: a viewer, who may be the
    /// accountant, reads everybody's bills, and a member does not.
    pub fn granted_to(self, role: Role) -> bool {
        role >= self.lowest_role() && !(self == Self::BillingRead && role == Role::Member)
    }

    /// Whether it is only for reading: what is left of a role while its organisation is suspended.
    pub fn only_reads(self) -> bool {
        self.as_str().ends_with(".read")
    }

    /// Everything a role has.
    pub fn of(role: Role) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|p| p.granted_to(role)).collect()
    }
}
