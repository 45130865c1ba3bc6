//! Model routes: what models are called in the organisation, and where each name leads. They are few and their order
//! matters, so they are read and replaced as a whole.

mod fields;
pub(crate) mod get;
pub(crate) mod set;

use causeway_domain::route::{Route, Target};
use causeway_openapi::{ModelRoute, ModelRoutes, RouteTarget};
use sha2::{Digest, Sha256};

/// As the API shows them.
fn plain(routes: Vec<Route>) -> ModelRoutes {
    let items: Vec<ModelRoute> = routes.into_iter().map(shown).collect();
    ModelRoutes { version: version(&items), items }
}

fn shown(route: Route) -> ModelRoute {
    let target = |t: Target| RouteTarget { provider: t.provider, account_id: t.account, model: t.model };
    ModelRoute {
        kind: route.kind,
        pattern: route.pattern,
        targets: route.targets.into_iter().map(target).collect(),
        keep_original: route.keeps_original,
    }
}

/// What tells one list from another: a part of its hash.
fn version(items: &[ModelRoute]) -> String {
    let text = serde_json::to_vec(items).unwrap_or_default();
    let hash: [u8; 32] = Sha256::digest(text).into();
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
