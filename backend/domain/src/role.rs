//! What a member may do in an organisation.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A member's role. The order is the order of rights: each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Shares upstream accounts of their own, and sees nothing but those.
    Contributor,
    /// Reads usage, keys and accounts; changes nothing.
    Viewer,
    /// Also issues and manages own API keys.
    Member,
    /// Manages accounts, all keys, prices and settings.
    Admin,
    /// Also manages the organisation itself and who administers it.
    Owner,
}

impl Role {
    /// All of them, from the fewest rights to the most.
    pub const ALL: [Self; 5] = [Self::Contributor, Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// As stored and as shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contributor => "contributor",
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role name that is not one of the five.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown role {0:?}: one of contributor, viewer, member, admin, owner")]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|r| r.as_str() == s).ok_or_else(|| UnknownRole(s.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_by_rights_and_read_back_from_their_names() {
        assert!(Role::ALL.is_sorted());
        assert!(Role::Member > Role::Viewer && Role::Viewer > Role::Contributor);
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert!("Owner".parse::<Role>().is_err());
    }
}
