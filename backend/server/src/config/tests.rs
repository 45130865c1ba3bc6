use super::*;
use clap::Parser;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    http: HttpArgs,
}

fn args(list: &[&str]) -> HttpArgs {
    Command::parse_from([&["test"], list].concat()).http
}

fn problems(list: &[&str]) -> String {
    let mut problems = Problems::default();
    args(list).check(&mut problems, None);
    problems.check().unwrap_err().to_string()
}

fn http(list: &[&str]) -> Http {
    let mut problems = Problems::default();
    let http = args(list).check(&mut problems, Some("http://localhost:3000"));
    problems.check().unwrap();
    http.unwrap()
}

#[test]
fn everything_that_is_wrong_is_named_at_once() {
    let text = problems(&["--tls-cert", "a.pem"]);
    assert!(text.contains("PUBLIC_URL is not set") && text.contains("TLS_KEY"), "{text}");
}

#[test]
fn public_url_is_an_origin_and_nothing_more() {
    for bad in ["causeway.example.com", "https://a/path", "https://a/?q=1", "ftp://a", "https://user@a"] {
        assert!(problems(&["--public-url", bad]).contains("PUBLIC_URL must be"), "{bad}");
    }
    assert_eq!(http(&["--public-url", "https://a:8443"]).public_url.as_str(), "https://a:8443/");
}

#[test]
fn unsafe_pairs_warn() {
    assert_eq!(http(&[]).warnings(), Vec::<String>::new());
    let reachable = http(&["--listen", "0.0.0.0"]).warnings().join("\n");
    assert!(reachable.contains("LISTEN") && reachable.contains("PUBLIC_URL"), "{reachable}");
    let plain = http(&["--listen", "0.0.0.0", "--public-url", "http://10.0.0.5:3000"]).warnings().join("\n");
    assert!(plain.contains("plain http"), "{plain}");
    let open = http(&["--metrics-listen", "0.0.0.0:9464"]).warnings().join("\n");
    assert!(open.contains("METRICS_LISTEN"), "{open}");
}

#[test]
fn secret_key_is_hex_or_base64_of_at_least_32_bytes() {
    let parse = |text: &str| decode_secret(&text.to_owned().into());
    assert_eq!(parse(&"ab".repeat(32)).unwrap().expose_secret().len(), 32);
    assert_eq!(parse(&general_purpose::STANDARD.encode([7; 48])).unwrap().expose_secret().len(), 48);
    for bad in ["", "short", &"ab".repeat(31)] {
        assert!(parse(bad).unwrap_err().to_string().contains("openssl rand -hex 32"), "{bad}");
    }
}
