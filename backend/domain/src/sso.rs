//! Single sign-on: which group of an issuer has which role.

use crate::Role;
use serde::{Deserialize, Serialize};

/// One group's role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    /// The group, as the issuer spells it.
    pub group: String,
    /// The role of those who are in it.
    pub role: Role,
}

/// The roles of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleMapping(pub Vec<GroupRole>);

impl RoleMapping {
    /// The highest role of any of these groups; else the default one; `None` lets nobody in.
    pub fn role(&self, groups: &[String], default: Option<Role>) -> Option<Role> {
        let of = |entry: &&GroupRole| groups.contains(&entry.group);
        self.0.iter().filter(of).map(|entry| entry.role).max().or(default)
    }

    /// Whether groups decide: without an entry they say nothing, and the role of a member stays as it is.
    pub fn decides(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The domain of an e-mail address, in small letters.
pub fn email_domain(email: &str) -> Option<String> {
    let (name, domain) = email.trim().rsplit_once('@')?;
    (!name.is_empty() && !domain.is_empty()).then(|| domain.to_lowercase())
}

/// A domain as one that e-mail addresses can have, in small letters.
pub fn domain(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() <= 253 && text.contains('.') && text.split('.').all(label)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(entries: &[(&str, Role)]) -> RoleMapping {
        RoleMapping(
            entries.iter().map(|(g, role)| GroupRole { group: (*g).to_owned(), role: *role }).collect(),
        )
    }

    #[test]
    fn the_highest_role_of_any_group_counts_and_the_default_only_without_one() {
        let mapping = mapping(&[("staff", Role::Member), ("ops", Role::Admin), ("guests", Role::Viewer)]);
        let role = |groups: &[&str], default| {
            mapping.role(&groups.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>(), default)
        };
        assert_eq!(role(&["staff", "ops"], None), Some(Role::Admin));
        assert_eq!(role(&["guests"], Some(Role::Member)), Some(Role::Viewer));
        assert_eq!(role(&["Staff"], Some(Role::Viewer)), Some(Role::Viewer));
        assert_eq!(role(&[], None), None);
        assert!(mapping.decides() && !RoleMapping::default().decides());
    }

    #[test]
    fn a_domain_is_what_stands_behind_the_last_at_sign() {
        assert_eq!(email_domain("Ada@Example.COM").as_deref(), Some("example.com"));
        assert_eq!(email_domain("\"a@evil.example\"@example.com").as_deref(), Some("example.com"));
        for none in ["ada", "@example.com", "ada@"] {
            assert_eq!(email_domain(none), None, "{none}");
        }
        assert_eq!(domain(" Example.com. ").as_deref(), Some("example.com"));
        for bad in ["com", "exa mple.com", "-a.com", "a..com", "*.com", "例え.jp", ""] {
            assert_eq!(domain(bad), None, "{bad}");
        }
    }
}
