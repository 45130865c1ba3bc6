//! The settings of the real binary, as a compose file gives them; and what it prints that no log may have.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use causeway_store::testing;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use secrecy::ExposeSecret;
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Command, Stdio},
};

const COMPOSE: &str = include_str!("../../../docker/compose.yaml");

/// The binary with nothing in its environment.
fn causeway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.env_clear();
    command
}

#[test]
fn a_variable_that_a_compose_file_leaves_empty_is_one_that_is_not_set() {
    // As in `NAME: ${NAME:-}`.
    let left_empty: BTreeSet<&str> = COMPOSE
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .filter(|(name, value)| *value == format!("${{{name}:-}}"))
        .map(|(name, _)| name)
        .collect();
    assert!(left_empty.contains("TRUSTED_PROXIES") && left_empty.contains("UPSTREAM_ALLOW_PRIVATE"));
    let others = ["ADMIN_CORS_ORIGINS", "COOLDOWNS", "METRICS_LISTEN", "PORT", "TLS_CERT", "SMTP_URL"];
    let mut command = causeway();
    command.arg("serve");
    for name in left_empty.into_iter().chain(others) {
        command.env(name, "");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    // All that is wrong is what is missing.
    assert!(said.contains("these settings need attention") && said.contains("DATABASE_URL"), "{said}");
    for name in ["TRUSTED_PROXIES", "UPSTREAM_ALLOW_PRIVATE", "ADMIN_CORS_ORIGINS", "PORT", "TLS_CERT"] {
        assert!(!said.contains(name), "{said}");
    }
    let wrong = causeway().arg("serve").env("TRUSTED_PROXIES", "nonsense").output().unwrap();
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("TRUSTED_PROXIES has a value"));
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_link_is_printed_and_in_no_log() {
    testing::with_store(|_, args| async move {
        let port = free_port();
        let mut child = causeway()
            .arg("serve")
            .env("DATABASE_URL", args.database_url.as_ref().unwrap().expose_secret())
            .env("REDIS_URL", args.redis_url.as_ref().unwrap().expose_secret())
            .env("CAUSEWAY_SECRET_KEY", "0123456789abcdef".repeat(4))
            .env("PUBLIC_URL", format!("http://localhost:{port}"))
            .env("METRICS_LISTEN", format!("127.0.0.1:{}", free_port()))
            .env("PORT", port)
            .env("LOG_LEVEL", "debug")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = child.stderr.take().unwrap();
        let reading = std::thread::spawn(move || {
            let mut text = String::new();
            log.read_to_string(&mut text).map(|_| text)
        });
        let printed = BufReader::new(child.stdout.take().unwrap()).lines().next();
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
        child.wait().unwrap();
        let log = reading.join().unwrap().unwrap();
        let Some(Ok(printed)) = printed else { panic!("nothing was printed; the log: {log}") };
        let token = printed.split_once("token=").unwrap().1.trim();
        assert_eq!(token.len(), 64, "{printed}");
        assert!(log.contains("Causeway is ready") && !log.contains(token));
    })
    .await;
}
