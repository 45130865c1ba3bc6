//! `demo.env`: what scripts need to use the demo.

use anyhow::{Context, Result};
use causeway_embedded::secrets;
use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;

const EMAIL: &str = "demo@causeway.local";

/// The file, and what is in it.
pub(crate) struct DemoEnv {
    path: PathBuf,
    values: BTreeMap<String, String>,
}

impl DemoEnv {
    /// Reads it; at the first start, draws a password. Nothing is written yet.
    pub(crate) fn load_or_create(data: &Path) -> Result<Self> {
        let path = data.join("demo.env");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| format!("reading {}", path.display()))?,
        };
        let mut env = Self { path, values: secrets::parse(&text) };
        for (name, value) in
            [("CAUSEWAY_ADMIN_EMAIL", EMAIL.to_owned()), ("CAUSEWAY_ADMIN_PASSWORD", secrets::random_hex(12))]
        {
            env.values.entry(name.to_owned()).or_insert(value);
        }
        Ok(env)
    }

    /// Writes it, for its owner only.
    pub(crate) fn save(&self) -> Result<()> {
        let mut text = "# Made by the demo; later starts use the same.\n".to_owned();
        for (name, value) in &self.values {
            text.push_str(&format!("{name}={value}\n"));
        }
        secrets::write_private(&self.path, &text)
    }

    /// Changes one value.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// One value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Who signs in.
    pub(crate) fn email(&self) -> String {
        self.get("CAUSEWAY_ADMIN_EMAIL").unwrap_or(EMAIL).to_owned()
    }

    /// With which password.
    pub(crate) fn password(&self) -> String {
        self.get("CAUSEWAY_ADMIN_PASSWORD").unwrap_or_default().to_owned()
    }

    /// The demo's key.
    pub(crate) fn key(&self) -> &str {
        self.get("CAUSEWAY_KEY").unwrap_or_default()
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the simulated provider was last time.
    pub(crate) fn simulator_address(&self) -> Option<SocketAddr> {
        let url = Url::parse(self.get("CAUSEWAY_SIMULATOR_URL")?).ok()?;
        url.socket_addrs(|| None).ok()?.into_iter().find(|a| a.ip().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_starts_have_the_same_credentials() {
        let data = tempfile::tempdir().unwrap();
        let mut first = DemoEnv::load_or_create(data.path()).unwrap();
        first.set("CAUSEWAY_KEY", "cw_x");
        first.set("CAUSEWAY_SIMULATOR_URL", "http://127.0.0.1:4567");
        first.save().unwrap();
        let second = DemoEnv::load_or_create(data.path()).unwrap();
        assert_eq!(second.password(), first.password());
        assert_eq!(second.key(), "cw_x");
        assert_eq!(second.simulator_address(), Some("127.0.0.1:4567".parse().unwrap()));
    }
}
