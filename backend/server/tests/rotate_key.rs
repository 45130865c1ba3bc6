//! `causeway rotate-key`, as an operator types it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use causeway_accounts::{MasterKey, SealingKey};
use causeway_store::{Store, StoreArgs, testing};
use secrecy::ExposeSecret;
use std::{net::TcpListener, process::Command};

const OLD: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const THIRD: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn key(text: &str) -> SealingKey {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes: Vec<u8> = text.as_bytes().chunks(2).map(byte).collect();
    SealingKey::new(&MasterKey::new(bytes.into()).unwrap())
}

/// The binary with nothing in its environment but the stores and these.
async fn run(args: &StoreArgs, command: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_causeway"));
    child.env_clear().arg(command);
    child.env("DATABASE_URL", args.database_url.as_ref().unwrap().expose_secret());
    child.env("REDIS_URL", args.redis_url.as_ref().unwrap().expose_secret());
    child.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    for secret in [OLD, NEW, THIRD] {
        assert!(!said.contains(secret), "{said}");
    }
    (output.status.success(), said)
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_do_not_fit_are_refused_by_name_and_the_old_one_is_afterwards() {
    testing::with_store(|store: Store, args| async move {
        key(OLD).confirm(&store.app).await.unwrap();
        let (own, previous) = ("CAUSEWAY_SECRET_KEY", "CAUSEWAY_PREVIOUS_SECRET_KEY");
        for (variables, said) in [
            (vec![(own, NEW)], previous),
            (vec![(previous, OLD)], "CAUSEWAY_SECRET_KEY is not set"),
            (vec![(own, NEW), (previous, "short")], previous),
            (vec![(own, NEW), (previous, NEW)], "are the same"),
            (vec![(own, NEW), (previous, THIRD)], key(OLD).fingerprint().as_str()),
        ] {
            let (good, output) = run(&args, "rotate-key", &variables).await;
            assert!(!good && output.contains(said), "{said}: {output}");
        }
        key(OLD).confirm(&store.app).await.unwrap();

        let (good, output) = run(&args, "rotate-key", &[(own, NEW), (previous, OLD)]).await;
        assert!(good, "{output}");
        for said in
            [key(OLD).fingerprint(), key(NEW).fingerprint(), "credentials of upstream accounts".to_owned()]
        {
            assert!(output.contains(&said), "{said}: {output}");
        }
        key(NEW).confirm(&store.app).await.unwrap();

        let ports = (free_port(), format!("127.0.0.1:{}", free_port()));
        let places = [
            (own, OLD),
            ("PUBLIC_URL", "http://localhost:3000"),
            ("PORT", ports.0.as_str()),
            ("METRICS_LISTEN", ports.1.as_str()),
        ];
        let (good, output) = run(&args, "serve", &places).await;
        assert!(!good && output.contains(&key(NEW).fingerprint()), "{output}");
    })
    .await;
}
