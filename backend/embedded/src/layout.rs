//! Where things are.
//!
//! The data directory that was named holds the lock, the secrets and what scripts read. The files of Postgres and
//! Redis are in `services/` below it; but when root starts us they are in a directory of the system, because they
//! belong to an unprivileged user who may not be able to enter the data directory (think of /root).

use crate::{
    secrets::{self, Secrets},
    user::{self, Unprivileged},
};
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Root of the state directories that root's instances use.
const SYSTEM_STATE: &str = "/var/lib/causeway";
/// A socket's path may have 103 bytes on macOS, 107 on Linux, and Postgres appends `/.s.PGSQL.5432`.
const LONGEST_SOCKET_DIR: usize = 85;

/// Directories of one installation.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// What was named: lock, secrets, demo.env.
    pub(crate) data: PathBuf,
    /// Postgres, Redis and their logs.
    pub(crate) state: PathBuf,
    /// Unix sockets.
    pub(crate) sockets: PathBuf,
    /// Who runs the services, when that is not us.
    pub(crate) user: Option<Unprivileged>,
}

/// Makes the data directory, readable by its owner only, and returns its full path.
pub(crate) fn make_data_dir(named: &Path) -> Result<PathBuf> {
    let made = || format!("making the data directory {}", named.display());
    if !named.exists() {
        user::make_dir(named, 0o700, None).with_context(made)?;
    }
    named.canonicalize().with_context(made)
}

impl Layout {
    /// Decides where things are, and makes the directories. The data directory must be locked.
    pub(crate) fn prepare(data: &Path, secrets: &Secrets) -> Result<Self> {
        let user = user::for_children()?;
        let state = match &user {
            None => data.join("services"),
            Some(user) => {
                let state = Path::new(SYSTEM_STATE).join(&secrets.instance);
                if !state.exists() {
                    report_orphan(data)?;
                    tracing::info!(
                        "started by root: Postgres and Redis run as the user {} and keep their files in {}",
                        user.name,
                        state.display()
                    );
                }
                state
            }
        };
        // Children only pass through; what they write to are directories of their own.
        user::make_dir(&state, if user.is_some() { 0o711 } else { 0o700 }, None)?;
        if user.is_some() {
            fs::write(state.join("origin"), data.display().to_string())?;
        }
        user::make_dir(&state.join("log"), 0o700, None)?;
        let sockets = socket_dir(&state, secrets, user.as_ref())?;
        Ok(Self { data: data.to_owned(), state, sockets, user })
    }

    /// Log of one service. A long one is put aside at start, so that two files are the most there is.
    pub(crate) fn log(&self, service: &str) -> PathBuf {
        let path = self.state.join("log").join(format!("{service}.log"));
        if fs::metadata(&path).is_ok_and(|m| m.len() > 10 << 20) {
            let _ = fs::rename(&path, path.with_extension("log.1"));
        }
        path
    }

    /// Removes everything, for an installation that was only meant to be temporary.
    pub(crate) fn remove(&self) {
        for directory in [&self.sockets, &self.state, &self.data] {
            if let Err(error) = fs::remove_dir_all(directory)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!("could not remove {}: {error}", directory.display());
            }
        }
    }
}

fn socket_dir(state: &Path, secrets: &Secrets, owner: Option<&Unprivileged>) -> Result<PathBuf> {
    let beside = state.join("run");
    if beside.as_os_str().len() <= LONGEST_SOCKET_DIR {
        user::make_dir(&beside, 0o700, owner)?;
        return Ok(beside);
    }
    // In a directory where everybody may write, somebody else may have been there first.
    let short = Path::new("/tmp").join(format!("causeway-{}", secrets.instance));
    match fs::create_dir(&short) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("making {}", short.display()));
        }
        _ => {}
    }
    let metadata = fs::symlink_metadata(&short)?;
    ensure!(
        metadata.is_dir() && metadata.uid() == nix::unistd::Uid::effective().as_raw(),
        "{} belongs to somebody else; use a data directory with a shorter path",
        short.display()
    );
    user::make_dir(&short, 0o700, owner)?;
    Ok(short)
}

/// Fails when a data directory of this path had services before and has lost its secrets: silently starting afresh
/// would look as if everything had been deleted.
fn report_orphan(data: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(SYSTEM_STATE) else { return Ok(()) };
    for entry in entries.flatten() {
        let origin = fs::read_to_string(entry.path().join("origin")).unwrap_or_default();
        if Path::new(&origin) == data && entry.path().join("postgres").exists() {
            bail!(
                "{} holds the data of an earlier {}, whose {} is gone. Restore that file to use them, or remove \
                 {} to start afresh",
                entry.path().display(),
                data.display(),
                secrets::FILE,
                entry.path().display()
            );
        }
    }
    Ok(())
}
