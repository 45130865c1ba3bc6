//! Holding a request against a provider's published schema, field by field. What is wrong is told with the field's full
//! name; the words are for the dialect ([`Wrong`]).
//!
//! Written from the providers' references and from nothing that the relay has: a conversion that makes something up
//! must be found out here.

use serde_json::{Map, Value};

/// What is wrong, and where: `messages[0].content[1].type`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wrong {
    /// A field that the schema does not have.
    Unknown { at: String, name: String },
    /// A field that must be there.
    Missing { at: String },
    /// Another JSON type than wanted.
    Type { at: String, want: &'static str, got: &'static str },
    /// A value that is none of those allowed.
    Value { at: String, got: String, allowed: Vec<&'static str> },
    /// A number or a length out of its bounds.
    Bound { at: String, message: String },
    /// A rule between fields, in the provider's words.
    Rule { at: String, message: String },
}

pub(crate) type Checked<T = ()> = Result<T, Wrong>;

/// Shorthand for [`Wrong::Rule`].
pub(crate) fn rule<T>(at: &str, message: impl Into<String>) -> Checked<T> {
    Err(Wrong::Rule { at: at.to_owned(), message: message.into() })
}

/// A value and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub(crate) value: &'a Value,
    pub(crate) at: String,
    /// Whether fields that are not in the schema are refused.
    strict: bool,
}

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value, strict: bool) -> Self {
        Self { value, at: String::new(), strict }
    }

    /// An object with no other fields than these.
    pub(crate) fn known(&self, names: &[&str]) -> Checked {
        let object = self.object()?;
        match object.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) if self.strict => Err(Wrong::Unknown { at: self.at.clone(), name: name.clone() }),
            _ => Ok(()),
        }
    }

    pub(crate) fn object(&self) -> Checked<&'a Map<String, Value>> {
        self.value.as_object().ok_or_else(|| self.not("an object"))
    }

    /// The members of an object whose names are free.
    pub(crate) fn members(&self) -> Checked<impl Iterator<Item = (&'a str, Node<'a>)>> {
        let object = self.object()?;
        Ok(object.iter().map(|(name, value)| (name.as_str(), self.below(name, value))))
    }

    /// A field; null counts as absent.
    pub(crate) fn field(&self, name: &str) -> Option<Node<'a>> {
        self.present(name).filter(|node| !node.value.is_null())
    }

    /// A field, null or not.
    pub(crate) fn present(&self, name: &str) -> Option<Node<'a>> {
        self.value.get(name).map(|value| self.below(name, value))
    }

    pub(crate) fn need(&self, name: &str) -> Checked<Node<'a>> {
        self.present(name).ok_or_else(|| Wrong::Missing { at: self.name_of(name) })
    }

    pub(crate) fn list(&self) -> Checked<Vec<Node<'a>>> {
        let items = self.value.as_array().ok_or_else(|| self.not("an array"))?;
        let item = |(n, value)| Node { value, at: format!("{}[{n}]", self.at), strict: self.strict };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub(crate) fn text(&self) -> Checked<&'a str> {
        self.value.as_str().ok_or_else(|| self.not("a string"))
    }

    /// A string of at most so many characters.
    pub(crate) fn short(&self, longest: usize) -> Checked<&'a str> {
        let text = self.text()?;
        let length = text.chars().count();
        if length <= longest {
            return Ok(text);
        }
        let message = format!(
            "Invalid '{}': string too long. Expected a string with maximum length {longest}, but got a string with \
             length {length} instead.",
            self.at
        );
        Err(Wrong::Bound { at: self.at.clone(), message })
    }

    pub(crate) fn one_of(&self, allowed: &[&'static str]) -> Checked<&'a str> {
        let text = self.text()?;
        if allowed.contains(&text) {
            return Ok(text);
        }
        Err(Wrong::Value { at: self.at.clone(), got: text.to_owned(), allowed: allowed.to_vec() })
    }

    pub(crate) fn boolean(&self) -> Checked<bool> {
        self.value.as_bool().ok_or_else(|| self.not("a boolean"))
    }

    pub(crate) fn integer(&self, least: i64) -> Checked<u64> {
        let number = self.value.as_i64().ok_or_else(|| self.not("an integer"))?;
        if number < least {
            let message = format!(
                "Invalid '{}': integer below minimum value. Expected a value >= {least}, but got {number} instead.",
                self.at
            );
            return Err(Wrong::Bound { at: self.at.clone(), message });
        }
        Ok(number.unsigned_abs())
    }

    pub(crate) fn number(&self, least: f64, most: f64) -> Checked<f64> {
        let number = self.value.as_f64().ok_or_else(|| self.not("a decimal"))?;
        if (least..=most).contains(&number) {
            return Ok(number);
        }
        let (which, sign, bound) =
            if number < least { ("below minimum", ">=", least) } else { ("above maximum", "<=", most) };
        let message = format!(
            "Invalid '{}': decimal {which} value. Expected a value {sign} {bound}, but got {number} instead.",
            self.at
        );
        Err(Wrong::Bound { at: self.at.clone(), message })
    }

    /// A field that may be absent, and is right where it is not.
    pub(crate) fn maybe<T>(
        &self,
        name: &str,
        check: impl FnOnce(&Node<'a>) -> Checked<T>,
    ) -> Checked<Option<T>> {
        self.field(name).map(|node| check(&node)).transpose()
    }

    /// Fields that may be absent and are strings where they are not.
    pub(crate) fn texts(&self, names: &[&str]) -> Checked {
        names.iter().try_for_each(|name| self.maybe(name, |node| node.text().map(|_| ())).map(|_| ()))
    }

    /// Fields that may be absent and are booleans where they are not.
    pub(crate) fn booleans(&self, names: &[&str]) -> Checked {
        names.iter().try_for_each(|name| self.maybe(name, |node| node.boolean().map(|_| ())).map(|_| ()))
    }

    pub(crate) fn not(&self, want: &'static str) -> Wrong {
        Wrong::Type { at: self.at.clone(), want, got: kind(self.value) }
    }

    fn below(&self, name: &str, value: &'a Value) -> Node<'a> {
        Node { value, at: self.name_of(name), strict: self.strict }
    }

    fn name_of(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }
}

/// What a value is, with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_full_name() {
        let value = json!({"a": [{"b": 1}, {"c": null}]});
        let items = Node::root(&value, true).need("a").unwrap().list().unwrap();
        let at = |wrong: Wrong| match wrong {
            Wrong::Type { at, .. } | Wrong::Missing { at } | Wrong::Unknown { at, .. } => at,
            other => panic!("{other:?}"),
        };
        assert_eq!(at(items[0].need("b").unwrap().text().unwrap_err()), "a[0].b");
        assert_eq!(at(items[1].need("d").unwrap_err()), "a[1].d");
        assert_eq!(at(items[1].known(&["b"]).unwrap_err()), "a[1]");
        assert!(items[1].field("c").is_none() && items[1].present("c").is_some());
    }

    #[test]
    fn unknown_fields_pass_where_nobody_is_strict() {
        let value = json!({"new": 1});
        assert!(Node::root(&value, false).known(&[]).is_ok());
        assert!(Node::root(&value, true).known(&[]).is_err());
    }
}
