//! Who runs the private Postgres and Redis. Never root: Postgres refuses, and neither needs it.

use anyhow::{Context, Result, bail};
use nix::unistd::{Gid, Uid, User};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// An account without privileges, for the children of a root process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unprivileged {
    pub(crate) name: String,
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
}

/// `None` when this process is not root: children then run as the same user.
pub(crate) fn for_children() -> Result<Option<Unprivileged>> {
    if !Uid::effective().is_root() {
        return Ok(None);
    }
    for name in ["causeway", "postgres", "nobody"] {
        if let Some(user) = User::from_name(name).context("reading the user database")? {
            if user.uid.is_root() {
                continue;
            }
            return Ok(Some(Unprivileged { name: user.name, uid: user.uid, gid: user.gid }));
        }
    }
    bail!(
        "started by root, but there is no unprivileged user to run Postgres and Redis as. Add one \
         (useradd --system causeway), or start as an ordinary user"
    )
}

/// Makes a directory (and those above it) with these permissions, belonging to `owner` when one is given.
pub(crate) fn make_dir(path: &Path, mode: u32, owner: Option<&Unprivileged>) -> Result<()> {
    let what = || format!("making the directory {}", path.display());
    fs::create_dir_all(path).with_context(what)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(what)?;
    give(path, owner)
}

/// Hands a file or directory to `owner`.
pub(crate) fn give(path: &Path, owner: Option<&Unprivileged>) -> Result<()> {
    match owner {
        Some(user) => nix::unistd::chown(path, Some(user.uid), Some(user.gid))
            .with_context(|| format!("giving {} to {}", path.display(), user.name)),
        None => Ok(()),
    }
}
