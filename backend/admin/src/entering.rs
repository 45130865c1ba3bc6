//! What stands between a person and an organisation, as the API shows it.

use causeway_domain::Role;
use causeway_openapi::{Access, Entered, Suspended};
use causeway_store::{entries::Entry, memberships::Suspension};

pub(crate) fn suspended(suspension: Suspension) -> Suspended {
    Suspended { since: suspension.since, reason: suspension.reason }
}

/// Why nothing can be changed.
pub(crate) fn suspended_text(suspended: &Suspended) -> String {
    let why = if suspended.reason.is_empty() { String::new() } else { format!(" ({})", suspended.reason) };
    format!(
        "the operator of this installation has suspended this organisation{why}: it can be read, not changed"
    )
}

pub(crate) fn entered(entry: &Entry) -> Entered {
    let access = if entry.role == Role::Viewer { Access::Read } else { Access::Admin };
    Entered { access, reason: entry.reason.clone(), until: entry.expires_at }
}
