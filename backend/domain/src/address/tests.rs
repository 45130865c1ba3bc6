use super::*;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn nets(texts: &[&str]) -> Vec<Network> {
    texts.iter().map(|t| t.parse().unwrap()).collect()
}

#[test]
fn networks_read_as_people_write_them_and_print_in_one_form() {
    for (text, shown) in [
        ("10.1.2.3/8", "10.0.0.0/8"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("2001:DB8::1/32", "2001:db8::/32"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ] {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), shown);
    }
    for bad in ["", "10.0.0.0/33", "10.0.0", "localhost", "10.0.0.0/-1", "::1/129"] {
        assert!(bad.parse::<Network>().is_err(), "{bad}");
    }
    let json = r#"{"allow":["10.0.0.0/8"],"deny":["::1"]}"#;
    let rules: AddressRules = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&rules).unwrap(), json);
}

#[test]
fn deny_wins_and_an_address_in_either_form_is_the_same() {
    let rules = |allow: &[&str], deny: &[&str]| AddressRules { allow: nets(allow), deny: nets(deny) };
    assert!(rules(&[], &[]).permits(ip("192.0.2.1")));
    let office = rules(&["192.0.2.0/24", "2001:db8::/32"], &["192.0.2.66"]);
    assert!(office.permits(ip("192.0.2.1")) && office.permits(ip("2001:db8::9")));
    assert!(office.permits(ip("::ffff:192.0.2.1")));
    assert!(!office.permits(ip("192.0.2.66")) && !office.permits(ip("::ffff:192.0.2.66")));
    assert!(!office.permits(ip("198.51.100.1")) && !office.permits(ip("2001:db9::1")));
    assert!(!rules(&[], &["::ffff:192.0.2.0/120"]).permits(ip("192.0.2.200")));
}

fn from(peer: &str, x_forwarded_for: &[&str], forwarded: &[&str]) -> String {
    let proxies = TrustedProxies::new(nets(&["10.0.0.0/8", "fd00::/8"]));
    let (written, standard) = (x_forwarded_for.iter(), forwarded.iter());
    proxies.client(ip(peer), written.map(|v| v.as_bytes()), standard.map(|v| v.as_bytes())).to_string()
}

#[test]
fn only_what_trusted_proxies_wrote_is_believed() {
    for (peer, header, client) in [
        ("203.0.113.1", "1.1.1.1", "203.0.113.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "1.1.1.1:4711", "1.1.1.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "::ffff:1.1.1.1", "1.1.1.1"),
        ("::ffff:10.0.0.1", "1.1.1.1", "1.1.1.1"),
        ("fd00::1", "1.1.1.1", "1.1.1.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ] {
        assert_eq!(from(peer, &[header], &[]), client, "{peer} {header}");
    }
    assert_eq!(from("10.0.0.1", &["6.6.6.6", "1.1.1.1", "10.0.0.2"], &[]), "1.1.1.1");
}

#[test]
fn the_standard_header_is_read_where_there_is_no_other() {
    for (header, client) in [
        ("for=1.1.1.1;proto=https;by=10.0.0.2", "1.1.1.1"),
        ("For=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("for=6.6.6.6, for=1.1.1.1, for=10.0.0.2", "1.1.1.1"),
        ("for=1.1.1.1, for=unknown", "10.0.0.1"),
        ("for=\"6.6.6.6, for=1.1.1.1", "1.1.1.1"),
        ("proto=https", "10.0.0.1"),
    ] {
        assert_eq!(from("10.0.0.1", &[], &[header]), client, "{header}");
    }
    assert_eq!(from("10.0.0.1", &["1.1.1.1"], &["for=6.6.6.6"]), "1.1.1.1");
    assert_eq!(from("203.0.113.1", &[], &["for=6.6.6.6"]), "203.0.113.1");
}

proptest! {
    #[test]
    fn whatever_a_client_writes_its_own_address_is_found(written in "[ -~]{0,60}") {
        let header = if written.is_empty() { "1.1.1.1".to_owned() } else { format!("{written}, 1.1.1.1") };
        prop_assert_eq!(from("10.0.0.1", &[&header], &[]), "1.1.1.1");
        prop_assert_eq!(from("10.0.0.1", &[&written, "1.1.1.1"], &[]), "1.1.1.1");
        let header = if written.is_empty() { "for=1.1.1.1".to_owned() } else { format!("{written},for=1.1.1.1") };
        prop_assert_eq!(from("10.0.0.1", &[], &[&header]), "1.1.1.1");
    }
}

#[test]
fn what_a_client_puts_before_cannot_hide_what_the_proxy_adds() {
    let proxies = TrustedProxies::new(nets(&["10.0.0.0/8"]));
    let spoofed: &[u8] = b"\xe9, 203.0.113.5";
    let client = proxies.client(ip("10.0.0.2"), [spoofed].into_iter(), [].into_iter());
    assert_eq!(client.to_string(), "203.0.113.5");
}
