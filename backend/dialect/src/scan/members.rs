//! All members of an object, or all elements of a list, each as its raw text: what a reader of conversations walks.
//!
//! Values are slices of the body and nothing is unescaped but keys. Of a repeated key the last wins, as every
//! provider's parser has it; `null` counts as not given. Depth is bounded as everywhere in the scan.

use std::borrow::Cow;

use super::lex::Cursor;
use super::value::Value;

/// The members of one object, in the order in which they stand.
#[derive(Clone, Debug, Default)]
pub struct Members<'a> {
    list: Vec<(Cow<'a, str>, Value<'a>)>,
}

impl<'a> Members<'a> {
    /// The members of the object that is `text`; `None` when it is not one, or not well-formed.
    pub fn read(text: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(text.as_bytes());
        let mut list = Vec::with_capacity(8);
        elements(&mut cursor, b'{', b'}', |cursor| {
            let key = cursor.key().ok()?;
            let name = Value::new(text, key.start - 1..key.end + 1).str().unwrap_or_default();
            list.push((name, Value::new(text, cursor.value(b"", &mut |_, _| {}).ok()?)));
            Some(())
        })?;
        Some(Self { list })
    }

    /// The members of a value that is an object.
    pub fn of(value: &Value<'a>) -> Option<Self> {
        Self::read(value.raw())
    }

    /// The value of `name`; `None` when there is no such member or it is `null`.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        let (_, value) = self.list.iter().rev().find(|(known, _)| known == name)?;
        (!value.is_null()).then_some(value)
    }

    /// The value of whichever of two names is there: protobuf's JSON reads `camelCase` and `snake_case` alike.
    pub fn either(&self, name: &str, other: &str) -> Option<&Value<'a>> {
        self.get(name).or_else(|| self.get(other))
    }

    /// A string, unescaped.
    pub fn str(&self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name)?.str()
    }

    /// Names and values of all members that are not `null`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.list.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (&**name, value))
    }
}

/// The elements of the list that is `text`; `None` when it is not one, or not well-formed.
pub fn list(text: &str) -> Option<Vec<Value<'_>>> {
    let mut cursor = Cursor::new(text.as_bytes());
    let mut list = Vec::new();
    elements(&mut cursor, b'[', b']', |cursor| {
        list.push(Value::new(text, cursor.value(b"", &mut |_, _| {}).ok()?));
        Some(())
    })?;
    Some(list)
}

fn elements<'a>(
    cursor: &mut Cursor<'a>,
    open: u8,
    close: u8,
    mut element: impl FnMut(&mut Cursor<'a>) -> Option<()>,
) -> Option<()> {
    if cursor.peek() != Some(open) {
        return None;
    }
    cursor.advance();
    if cursor.peek() == Some(close) {
        cursor.advance();
    } else {
        loop {
            element(cursor)?;
            let next = cursor.peek()?;
            cursor.advance();
            match next {
                b',' => {}
                _ if next == close => break,
                _ => return None,
            }
        }
    }
    cursor.peek().is_none().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_raw_text_and_the_last_of_a_key_wins() {
        let members = Members::read(r#" { "a" : 1.50, "\u0062":"x\n" ,"a":[ 1 ] ,"n":null} "#).unwrap();
        assert_eq!(members.get("a").unwrap().raw(), "[ 1 ]");
        assert_eq!(members.str("b").unwrap(), "x\n");
        assert!(members.get("n").is_none() && members.either("z", "b").is_some());
        assert_eq!(members.iter().count(), 3);
    }

    #[test]
    fn what_is_no_object_or_no_list_is_none() {
        for text in ["", "[]", "{", r#"{"a"}"#, r#"{"a":1,}"#, r#"{"a":1}x"#, r#"{"a":1]"#, "7"] {
            assert!(Members::read(text).is_none(), "{text}");
        }
        for text in ["{}", "[1,]", "[1", "[1}", "[1]x"] {
            assert!(list(text).is_none(), "{text}");
        }
        assert_eq!(list(" [ ] ").unwrap().len(), 0);
        assert_eq!(list(r#"["a", {"b":[1]} ]"#).unwrap()[1].raw(), r#"{"b":[1]}"#);
    }
}
