//! The program itself. It is what it tests that takes a minute: see `run.sh`.

use std::process::Command;

#[test]
fn a_server_that_is_not_built_is_named_before_anything_is_started() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_causeway-chaos"));
    program.args(["--quick", "--programs"]).arg(nowhere.path()).arg("--out").arg(nowhere.path());
    let output = program.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains(&format!("{}/causeway is not there", nowhere.path().display())), "{said}");
}
