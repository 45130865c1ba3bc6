//! The model list before it has a dialect: entries, and where a page of them begins.

/// One model that the caller may use.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    /// The name to be sent in requests.
    pub id: &'a str,
    /// The name for people.
    pub display_name: &'a str,
    /// When it was released, RFC 3339.
    pub created_at: &'a str,
}

/// Which part of the list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// At most so many entries.
    pub limit: usize,
    /// Begin behind this id.
    pub after_id: Option<String>,
    /// End before this id.
    pub before_id: Option<String>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { limit: 20, after_id: None, before_id: None }
    }
}

/// A cursor that points at a model which is not in the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` names no model in this list: {id}")]
pub struct UnknownCursor {
    /// `after_id` or `before_id`.
    pub field: &'static str,
    /// What it said.
    pub id: String,
}
