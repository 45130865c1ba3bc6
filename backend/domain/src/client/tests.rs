use super::*;

fn facts(headers: &'static [(&'static str, &'static str)]) -> Facts<'static> {
    Facts::read(headers.iter().copied())
}

fn rule(json: &str) -> ClientRule {
    serde_json::from_str(json).unwrap()
}

#[test]
fn what_is_shipped_can_be_read_and_would_be_accepted() {
    assert!(shipped().len() > 10);
    for rule in shipped() {
        assert_eq!(rule.problems(), [], "{rule:?}");
    }
    let text = include_str!("shipped.json");
    assert!(text.contains(&format!("\"version\": \"{SHIPPED_VERSION}\"")));
    for rule in shipped() {
        let names: Vec<_> = shipped().iter().filter(|r| r.client == rule.client).map(|r| &r.name).collect();
        assert!(names.iter().all(|name| *name == &rule.name), "one name a client: {names:?}");
    }
}

#[test]
fn clients_are_recognised_by_what_they_were_seen_to_send() {
    let rules = ClientRules::default();
    let seen = |headers| rules.recognise(&facts(headers)).map(|(_, rule)| rule.client.as_str());
    for (headers, expected) in [
        (&[("user-agent", "claude-cli/2.1.329 (external, cli)"), ("x-app", "cli")][..], Some("claude_code")),
        (&[("user-agent", "claude-code/2.1.329")], Some("claude_code")),
        (&[("x-app", "cli"), ("x-claude-code-session-id", "0b1c")], Some("claude_code")),
        (&[("user-agent", "codex_exec/0.169.0 (Linux; x86_64)")], Some("codex")),
        (&[("originator", "codex-tui"), ("user-agent", "reqwest")], Some("codex")),
        (&[("user-agent", "GeminiCLI-a/0.61.0/gemini-3-pro (linux; x64)")], Some("gemini_cli")),
        (&[("user-agent", "QwenCode/0.24.4 (linux; x64)")], Some("qwen_code")),
        (&[("user-agent", "opencode/1.18.33 ai-sdk/anthropic")], Some("opencode")),
        (&[("user-agent", "AsyncAnthropic/Python 2.11.0")], Some("anthropic_sdk")),
        (&[("user-agent", "OpenAI/JS 6.49.0")], Some("openai_sdk")),
        (&[("user-agent", "google-genai-sdk/3.4.0 gl-python/3.13")], Some("google_genai_sdk")),
        (&[("x-app", "cli")], None),
        (&[("user-agent", "Mozilla/5.0 claude-cli/2.1")], None),
        (&[], None),
    ] {
        assert_eq!(seen(headers), expected, "{headers:?}");
    }
}

#[test]
fn own_rules_come_before_shipped_ones_and_may_stand_alone() {
    let own = rule(
        r#"{"client":"our_fork","name":"Our fork","when":[{"header":"user-agent","matches":"CLAUDE-cli/2.*"},
            {"header":"x-title","matches":"fork"}]}"#,
    );
    let mut rules = ClientRules { own: vec![own], without_shipped: false };
    let fork = facts(&[("user-agent", "claude-cli/2.1"), ("x-title", "Fork")]);
    let plain = facts(&[("user-agent", "claude-cli/2.1")]);
    let at = |rules: &ClientRules, facts: &Facts<'_>| rules.recognise(facts).map(|(origin, _)| origin);
    assert_eq!(at(&rules, &fork), Some(Origin::Own(0)));
    assert_eq!(at(&rules, &plain), Some(Origin::Shipped(1)));
    rules.without_shipped = true;
    assert_eq!(at(&rules, &plain), None);
    assert!(rules.names("our_fork") && !rules.names("claude_code"));
}

#[test]
fn what_is_kept_reads_back_to_the_same_and_tells_no_session() {
    let read = facts(&[
        ("user-agent", "  claude-cli/2.1 \u{201e}x\u{201c} "),
        ("anthropic-beta", "a,b"),
        ("anthropic-beta", "c"),
        ("session-id", "a-secret-session"),
        ("authorization", "Bearer cw_secret"),
    ]);
    let kept = read.to_json();
    assert!(!kept.contains("secret"), "{kept}");
    assert_eq!(Facts::from_json(&kept), read);
    assert_eq!(read.get("anthropic-beta"), Some("a,b, c"));
    assert_eq!(Facts::default().to_json(), "");
    assert_eq!(Facts::from_json("[1"), Facts::default());
    let long: &'static str = Box::leak("ä".repeat(1000).into_boxed_str());
    let bounded = Facts::read([("user-agent", long)].into_iter());
    assert_eq!(bounded.get("user-agent").unwrap().chars().count(), MAX_VALUE_CHARS);
}

#[test]
fn every_field_of_a_rule_that_is_not_accepted_is_named() {
    let bad = rule(
        r#"{"client":"Claude Code","name":" ","when":[{"header":"authorization","matches":"*"},
            {"header":"user-agent","matches":" a"},{"header":"x-app","matches":""}]}"#,
    );
    let fields: Vec<_> = bad.problems().into_iter().map(|bad| bad.field).collect();
    assert_eq!(fields, ["client", "name", "when[0].header", "when[1].matches", "when[2].matches"]);
    let empty = rule(r#"{"client":"a","name":"A","when":[]}"#);
    assert_eq!(empty.problems().len(), 1);
    assert!(!empty.fits(&facts(&[("user-agent", "x")])), "a rule without conditions fits nothing");
}
