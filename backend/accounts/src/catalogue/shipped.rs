//! The presets that are compiled in.

use super::{BadPreset, entry::Base};

/// Their files, in the order a person should see them.
pub(super) const FILES: [(&str, &str); 13] = [
    ("anthropic", include_str!("../../providers/anthropic.json")),
    ("anthropic-compatible", include_str!("../../providers/anthropic-compatible.json")),
    ("openai", include_str!("../../providers/openai.json")),
    ("codex", include_str!("../../providers/codex.json")),
    ("openai-compatible", include_str!("../../providers/openai-compatible.json")),
    ("azure-openai", include_str!("../../providers/azure-openai.json")),
    ("gemini", include_str!("../../providers/gemini.json")),
    ("vertex", include_str!("../../providers/vertex.json")),
    ("bedrock", include_str!("../../providers/bedrock.json")),
    ("kimi", include_str!("../../providers/kimi.json")),
    ("qwen", include_str!("../../providers/qwen.json")),
    ("xai", include_str!("../../providers/xai.json")),
    ("github-copilot", include_str!("../../providers/github-copilot.json")),
];

/// Reads them.
pub(super) fn bases() -> Result<Vec<Base>, BadPreset> {
    FILES.iter().map(|(name, json)| Base::shipped(name, json)).collect()
}
