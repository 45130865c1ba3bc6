//! The application itself: compiled by cargo, then given its JavaScript half by wasm-bindgen.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::Options;

const PACKAGE: &str = "causeway-frontend";
const TARGET: &str = "wasm32-unknown-unknown";

/// What wasm-bindgen made of the module.
pub(crate) struct App {
    pub(crate) js: Vec<u8>,
    pub(crate) wasm: Vec<u8>,
    /// Script files of dependencies, by path relative to the JavaScript file that imports them.
    pub(crate) snippets: Vec<(PathBuf, Vec<u8>)>,
}

/// Runs cargo and returns the path of the raw module.
pub(crate) fn compile(options: &Options) -> Result<PathBuf> {
    let profile = if options.dev { "dev" } else { "wasm" };
    // The outer `cargo run` leaves CARGO pointing at the very binary that runs us.
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(&options.root)
        .args(["build", "--package", PACKAGE, "--target", TARGET, "--profile", profile])
        .arg("--target-dir")
        .arg(options.target().canonicalize().unwrap_or_else(|_| options.target()))
        // Debug sections make the module ten times larger, and the browser cannot use them.
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        // Flags meant for the native build (instrumentation, linkers) have no business in a wasm build.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    for word in options.cargo_env.split_whitespace() {
        let (name, value) = word.split_once('=').with_context(|| format!("not NAME=value: {word}"))?;
        cargo.env(name, value);
    }
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "cargo could not build {PACKAGE} for {TARGET}");

    let folder = if options.dev { "debug" } else { "wasm" };
    let module = options.target().join(TARGET).join(folder).join(format!("{PACKAGE}.wasm"));
    if !module.is_file() {
        bail!("cargo succeeded but left no {}", module.display());
    }
    Ok(module)
}

/// Runs wasm-bindgen for the `web` target: an ES module that fetches the wasm file it is told to.
pub(crate) fn bind(options: &Options, module: &Path) -> Result<App> {
    let out = options.target().join("bindgen");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    Bindgen::new()
        .input_path(module)
        .out_name("app")
        .web(true)?
        .typescript(false)
        .debug(options.dev)
        .remove_name_section(!options.dev)
        .remove_producers_section(true)
        .omit_default_module_path(true)
        .generate(&out)
        .context("wasm-bindgen failed")?;
    let mut snippets = Vec::new();
    collect(&out, &out.join("snippets"), &mut snippets)?;
    Ok(App { js: fs::read(out.join("app.js"))?, wasm: fs::read(out.join("app_bg.wasm"))?, snippets })
}

fn collect(root: &Path, folder: &Path, into: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, into)?;
        } else {
            into.push((path.strip_prefix(root)?.to_owned(), fs::read(&path)?));
        }
    }
    Ok(())
}
