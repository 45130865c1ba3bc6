//! Pages by keyset: the cursor is the id of the last row shown.

use crate::error::ApiError;
use causeway_openapi::Page;
use uuid::Uuid;

const USUAL: u16 = 50;
const MOST: u16 = 200;

/// How much of a list to read, and where to begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The row after which to begin.
    pub(crate) before: Option<Uuid>,
    limit: u16,
}

impl Window {
    /// Reads the two parameters of every list.
    pub(crate) fn new(limit: Option<u16>, cursor: Option<&str>) -> Result<Self, ApiError> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(ApiError::field("limit", "must be between 1 and 200"));
        }
        let before = match cursor {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| ApiError::field("cursor", "must be a next_cursor"))?),
        };
        Ok(Self { before, limit })
    }

    /// Rows to ask for: one more than are shown, which tells whether there is another page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of these rows; `id` names a row.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let more = rows.len() > usize::from(self.limit);
        rows.truncate(usize::from(self.limit));
        let next_cursor = rows.last().filter(|_| more).map(|row| id(row).to_string());
        Page { items: rows, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_next_page_only_when_there_is_a_row_for_it() {
        let ids: Vec<_> = (1..=3).map(Uuid::from_u128).collect();
        let window = Window::new(Some(2), None).unwrap();
        let page = window.page(ids.clone(), |id| *id);
        assert_eq!((page.items.len(), page.next_cursor), (2, Some(ids[1].to_string())));
        assert_eq!(window.page(ids[..2].to_vec(), |id| *id).next_cursor, None);
    }

    #[test]
    fn limits_and_cursors_that_make_no_sense_are_refused() {
        assert!(Window::new(Some(0), None).is_err() && Window::new(Some(201), None).is_err());
        assert!(Window::new(None, Some("1; drop table")).is_err());
    }
}
