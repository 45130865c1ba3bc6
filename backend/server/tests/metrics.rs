//! What `docker/` shows and warns of is what the program measures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::{collections::BTreeSet, fs, path::Path};

const ALERTS: &str = include_str!("../../../docker/alerts.yml");
const DASHBOARD: &str = include_str!("../../../docker/grafana/causeway.json");
const SCRAPE: &str = include_str!("../../../docker/prometheus.yml");
const COMPOSE: &str = include_str!("../../../docker/compose.yaml");

/// Every name of ours in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("causeway_")).collect()
}

/// The sources of the program, as one text.
fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn whatever_is_shown_or_warned_of_is_measured() {
    let mut text = String::new();
    for part in ["relay", "server", "store"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(part).join("src"), &mut text);
    }
    let measured = named(&text);
    for name in named(ALERTS).union(&named(DASHBOARD)) {
        // Of a histogram or summary.
        let base =
            ["_sum", "_count", "_bucket"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(measured.contains(name) || measured.contains(base), "nobody measures {name}");
    }
}

#[test]
fn prometheus_reads_the_alerts() {
    assert!(SCRAPE.contains("rule_files:\n  - alerts.yml"));
    assert!(COMPOSE.contains("./alerts.yml:/etc/prometheus/alerts.yml:ro"));
}
