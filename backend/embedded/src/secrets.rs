//! Secrets of an installation, made once and kept in the data directory.

use anyhow::{Context, Result, bail};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

/// File in the data directory, readable by its owner only.
pub(crate) const FILE: &str = "secrets.env";

/// What the private services and the server keep secret.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Not a secret: names the system state directory when root starts us.
    pub(crate) instance: String,
    pub(crate) postgres_superuser: SecretString,
    pub(crate) postgres: SecretString,
    pub(crate) redis: SecretString,
    /// Seals upstream credentials and signs tokens. Losing it loses the stored credentials.
    pub key: SecretString,
    /// The one before, while it is being exchanged: written into the file by whoever exchanges it.
    pub previous_key: Option<SecretString>,
}

/// Reads the secrets of `data`, or makes them when there are none yet.
pub(crate) fn load_or_create(data: &Path) -> Result<Secrets> {
    let path = data.join(FILE);
    if !path.exists() {
        let text = format!(
            "# Made by Causeway at its first start. Keep it with the data: without CAUSEWAY_SECRET_KEY the stored\n\
             # upstream credentials cannot be read, without the passwords Postgres and Redis cannot be opened.\n\
             CAUSEWAY_INSTANCE={}\nPOSTGRES_SUPERUSER_PASSWORD={}\nPOSTGRES_PASSWORD={}\nREDIS_PASSWORD={}\n\
             CAUSEWAY_SECRET_KEY={}\n",
            random_hex(6),
            random_hex(24),
            random_hex(24),
            random_hex(24),
            random_hex(32),
        );
        write_private(&path, &text)?;
    }
    let values = parse(&fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?);
    let value = |name: &str| match values.get(name) {
        Some(value) if !value.is_empty() => Ok(value.clone()),
        _ => bail!("{} has no {name}; restore the file from a backup", path.display()),
    };
    Ok(Secrets {
        instance: value("CAUSEWAY_INSTANCE")?,
        postgres_superuser: value("POSTGRES_SUPERUSER_PASSWORD")?.into(),
        postgres: value("POSTGRES_PASSWORD")?.into(),
        redis: value("REDIS_PASSWORD")?.into(),
        key: value("CAUSEWAY_SECRET_KEY")?.into(),
        previous_key: value("CAUSEWAY_PREVIOUS_SECRET_KEY").ok().map(Into::into),
    })
}

impl Secrets {
    /// Address of the private Postgres, for the login role that is not a superuser.
    pub(crate) fn database_url(&self, sockets: &Path) -> SecretString {
        let host = percent(&sockets.display().to_string());
        // The host in front is required by the URL syntax and overridden by the one behind.
        format!("postgres://causeway:{}@localhost:5432/causeway?host={host}", self.postgres.expose_secret())
            .into()
    }

    /// Address of the private Redis.
    pub(crate) fn redis_url(&self, socket: &Path) -> SecretString {
        format!("redis+unix://{}?pass={}", percent_path(socket), self.redis.expose_secret()).into()
    }
}

/// `NAME=value` lines; `#` begins a comment.
pub fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Writes a file that only its owner can read, whole or not at all.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let temporary = path.with_extension("new");
        let _ = fs::remove_file(&temporary);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().with_context(|| format!("writing {}", path.display()))
}

/// `bytes` random bytes as hexadecimal digits.
pub fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    rand::rng().fill_bytes(&mut random);
    hex::encode(random)
}

fn percent_path(path: &Path) -> String {
    path.display().to_string().split('/').map(percent).collect::<Vec<_>>().join("/")
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn secrets_are_made_once_and_only_the_owner_can_read_them() {
        let data = tempfile::tempdir().unwrap();
        let first = load_or_create(data.path()).unwrap();
        let second = load_or_create(data.path()).unwrap();
        assert_eq!(first.key.expose_secret(), second.key.expose_secret());
        assert_eq!(first.key.expose_secret().len(), 64);
        let mode = fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn damaged_secrets_are_named_and_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join(FILE), "CAUSEWAY_INSTANCE=abc\n").unwrap();
        let error = load_or_create(data.path()).unwrap_err().to_string();
        assert!(error.contains("POSTGRES_SUPERUSER_PASSWORD") && error.contains("backup"), "{error}");
    }

    #[test]
    fn addresses_survive_spaces_in_paths() {
        let data = tempfile::tempdir().unwrap();
        let secrets = load_or_create(data.path()).unwrap();
        let url = secrets.database_url(Path::new("/home/a b/run"));
        assert!(url.expose_secret().ends_with("?host=%2Fhome%2Fa%20b%2Frun"));
        let url = secrets.redis_url(Path::new("/home/a b/redis.sock"));
        assert!(url.expose_secret().starts_with("redis+unix:///home/a%20b/redis.sock?pass="));
    }
}
