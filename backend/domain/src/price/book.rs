//! The price table in use, which an operator may exchange while requests are running.
//!
//! A request takes the table once, when it is planned, and is billed by that; nothing here looks at files or clocks.

use super::PriceTable;
use arc_swap::{ArcSwap, Guard};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The table, and what is known of where it came from.
#[derive(Debug)]
pub struct PriceBook {
    table: ArcSwap<PriceTable>,
    standing: ArcSwap<Standing>,
}

/// Where the table in use came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The operator's file; none for the table that the product ships.
    pub file: Option<String>,
    /// When it was read.
    pub read_at: Option<DateTime<Utc>>,
    /// Why a newer form of the file is not in use, and since when.
    pub refused: Option<(String, DateTime<Utc>)>,
}

impl PriceBook {
    /// With the product's own table, or one that a test has made.
    pub fn shipped(table: PriceTable) -> Self {
        Self { table: ArcSwap::from_pointee(table), standing: ArcSwap::default() }
    }

    /// With an operator's.
    pub fn of_file(table: PriceTable, file: &str, at: DateTime<Utc>) -> Self {
        let book = Self::shipped(table);
        book.standing.store(Arc::new(Standing {
            file: Some(file.to_owned()),
            read_at: Some(at),
            refused: None,
        }));
        book
    }

    /// The table in use.
    pub fn table(&self) -> Guard<Arc<PriceTable>> {
        self.table.load()
    }

    /// Where it came from.
    pub fn standing(&self) -> Arc<Standing> {
        self.standing.load_full()
    }

    /// Uses another table from now on. What is running keeps the one it has.
    pub fn replace(&self, table: PriceTable, at: DateTime<Utc>) {
        self.table.store(Arc::new(table));
        let file = self.standing.load().file.clone();
        self.standing.store(Arc::new(Standing { file, read_at: Some(at), refused: None }));
    }

    /// Keeps the table: the new one cannot be used.
    pub fn refuse(&self, problem: String, at: DateTime<Utc>) {
        let standing = Standing { refused: Some((problem, at)), ..(**self.standing.load()).clone() };
        self.standing.store(Arc::new(standing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(input: &str) -> PriceTable {
        let json = format!(
            r#"{{"source":"{input}","providers":{{"p":{{"m":{{"usd_per_million":{{"input":"{input}"}}}}}}}}}}"#
        );
        PriceTable::parse(&json).unwrap()
    }

    #[test]
    fn a_table_that_is_refused_leaves_the_old_one_in_use_until_a_good_one_comes() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let book = PriceBook::of_file(table("1"), "prices.json", at(1));
        let running = book.table();
        book.refuse("m: input: \"x\"".to_owned(), at(2));
        assert_eq!(book.table().source, "1");
        assert_eq!(book.standing().refused, Some(("m: input: \"x\"".to_owned(), at(2))));
        book.replace(table("3"), at(3));
        assert_eq!((book.table().source.as_str(), running.source.as_str()), ("3", "1"));
        let standing = Standing { file: Some("prices.json".to_owned()), read_at: Some(at(3)), refused: None };
        assert_eq!(*book.standing(), standing);
    }
}
