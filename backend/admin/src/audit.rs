//! Reading the audit log: an organisation's own, and the operators' of the installation.

pub(crate) mod export;
pub(crate) mod list;

use causeway_domain::UserId;
use causeway_openapi::{AuditActor, AuditEntry, AuditQuery, AuditTarget, AuditToken};
use causeway_store::audit::{Entry, Filter};
use uuid::Uuid;

/// What the store is asked for.
fn filter(query: &AuditQuery, before: Option<Uuid>, after: Option<Uuid>) -> Filter<'_> {
    fn given(field: Option<&String>) -> Option<&str> {
        field.map(|text| text.trim()).filter(|text| !text.is_empty())
    }
    Filter {
        actor_kind: given(query.actor_kind.as_ref()),
        actor: query.actor_id,
        action: given(query.action.as_ref()),
        target_kind: given(query.target_kind.as_ref()),
        target: query.target_id,
        org: query.organization_id,
        from: query.from,
        to: query.to,
        address: given(query.address.as_ref()),
        request_id: given(query.request_id.as_ref()),
        text: given(query.query.as_ref()),
        before,
        after,
    }
}

/// As the API shows it.
pub(crate) fn view(entry: Entry) -> AuditEntry {
    AuditEntry {
        id: entry.id,
        at: entry.at,
        organization_id: entry.org_id.map(Into::into),
        organization: entry.org_name,
        actor: AuditActor {
            kind: entry.actor_kind,
            id: entry.actor_id.map(UserId),
            name: entry.actor_name.unwrap_or_default(),
            token: entry.token_id.map(|id| AuditToken { id, name: entry.token_name.unwrap_or_default() }),
        },
        action: entry.action,
        target: AuditTarget { kind: entry.target_kind, id: entry.target_id },
        before: entry.before,
        after: entry.after,
        address: entry.address,
        request_id: entry.request_id,
    }
}
