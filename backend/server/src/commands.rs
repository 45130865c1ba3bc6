//! What the binary can do, one file per subcommand.

pub(crate) mod admin;
pub(crate) mod migrate;
pub(crate) mod openapi;
pub(crate) mod prices;
pub(crate) mod rotate_key;
pub(crate) mod serve;
pub(crate) mod services;
pub(crate) mod up;
pub(crate) mod usage;
