//! One process per data directory.

use anyhow::{Context, Result, bail};
use nix::fcntl::{Flock, FlockArg};
use std::{
    fs::File,
    io::{Read, Seek, Write},
    path::Path,
};

/// Held as long as this lives. The kernel lets go when the process dies, however it dies, and children do not
/// inherit it.
#[derive(Debug)]
pub(crate) struct DirLock(#[expect(dead_code, reason = "held for its destructor")] Flock<File>);

/// Locks `directory`, or says which process has it.
pub(crate) fn acquire(directory: &Path) -> Result<DirLock> {
    match try_acquire(directory)? {
        Ok(lock) => Ok(lock),
        Err(holder) => bail!(
            "{} is in use by another Causeway (process {holder}); stop it, or name another directory with --data",
            directory.display()
        ),
    }
}

/// The lock, or the process that has it.
pub(crate) fn try_acquire(directory: &Path) -> Result<Result<DirLock, String>> {
    let path = directory.join("lock");
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    let mut holder = String::new();
    file.read_to_string(&mut holder).with_context(|| format!("reading {}", path.display()))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut locked) => {
            locked.set_len(0)?;
            locked.rewind()?;
            write!(locked, "{}", std::process::id())?;
            Ok(Ok(DirLock(locked)))
        }
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(Err(holder.trim().to_owned())),
        Err((_, error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_holder_is_told_who_has_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let first = acquire(directory.path()).unwrap();
        let refusal = acquire(directory.path()).unwrap_err().to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(first);
        acquire(directory.path()).unwrap();
    }
}
