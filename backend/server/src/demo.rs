//! The demo: a simulated provider beside the server, and an organisation with an account and a key that use it.
//!
//! Everything but the first person is made through the admin API, as a script would do it, and remembered in `demo.env`
//! in the data directory, so that later starts have the same credentials.

mod api;
mod env;
mod provider;
mod tour;

use anyhow::{Context, Result};
use api::Api;
use causeway_accounts::Catalogue;
use causeway_admin::people::{self, NewOwner};
use causeway_simulator::{Script, Simulator, SimulatorConfig};
use causeway_store::AppDb;
pub(crate) use env::DemoEnv;
use std::{net::SocketAddr, path::Path};
use url::Url;

/// Slow enough to see it stream.
const PACE: &str = "interval=25";
const ORGANIZATION: &str = "Demo";

/// A running demo. Dropping it stops the simulated provider.
pub(crate) struct Demo {
    simulator: Simulator,
    env: DemoEnv,
}

impl Demo {
    /// Starts the simulated provider: at the address it had before where that is still free, because the stored
    /// credential is bound to it.
    pub(crate) async fn start(data: &Path) -> Result<Self> {
        let env = DemoEnv::load_or_create(data)?;
        let script = Script::parse(PACE).context("the script of the simulator")?;
        let config =
            |listen| SimulatorConfig { listen, script: script.clone(), ..SimulatorConfig::default() };
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let simulator = match Simulator::start(config(env.simulator_address().unwrap_or(free))).await {
            Ok(simulator) => simulator,
            Err(_) => Simulator::start(config(free)).await.context("starting the simulated provider")?,
        };
        Ok(Self { simulator, env })
    }

    /// The catalogue with a provider whose accounts are authorised at the simulator's issuer.
    pub(crate) fn providers(&self, catalogue: &Catalogue) -> Result<Catalogue> {
        provider::known(catalogue, &self.simulator.url())
    }

    /// Makes what is missing: the owner, the account, the key. `local` is where the server listens.
    pub(crate) async fn prepare(
        &mut self,
        db: &AppDb,
        local: &Url,
        public: &Url,
        metrics: SocketAddr,
    ) -> Result<()> {
        let env = &mut self.env;
        env.set("CAUSEWAY_URL", public.as_str().trim_end_matches('/'));
        env.set("CAUSEWAY_SIMULATOR_URL", &self.simulator.url());
        env.set("CAUSEWAY_METRICS_URL", &format!("http://{metrics}/metrics"));
        env.save()?;
        let mut api = Api::new(local);
        if !api.sign_in(&env.email(), &env.password()).await? {
            let owner = NewOwner {
                organization: ORGANIZATION,
                name: "Demo",
                email: &env.email(),
                password: &env.password(),
                time_zone: None,
            };
            people::create_owner(db, owner).await.map_err(|error| {
                anyhow::anyhow!(
                    "the demo's owner cannot sign in and cannot be made ({error}). If the password was changed, \
                     set it anew: causeway admin reset-password --email {}",
                    env.email()
                )
            })?;
            let signed_in = api.sign_in(&env.email(), &env.password()).await?;
            anyhow::ensure!(signed_in, "the demo's owner cannot sign in");
        }
        env.set("CAUSEWAY_ORG", &api.organization()?);
        let account = api.ensure_account(&self.simulator.url()).await?;
        if env.get("CAUSEWAY_KEY").is_none() {
            env.set("CAUSEWAY_KEY", &api.issue_key(account).await?);
        }
        env.save()
    }

    /// Makes one streamed request through the relay and shows what came of it.
    pub(crate) async fn tour(&self, local: &Url) -> Result<()> {
        tour::run(local, &self.env).await
    }

    /// Where the credentials are, for a person.
    pub(crate) fn env(&self) -> &DemoEnv {
        &self.env
    }

    /// Stops the simulated provider.
    pub(crate) async fn stop(self) {
        self.simulator.stop().await;
    }
}
