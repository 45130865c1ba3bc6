//! The audit log: who changed what, when and from where. Lines are only ever added.

use causeway_domain::UserId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Identifier.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: AuditActor,
    /// What was done.
    #[cfg_attr(feature = "schemas", schema(example = "key.update"))]
    pub action: String,
    /// What it was done to.
    pub target: AuditTarget,
    /// How it was before, without secrets; `null` for something new.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Object>))]
    pub before: Option<serde_json::Value>,
    /// How it is now, without secrets; `null` for something removed.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Object>))]
    pub after: Option<serde_json::Value>,
    /// Network address it was done from.
    #[cfg_attr(feature = "schemas", schema(example = "203.0.113.9"))]
    pub address: Option<String>,
    /// Identifier of the call in the server's log.
    pub request_id: Option<String>,
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuditActor {
    /// `user`, `token`, `operator`, `job` or `cli`.
    #[cfg_attr(feature = "schemas", schema(example = "user"))]
    pub kind: String,
    /// The person, where there is one; of a token its owner.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Uuid>))]
    pub id: Option<UserId>,
    /// Name of the person; empty where there is none.
    #[cfg_attr(feature = "schemas", schema(example = "Ada Lovelace"))]
    pub name: String,
    /// The API token it was done with; `null` where there was none.
    #[serde(default)]
    pub token: Option<AuditToken>,
}

/// An API token, as it was called when it was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuditToken {
    /// Identifier.
    pub id: Uuid,
    /// Its name at that time.
    #[cfg_attr(feature = "schemas", schema(example = "Nightly report"))]
    pub name: String,
}

/// What it was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct AuditTarget {
    /// `account`, `code`, `credit`, `key`, `organization`, `price`, `session`, `token`, `user`.
    #[cfg_attr(feature = "schemas", schema(example = "key"))]
    pub kind: String,
    /// Its identifier, where it has one.
    pub id: Option<Uuid>,
}
