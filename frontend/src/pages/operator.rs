//! Pages for who runs this installation. Everybody else is told by the server that they may not.

pub(crate) mod codes;
pub(crate) mod people;
pub(crate) mod prices;
pub(crate) mod providers;
pub(crate) mod tenant;
pub(crate) mod tenants;
