//! Where inputs start from: the golden cases, recorded answers, and every input that once was trouble.

use std::fs;
use std::path::{Path, PathBuf};

use causeway_dialect::Dialect;
use serde_json::Value;

use super::json::Node;
use super::mutate::Sample;

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Answer,
    Stream,
}

impl Kind {
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Request => "requests",
            Self::Answer => "answers",
            Self::Stream => "streams",
        }
    }
}

/// The golden cases of a dialect.
pub(crate) fn samples(kind: Kind, dialect: Dialect) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (_, text) in files(&format!("golden/{}", kind.folder()), dialect) {
        if kind == Kind::Stream {
            samples.push(text.lines().map(Node::read).collect());
            continue;
        }
        let body: Value = serde_json::from_str(&text).unwrap();
        match body.get("cases").and_then(Value::as_array) {
            Some(cases) => {
                for more in cases {
                    let mut body = body["base"].clone();
                    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                    samples.push(vec![Node::from(&body)]);
                }
            }
            None => samples.push(vec![Node::from(&body)]),
        }
    }
    assert!(!samples.is_empty(), "{kind:?} of {dialect}: there are no cases to start from");
    samples
}

/// What was trouble once, as it went in: `regressions/<requests|answers|streams>/<what>.<dialect>`.
pub(crate) fn regressions(kind: Kind, dialect: Dialect) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz/regressions").join(kind.folder());
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == dialect.name()));
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

fn files(folder: &str, dialect: Dialect) -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    let of = |path: &PathBuf| {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        stem.and_then(|stem| stem.rsplit_once('.')).is_some_and(|(_, name)| name == dialect.name())
    };
    paths.retain(of);
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}
