//! The web admin is embedded: its directory must exist for the macro, and a new bundle must be noticed.

fn main() {
    println!("cargo::rerun-if-changed=../../frontend/dist");
}
