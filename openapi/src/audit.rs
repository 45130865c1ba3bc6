//! The audit log: who changed what, when and from where. Lines are only ever added.

use crate::usage::ExportFormat;
use causeway_domain::{OrgId, UserId};
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
    /// The organisation whose log it is in; `null` is the installation's.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Uuid>))]
    pub organization_id: Option<OrgId>,
    /// Its name.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub organization: Option<String>,
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
    /// Such as `account`, `announcement`, `credit`, `key`, `organization`, `price`, `session`, `token`, `user`.
    #[cfg_attr(feature = "schemas", schema(example = "key"))]
    pub kind: String,
    /// Its identifier, where it has one.
    pub id: Option<Uuid>,
}

macro_rules! filtered {
    ($(#[$doc:meta])* $name:ident { $($extra:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
        #[serde(default, deny_unknown_fields)]
        pub struct $name {
            /// By this kind of actor: `user`, `token`, `operator`, `job` or `cli`.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "operator"))]
            pub actor_kind: Option<String>,
            /// By this person.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<Uuid>))]
            pub actor_id: Option<UserId>,
            /// What was done, or the beginning of it up to a dot: `key` finds `key.create` and `key.update`.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "key"))]
            pub action: Option<String>,
            /// To things of this kind.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "key"))]
            pub target_kind: Option<String>,
            /// To this thing.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub target_id: Option<Uuid>,
            /// In the log of this organisation; only for operators, who read several.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(value_type = Option<Uuid>))]
            pub organization_id: Option<OrgId>,
            /// At this time or later.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub from: Option<DateTime<Utc>>,
            /// Before this time.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub to: Option<DateTime<Utc>>,
            /// From this network address.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "203.0.113.9"))]
            pub address: Option<String>,
            /// By the call with this id.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub request_id: Option<String>,
            /// With this text anywhere: in what was done, by whom and to what, or in how it was and is; in any case.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[cfg_attr(feature = "schemas", param(example = "laptop"))]
            pub query: Option<String>,
            $($extra)*
        }
    };
}

filtered!(
    /// Which lines to list. All conditions must hold.
    AuditQuery {
        /// Rows on a page, 1–200; 50 when absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", param(minimum = 1, maximum = 200, example = 50))]
        pub limit: Option<u16>,
        /// `next_cursor` of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub cursor: Option<String>,
    }
);

filtered!(
    /// Which lines to export. All conditions must hold.
    AuditExport {
        /// Form of the file; `csv` when absent.
        #[cfg_attr(feature = "schemas", param(inline))]
        pub format: ExportFormat,
    }
);

impl From<AuditExport> for AuditQuery {
    /// The same conditions.
    fn from(e: AuditExport) -> Self {
        let AuditExport { actor_kind, actor_id, action, target_kind, target_id, organization_id, .. } = e;
        let AuditExport { from, to, address, request_id, query, .. } = e;
        Self {
            actor_kind,
            actor_id,
            action,
            target_kind,
            target_id,
            organization_id,
            from,
            to,
            address,
            request_id,
            query,
            limit: None,
            cursor: None,
        }
    }
}

impl AuditQuery {
    /// The export of all that matches.
    pub fn export(self, format: ExportFormat) -> AuditExport {
        let Self { actor_kind, actor_id, action, target_kind, target_id, organization_id, .. } = self;
        let Self { from, to, address, request_id, query, .. } = self;
        AuditExport {
            actor_kind,
            actor_id,
            action,
            target_kind,
            target_id,
            organization_id,
            from,
            to,
            address,
            request_id,
            query,
            format,
        }
    }
}
