//! Writes `dist`: every asset under a name that carries its hash, and an `index.html` without inline scripts.
//!
//! Hashed names let the server send them as immutable; external scripts let it send
//! `script-src 'self' 'wasm-unsafe-eval'` and nothing weaker. Files that shrink get a `.gz` beside them.

use std::{fs, io::Write as _, path::PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::{Options, inputs, wasm::App};

const STAMP: &str = "bundle.stamp";

/// Whether `dist` was made from exactly these inputs.
pub(crate) fn is_current(options: &Options, stamp: &str) -> bool {
    options.dist().join("index.html").is_file()
        && fs::read_to_string(options.target().join(STAMP)).is_ok_and(|last| last == stamp)
}

/// Replaces `dist`. The old files go last, so that a running server never misses one it refers to.
pub(crate) fn write(options: &Options, app: &App, css: &[u8], stamp: &str) -> Result<()> {
    let frontend = options.frontend();
    let asset = |name: &str| -> Result<String> {
        fs::read_to_string(frontend.join(name)).with_context(|| format!("cannot read frontend/{name}"))
    };
    let mut files = Files { options, written: Vec::new() };

    let js = files.hashed("app", "js", &app.js)?;
    let wasm = files.hashed("app", "wasm", &app.wasm)?;
    for (path, bytes) in &app.snippets {
        files.put(PathBuf::from("assets").join(path), bytes)?;
    }
    let loader = asset("assets/loader.js")?.replace("__APP_JS__", &js).replace("__APP_WASM__", &wasm);
    let icon = files.hashed("icon", "svg", asset("assets/icon.svg")?.as_bytes())?;
    let mut page = asset("index.html")?
        .replace("__BASE__", &options.base)
        .replace("__APP_JS__", &js)
        .replace("__APP_WASM__", &wasm)
        .replace("__LOADER__", &files.hashed("loader", "js", loader.as_bytes())?)
        .replace("__PREPAINT__", &files.hashed("prepaint", "js", asset("assets/prepaint.js")?.as_bytes())?)
        .replace("__STYLES__", &files.hashed("styles", "css", css)?)
        .replace("__ICON__", &icon);
    if options.watch {
        // Unhashed names: pages that are already open keep asking for the same build id.
        let reload = asset("assets/reload.js")?.replace("__BASE__", &options.base);
        files.put("assets/reload.js".into(), reload.as_bytes())?;
        files.put("assets/build-id".into(), stamp.as_bytes())?;
        let tag = format!("<script src=\"{}assets/reload.js\" defer></script>\n</head>", options.base);
        page = page.replace("</head>", &tag);
    }
    files.put("index.html".into(), page.as_bytes())?;
    files.remove_others()?;
    fs::write(options.target().join(STAMP), stamp)?;

    let size = |bytes: &[u8]| bytes.len().div_ceil(1024);
    eprintln!(
        "bundle: frontend/dist is new: wasm {} KB ({} KB compressed), css {} KB",
        size(&app.wasm),
        size(&gzip(&app.wasm)?),
        size(css)
    );
    Ok(())
}

struct Files<'a> {
    options: &'a Options,
    written: Vec<PathBuf>,
}

impl Files<'_> {
    /// Writes `assets/<stem>-<hash>.<extension>` and returns its address.
    fn hashed(&mut self, stem: &str, extension: &str, bytes: &[u8]) -> Result<String> {
        let hash = hex::encode(Sha256::digest(bytes));
        let name = format!("assets/{stem}-{}.{extension}", &hash[..16]);
        self.put(PathBuf::from(&name), bytes)?;
        Ok(format!("{}{name}", self.options.base))
    }

    fn put(&mut self, name: PathBuf, bytes: &[u8]) -> Result<()> {
        let path = self.options.dist().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes)?;
        // Compressing takes longer than everything else of a development build, and loopback does not need it.
        if !self.options.dev && bytes.len() > 1024 {
            let compressed = path.with_added_extension("gz");
            fs::write(&compressed, gzip(bytes)?)?;
            self.written.push(compressed);
        }
        self.written.push(path);
        Ok(())
    }

    fn remove_others(&self) -> Result<()> {
        for file in inputs::files_below(&self.options.dist())? {
            if !self.written.contains(&file) {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
