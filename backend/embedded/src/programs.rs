//! Finds the programs of Postgres and Redis on this machine, or says exactly what to install.
//!
//! Nothing is downloaded or installed here: `.ci/install.sh` does that, where a person asked for it.

use anyhow::{Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Oldest Postgres that has what the migrations use.
pub(crate) const OLDEST_POSTGRES: u32 = 15;
/// Oldest Redis whose scripts and `noeviction` behave as the ledger needs.
pub(crate) const OLDEST_REDIS: u32 = 7;

/// The programs of one Postgres version; both from the same directory, for initdb insists on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostgresPrograms {
    pub(crate) postgres: PathBuf,
    pub(crate) initdb: PathBuf,
    pub(crate) major: u32,
}

/// The newest usable Postgres, or the one that made the data when there are data already: a data directory can
/// only be opened by the major version that wrote it.
pub(crate) fn postgres(data_version: Option<u32>) -> Result<PostgresPrograms> {
    let found = all_postgres();
    let best = match data_version {
        Some(version) => found.iter().find(|p| p.major == version),
        None => found.iter().filter(|p| p.major >= OLDEST_POSTGRES).max_by_key(|p| p.major),
    };
    if let Some(best) = best {
        return Ok(best.clone());
    }
    let have = match found.as_slice() {
        [] => "none was found in PATH or the usual places".to_owned(),
        some => format!("found {}", some.iter().map(|p| p.major.to_string()).collect::<Vec<_>>().join(", ")),
    };
    match data_version {
        Some(version) => bail!(
            "the data directory was written by Postgres {version}, and only that version can open it ({have}). \
             Install it (Debian/Ubuntu: apt-get install postgresql-{version}; macOS: brew install \
             postgresql@{version}), or move the data by pg_dump"
        ),
        None => bail!(
            "Postgres {OLDEST_POSTGRES} or newer is needed ({have}). Debian/Ubuntu: apt-get install postgresql; \
             macOS: brew install postgresql@17; or give `causeway serve` a DATABASE_URL"
        ),
    }
}

/// redis-server, or valkey-server, which is the same for our purposes.
pub(crate) fn redis() -> Result<PathBuf> {
    let mut too_old = None;
    for directory in search_path() {
        for name in ["redis-server", "valkey-server"] {
            let program = directory.join(name);
            match major_version(&program) {
                Some(major) if major >= OLDEST_REDIS => return Ok(program),
                Some(major) => too_old = Some(major),
                None => {}
            }
        }
    }
    let have = too_old.map_or("none was found in PATH".to_owned(), |v| format!("found {v}"));
    bail!(
        "Redis {OLDEST_REDIS} or newer is needed ({have}). Debian/Ubuntu: apt-get install redis-server; \
         macOS: brew install redis; or give `causeway serve` a REDIS_URL"
    )
}

fn all_postgres() -> Vec<PostgresPrograms> {
    let mut found = Vec::new();
    for directory in search_path().into_iter().chain(packaged_postgres()) {
        // PATH often holds links; initdb looks for its neighbours beside the real file.
        let Ok(postgres) = directory.join("postgres").canonicalize() else { continue };
        let initdb = postgres.with_file_name("initdb");
        let known = |p: &PostgresPrograms| p.postgres == postgres;
        if !initdb.is_file() || found.iter().any(known) {
            continue;
        }
        if let Some(major) = major_version(&postgres) {
            found.push(PostgresPrograms { postgres, initdb, major });
        }
    }
    found
}

fn search_path() -> Vec<PathBuf> {
    // PATH is the machine's, not a setting of ours.
    let mut directories: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    directories.extend(["/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"].map(PathBuf::from));
    directories
}

/// Where packages put Postgres without linking it into PATH.
fn packaged_postgres() -> Vec<PathBuf> {
    let below = |root: &str, prefix: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        entries
            .filter(|e| e.file_name().to_string_lossy().starts_with(prefix))
            .map(|e| e.path().join("bin"))
            .collect()
    };
    [
        below("/usr/lib/postgresql", ""),
        below("/usr", "pgsql-"),
        below("/opt/homebrew/opt", "postgresql"),
        below("/usr/local/opt", "postgresql"),
    ]
    .concat()
}

fn major_version(program: &Path) -> Option<u32> {
    if !program.is_file() {
        return None;
    }
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
}

/// The first number in `postgres (PostgreSQL) 15.13 (Debian …)` or `Redis server v=7.0.15 sha=…`.
fn parse_major(text: &str) -> Option<u32> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits: String = text[start..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions_are_read_from_what_the_programs_print() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_major("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc"), Some(7));
        assert_eq!(parse_major("Valkey server v=8.0.1 sha=0"), Some(8));
        assert_eq!(parse_major("no number"), None);
    }

    #[test]
    fn data_of_a_version_that_is_not_installed_names_the_package() {
        let error = postgres(Some(9)).unwrap_err().to_string();
        assert!(error.contains("written by Postgres 9") && error.contains("postgresql-9"), "{error}");
    }
}
