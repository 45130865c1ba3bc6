//! Registration as the organisation sees it: the links it has opened, and who waits to be let in. What happens behind a
//! link is in [`crate::join`].

use causeway_openapi::{RegistrationLink, RegistrationRequest};
use causeway_store::registration::{Link, requests::Request};
use serde_json::{Value, json};

pub(crate) mod decide;
pub(crate) mod links;
pub(crate) mod waiting;

fn shown(link: Link) -> RegistrationLink {
    let count = |n: i32| u32::try_from(n).unwrap_or(0);
    RegistrationLink {
        id: link.id,
        name: link.name,
        role: link.role,
        max_uses: count(link.max_uses),
        used: count(link.used),
        created_by: link.created_by.unwrap_or_default(),
        created_at: link.created_at,
        expires_at: link.expires_at,
        closed_at: link.closed_at,
    }
}

fn requested(request: Request) -> RegistrationRequest {
    RegistrationRequest {
        id: request.id,
        name: request.name,
        email: request.email,
        role: request.role,
        link: request.link_name,
        address: request.address,
        created_at: request.created_at,
    }
}

/// As the audit log keeps it.
fn audited(request: &Request) -> Value {
    json!({
        "email": request.email, "name": request.name, "role": request.role, "link": request.link_name,
        "address": request.address,
    })
}
