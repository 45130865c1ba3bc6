//! What the operator of the installation does: organisations with their plans and credits, codes, prices for everybody,
//! people, announcements, entering organisations. Every handler takes
//! an [`Operator`](crate::guard::Operator); no role in any organisation is enough.

pub(crate) mod announcements;
pub(crate) mod codes;
pub(crate) mod credits;
pub(crate) mod dead_letters;
pub(crate) mod entering;
pub(crate) mod multipliers;
pub(crate) mod persons;
pub(crate) mod prices;
pub(crate) mod providers;
pub(crate) mod statements;
pub(crate) mod tenants;
