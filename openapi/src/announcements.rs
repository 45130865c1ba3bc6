//! What people are told by a banner of the web admin.

use causeway_domain::OrgId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How much an announcement matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementLevel {
    /// Good to know.
    Info,
    /// Something will not be as usual.
    Warning,
    /// Something is wrong.
    Critical,
}

impl AnnouncementLevel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// As in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
pub struct Announcement {
    /// Identifier.
    pub id: Uuid,
    /// How much it matters.
    pub level: AnnouncementLevel,
    /// In English; empty when there is only Chinese.
    #[cfg_attr(feature = "schemas", schema(example = "Maintenance on Sunday at 04:00 UTC"))]
    pub text_en: String,
    /// In Chinese; empty when there is only English.
    #[cfg_attr(feature = "schemas", schema(example = "周日 04:00 UTC 维护"))]
    pub text_zh: String,
    /// Shown from here on.
    pub starts_at: DateTime<Utc>,
    /// And until then; `null` is until it is taken back.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether the operator of the installation wrote it.
    pub by_operator: bool,
    /// The organisation whose people see it; `null` is everybody.
    #[cfg_attr(feature = "schemas", schema(value_type = Option<Uuid>))]
    pub organization_id: Option<OrgId>,
    /// Its name, in lists of announcements.
    #[cfg_attr(feature = "schemas", schema(example = "Analytical Engines"))]
    pub organization: Option<String>,
    /// Name of who wrote it, in lists of announcements.
    #[cfg_attr(feature = "schemas", schema(example = "Grace Hopper"))]
    pub created_by: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was taken back; `null` when it was not.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

macro_rules! announce {
    ($(#[$doc:meta])* $name:ident { $($extra:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemas", derive(utoipa::ToSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// How much it matters.
            pub level: AnnouncementLevel,
            /// In English, at most 2000 characters. One of the two texts is needed.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            #[cfg_attr(feature = "schemas", schema(example = "Maintenance on Sunday at 04:00 UTC", max_length = 2000))]
            pub text_en: String,
            /// In Chinese, at most 2000 characters.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            #[cfg_attr(feature = "schemas", schema(example = "周日 04:00 UTC 维护", max_length = 2000))]
            pub text_zh: String,
            /// Shown from here on; from now on when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub starts_at: Option<DateTime<Utc>>,
            /// And until then; until it is taken back when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub ends_at: Option<DateTime<Utc>>,
            $($extra)*
        }
    };
}

announce!(
    /// Something to announce to the people of the organisation.
    Announce {}
);

announce!(
    /// Something to announce to everybody, or to one organisation.
    AnnounceAsOperator {
        /// The organisation whose people see it; everybody when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemas", schema(value_type = Option<Uuid>))]
        pub organization_id: Option<OrgId>,
    }
);
