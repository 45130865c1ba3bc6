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
    /// Whose it is, in one word.
    pub owned_by: &'a str,
    /// The most input tokens, where that is known.
    pub context: Option<u64>,
    /// The most output tokens, where that is known.
    pub max_output: Option<u64>,
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
    /// `after_id`, `before_id` or `pageToken`.
    pub field: &'static str,
    /// What it said.
    pub id: String,
}

/// A query that asks for a page which cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` must be a whole number from 1 to 1000; got {found}")]
pub struct BadLimit {
    /// `limit` or `pageSize`.
    pub field: &'static str,
    /// The beginning of what it said.
    pub found: String,
}

impl BadLimit {
    pub(crate) fn new(field: &'static str, found: &str) -> Self {
        Self { field, found: found.chars().take(40).collect() }
    }
}

/// The models of one page, and whether there are more behind it (before it, when going backwards).
pub(crate) fn page<'m, 'a>(
    models: &'m [Model<'a>],
    cursor: &Cursor,
) -> Result<(&'m [Model<'a>], bool), UnknownCursor> {
    let position = |field, id: &Option<String>| {
        let Some(id) = id else { return Ok(None) };
        match models.iter().position(|model| model.id == id) {
            Some(at) => Ok(Some(at)),
            None => Err(UnknownCursor { field, id: id.chars().take(200).collect() }),
        }
    };
    let from = position("after_id", &cursor.after_id)?.map_or(0, |at| at + 1);
    let to = position("before_id", &cursor.before_id)?.unwrap_or(models.len()).max(from);
    let range = &models[from..to];
    let count = range.len().min(cursor.limit);
    // Going backwards, the page is the one that ends at the cursor.
    let backwards = cursor.before_id.is_some() && cursor.after_id.is_none();
    let page = if backwards { &range[range.len() - count..] } else { &range[..count] };
    Ok((page, count < range.len()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Model;

    pub(crate) const MODEL: Model<'static> = Model {
        id: "m",
        display_name: "M \"1\"",
        created_at: "2026-01-01T00:00:00Z",
        owned_by: "somebody",
        context: Some(200_000),
        max_output: Some(64_000),
    };
}
