//! The web admin is embedded, so a new bundle must be noticed. A debug build reads it from the disk instead, and may be made
//! while the bundle is.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../frontend/dist");
    }
}
