use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

fn policy(private: &[&str], demo: bool) -> AddressPolicy {
    AddressPolicy::new(private.iter().map(|n| n.parse().unwrap()).collect(), demo)
}

#[test]
fn what_only_this_server_can_reach_is_refused_in_every_disguise() {
    let policy = policy(&[], false);
    for refused in [
        "127.0.0.1",
        "10.0.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "2001:db8::1",
        "2001::1",
    ] {
        assert!(!policy.permits(refused.parse().unwrap()), "{refused}");
    }
    for permitted in
        ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]
    {
        assert!(policy.permits(permitted.parse().unwrap()), "{permitted}");
        assert!(!policy.permits_plain(permitted.parse().unwrap()), "{permitted}");
    }
}

#[test]
fn a_listed_network_is_allowed_but_never_the_metadata_address() {
    let policy = policy(&["10.1.0.0/16", "169.254.0.0/16"], false);
    assert!(
        policy.permits("10.1.2.3".parse().unwrap())
            && policy.permits_plain("::ffff:10.1.2.3".parse().unwrap())
    );
    assert!(!policy.permits("10.2.0.1".parse().unwrap()));
    assert!(!policy.permits("169.254.169.254".parse().unwrap()));
}

#[test]
fn base_urls_have_one_spelling() {
    let policy = policy(&[], false);
    for (text, expected) in [
        ("https://api.anthropic.com", "https://api.anthropic.com"),
        (" https://API.anthropic.com:443/ ", "https://api.anthropic.com"),
        ("https://api.example.com/v1/", "https://api.example.com"),
        ("https://api.example.com/anthropic//", "https://api.example.com/anthropic"),
        ("https://api.example.com:8443/a/v1", "https://api.example.com:8443/a"),
    ] {
        assert_eq!(policy.base_url(text).unwrap().to_string(), expected);
    }
    let base = policy.base_url("https://api.example.com:8443/a").unwrap();
    assert_eq!(base.origin(), "https://api.example.com:8443");
    assert_eq!(base.join("/v1/models"), "https://api.example.com:8443/a/v1/models");
}

#[test]
fn base_urls_that_lead_astray_are_refused() {
    let policy = policy(&[], false);
    for text in [
        "",
        "api.anthropic.com",
        "ftp://a.example",
        "http://api.example.com",
        "https://user:pw@api.example.com",
        "https://api.example.com?x=1",
        "https://api.example.com#x",
        "https://127.0.0.1",
        "https://[::1]",
        "https://localhost",
        "https://0x7f000001",
        "https://2130706433",
        "http://127.0.0.1:9000",
    ] {
        assert!(policy.base_url(text).is_err(), "{text}");
    }
}

#[test]
fn a_demo_may_speak_plainly_to_this_machine_and_to_nothing_else() {
    let policy = policy(&[], true);
    assert!(
        policy.base_url("http://127.0.0.1:9000").is_ok() && policy.base_url("http://localhost:9000").is_ok()
    );
    assert!(policy.base_url("http://10.0.0.1").is_err() && policy.base_url("http://example.com").is_err());
    assert!(!policy.permits("10.0.0.1".parse().unwrap()));
}

#[test]
fn this_machine_and_the_metadata_address_are_refused_however_they_are_written() {
    let (strict, generous) = (policy(&[], false), policy(&["0.0.0.0/0", "::/0"], false));
    for host in [
        "localhost.",
        "LOCALHOST",
        "a.localhost.",
        "127.1",
        "127.0.0.1.",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "017700000001",
        "%31%32%37.0.0.1",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ] {
        assert!(strict.base_url(&format!("https://{host}/v1")).is_err(), "{host}");
    }
    for host in [
        "169.254.169.254",
        "169.254.169.254.",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "168.63.129.16",
        "100.100.100.200",
    ] {
        for policy in [&strict, &generous] {
            for scheme in ["https", "http"] {
                assert!(policy.base_url(&format!("{scheme}://{host}/")).is_err(), "{scheme}://{host}");
            }
        }
    }
    for trick in [
        "https://api.anthropic.com@127.0.0.1",
        "https://api.anthropic.com:443@localhost/v1",
        "https://127.0.0.1\\@api.anthropic.com",
        "https://@api.anthropic.com:x@127.0.0.1",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "//127.0.0.1/",
    ] {
        assert!(strict.base_url(trick).is_err(), "{trick}");
    }
}

/// Answers in turn, and counts.
#[derive(Debug)]
struct Script(Vec<Vec<&'static str>>, AtomicUsize);

impl Names for Script {
    fn look_up<'a>(&'a self, _: &'a str) -> Found<'a> {
        let turn = self.1.fetch_add(1, Ordering::Relaxed);
        let answer = self.0[turn.min(self.0.len() - 1)].iter();
        let answer = answer.map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
        Box::pin(async move { Ok(answer) })
    }
}

#[tokio::test]
async fn of_a_names_addresses_only_those_are_handed_on_that_may_be_connected_to() {
    let answers = vec![
        vec!["1.1.1.1"],
        vec!["127.0.0.1", "1.1.1.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"],
        vec!["127.0.0.1", "::ffff:169.254.169.254"],
        vec![],
    ];
    let script = Arc::new(Script(answers, AtomicUsize::new(0)));
    let policy = policy(&[], false).with_names(script.clone());
    let public = vec!["1.1.1.1:0".parse().unwrap()];
    assert_eq!(policy.resolve("rebind.example", false).await.unwrap(), public);
    assert_eq!(policy.resolve("rebind.example", false).await.unwrap(), public);
    for _ in 0..2 {
        let refused = policy.resolve("rebind.example", false).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied);
        assert!(refused.to_string().contains("rebind.example"));
    }
    assert_eq!(script.1.load(Ordering::Relaxed), 4);
}
