//! What a build depends on: the files, and one hash over everything that can change the output.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::Options;

/// Sources of the page besides the wasm module itself. Tailwind reads the Rust files too.
const FILES: [&str; 5] = ["src", "assets", "styles", "index.html", "package-lock.json"];

/// Hash over the compiled module, the page's other inputs, the options and this program.
pub(crate) fn stamp(options: &Options, module: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let program = fs::metadata(std::env::current_exe()?)?;
    hash.update(format!("{} {} {} {:?}\n", options.base, options.dev, options.watch, program.modified()?));
    hash.update(fs::read(module)?);
    for name in FILES {
        for file in files_below(&options.frontend().join(name))? {
            hash.update(file.to_string_lossy().as_bytes());
            hash.update(fs::read(&file)?);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

/// Every file below a path (or the path itself), sorted, so that the hash does not depend on the file system.
pub(crate) fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    visit(path, &mut found)?;
    found.sort();
    Ok(found)
}

fn visit(path: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            visit(&entry?.path(), found)?;
        }
    } else if path.exists() {
        found.push(path.to_owned());
    }
    Ok(())
}
