//! What the operator of the installation does: organisations with their plans and credits, and codes. Every handler takes
//! an [`Operator`](crate::guard::Operator); no role in any organisation is enough.

pub(crate) mod codes;
pub(crate) mod credits;
pub(crate) mod statements;
pub(crate) mod tenants;
