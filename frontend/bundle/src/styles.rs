//! The style sheet: Tailwind's own command line, which reads the Rust sources for class names.

use std::{fs, process::Command};

use anyhow::{Context, Result, ensure};

use crate::Options;

/// Runs Tailwind and returns the style sheet.
pub(crate) fn compile(options: &Options) -> Result<Vec<u8>> {
    let frontend = options.frontend().canonicalize()?;
    let out = options.target().canonicalize()?.join("styles.css");
    let program = frontend.join("node_modules/.bin/tailwindcss");
    let mut tailwind = Command::new(&program);
    tailwind.current_dir(&frontend).args(["--input", "styles/main.css", "--output"]).arg(&out);
    if !options.dev {
        tailwind.arg("--minify");
    }
    let result = tailwind
        .output()
        .with_context(|| format!("cannot run {}; frontend/build.sh installs it", program.display()))?;
    // It reports progress on stderr even when all is well, so that is shown only when it is not.
    ensure!(result.status.success(), "Tailwind failed:\n{}", String::from_utf8_lossy(&result.stderr));
    Ok(fs::read(out)?)
}
