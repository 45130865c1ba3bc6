//! Bundles the web admin: cargo → wasm-bindgen → Tailwind → hashed file names → `frontend/dist`.
//!
//! A small program instead of trunk, because it compiles in a fraction of the time and wasm-bindgen's version
//! then comes from Cargo.lock and cannot disagree with the crate's. It installs nothing: `build.sh` does that.

mod dist;
mod inputs;
mod styles;
mod wasm;
mod watch;

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// Builds `frontend/dist`.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Root of the workspace.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Where the server mounts the application, with both slashes.
    #[arg(long, default_value = "/web/")]
    base: String,
    /// NAME=value words for the environment of the inner cargo, as printed by `.ci/wasm-toolchain.sh`.
    #[arg(long, default_value = "")]
    cargo_env: String,
    /// Quick to build instead of small: no optimisation of our own code.
    #[arg(long)]
    dev: bool,
    /// Rebuild on change and reload open pages. Implies --dev.
    #[arg(long)]
    watch: bool,
}

impl Options {
    fn frontend(&self) -> PathBuf {
        self.root.join("frontend")
    }

    /// The wasm build has its own target directory: it may use another compiler, and it must not wait for, or
    /// invalidate, the server's build. This program is built there too.
    fn target(&self) -> PathBuf {
        self.root.join("target-wasm")
    }

    fn dist(&self) -> PathBuf {
        self.frontend().join("dist")
    }
}

fn main() -> Result<()> {
    let mut options = Options::parse();
    options.dev |= options.watch;
    if options.watch { watch::run(&options) } else { build(&options) }
}

/// One build. Does nothing but ask cargo when no input changed since the last one.
pub(crate) fn build(options: &Options) -> Result<()> {
    let module = wasm::compile(options)?;
    let stamp = inputs::stamp(options, &module)?;
    if dist::is_current(options, &stamp) {
        return Ok(());
    }
    let app = wasm::bind(options, &module)?;
    let css = styles::compile(options)?;
    dist::write(options, &app, &css, &stamp)
}
