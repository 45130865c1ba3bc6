//! Which tools the provider runs itself, and what it charges for them.

use serde_json::value::RawValue;

use super::seen::Seen;
use crate::scan::{self, Value};

/// What a hosted tool costs apart from the tokens it brings in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Each search.
    Search,
    /// Something that no price table has: containers, file searches, pictures.
    Fee,
    /// Nothing.
    Free,
    /// Not known here: anything.
    Unknown,
}

/// Tools that the client runs, so that they are text like any other.
const CLIENT: [&str; 11] = [
    "function",
    "custom",
    "namespace",
    "local_shell",
    "shell",
    "apply_patch",
    "computer",
    "computer_use",
    "computer_use_preview",
    "tool_search",
    "programmatic_tool_calling",
];

/// The hosted tool of this kind, if it is one that is known. Also called for what merely looks like a tool.
pub(crate) fn hosted(kind: &[u8]) -> Option<Tool> {
    match kind {
        b"file_search" | b"code_interpreter" | b"image_generation" => Some(Tool::Fee),
        b"mcp" => Some(Tool::Free),
        _ if is_search(kind) => Some(Tool::Search),
        _ => None,
    }
}

/// `web_search`, `web_search_preview`, either with a date behind it; not the `web_search_call` of an earlier turn.
fn is_search(kind: &[u8]) -> bool {
    match kind.strip_prefix(b"web_search") {
        Some(b"" | b"_preview") => true,
        Some(rest) => {
            let rest = rest.strip_prefix(b"_preview").unwrap_or(rest);
            rest.iter().all(|byte| *byte == b'_' || byte.is_ascii_digit())
        }
        None => false,
    }
}

/// Judges the request's list of tools: of a kind that is not known here everything must be assumed.
pub(crate) fn judge(tools: &Value<'_>, seen: &mut Seen) {
    let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(tools.raw()) else {
        return seen.tool(Tool::Unknown);
    };
    for tool in list {
        let fields = scan::lenient(tool.get().as_bytes(), &["type", "function"]).ok();
        let kind = fields.as_ref().and_then(|fields| fields.get("type")?.str());
        match kind.as_deref() {
            Some(kind) if CLIENT.contains(&kind) => {}
            Some(kind) => seen.tool(hosted(kind.as_bytes()).unwrap_or(Tool::Unknown)),
            // Some clients leave the type out.
            None if fields.is_some_and(|fields| fields.get("function").is_some()) => {}
            None => seen.tool(Tool::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_known_with_and_without_a_date() {
        for kind in
            ["web_search", "web_search_preview", "web_search_2025_08_26", "web_search_preview_2025_03_11"]
        {
            assert_eq!(hosted(kind.as_bytes()), Some(Tool::Search), "{kind}");
        }
        for kind in ["web_search_call", "web_searching", "function", "object", "file_search_call"] {
            assert_eq!(hosted(kind.as_bytes()), None, "{kind}");
        }
    }
}
