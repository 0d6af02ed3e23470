//! [`Choice`]: which kind of object a row holds, by the discriminators of its result map.

use std::sync::Arc;

use batis_dbc::ValueRef;

use super::cells::Cells;
use super::error::Failure;
use super::group::Reader;
use super::java_types::class;

/// An object, or the cases of a discriminator; a case may have a discriminator of its own.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// The object where no case fits.
    pub(crate) object: usize,
    pub(crate) switch: Option<Box<Switch>>,
}

/// A discriminator.
#[derive(Debug)]
pub(crate) struct Switch {
    /// The index in the row.
    pub(crate) column: usize,
    pub(crate) reader: Reader,
    pub(crate) reads: Reads,
    pub(crate) cases: Vec<(Arc<str>, Choice)>,
}

/// What the discriminator's `javaType` makes of its column before it is compared as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Text,
    Integer,
    Bool,
}

impl Reads {
    /// By the name of a Java type or its alias.
    pub(crate) fn of(java_type: Option<&str>) -> Self {
        match class(java_type.unwrap_or_default()).trim_start_matches('_') {
            "int" | "integer" | "long" | "short" | "byte" | "biginteger" => Self::Integer,
            "boolean" => Self::Bool,
            _ => Self::Text,
        }
    }
}

impl Choice {
    /// The object that this row holds.
    pub(crate) fn resolve(&self, row: impl Cells) -> Result<usize, Failure> {
        let mut choice = self;
        while let Some(switch) = &choice.switch {
            match switch.case(row)? {
                Some(next) => choice = next,
                None => break,
            }
        }
        Ok(choice.object)
    }
}

impl Switch {
    fn case(&self, row: impl Cells) -> Result<Option<&Choice>, Failure> {
        let value = row.value(self.column);
        match &self.reader {
            Reader::Plain => Ok(self.find(value)),
            Reader::Handler(handler) => match handler.from_sql(value) {
                Ok(cell) => Ok(self.find(cell.as_ref())),
                Err(error) => Err(Failure::new(error.message()).in_column(self.column)),
            },
        }
    }

    /// Compared as text, as in MyBatis, whose text of a null is `null`.
    fn find(&self, value: ValueRef<'_>) -> Option<&Choice> {
        let by = |text: &str| self.cases.iter().find(|(case, _)| **case == *text).map(|(_, choice)| choice);
        match (value, self.reads) {
            (ValueRef::Null, _) => by("null"),
            (ValueRef::Bool(v), Reads::Integer) => by(if v { "1" } else { "0" }),
            (ValueRef::Int(v), Reads::Bool) => by(if v == 0 { "false" } else { "true" }),
            (ValueRef::Text(text), Reads::Text) => by(text),
            (value, reads) => {
                let text = value.to_string();
                by(if reads == Reads::Integer { integer(&text) } else { &text })
            }
        }
    }
}

/// `12.00`, ` 12` and `012` as `12`; anything else as it is.
fn integer(text: &str) -> &str {
    let trimmed = text.trim();
    let (whole, fraction) = trimmed.split_once('.').unwrap_or((trimmed, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = !digits.is_empty() && [digits, fraction].concat().bytes().all(|b| b.is_ascii_digit());
    if !is_number || !fraction.bytes().all(|b| b == b'0') {
        return text;
    }
    match digits.trim_start_matches('0') {
        "" => "0",
        rest if rest.len() == digits.len() => whole,
        rest if whole.len() == digits.len() => rest,
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_in_one_spelling() {
        for (text, expected) in [
            ("12", "12"),
            (" 012", "12"),
            ("12.00", "12"),
            ("0", "0"),
            ("00", "0"),
            ("1.5", "1.5"),
            ("-3.0", "-3"),
            ("x", "x"),
        ] {
            assert_eq!(integer(text), expected, "{text}");
        }
    }

    #[test]
    fn java_types_say_how_a_column_is_read() {
        assert_eq!(Reads::of(Some("java.lang.Integer")), Reads::Integer);
        assert_eq!(Reads::of(Some("_int")), Reads::Integer);
        assert_eq!(Reads::of(Some("boolean")), Reads::Bool);
        assert_eq!((Reads::of(Some("string")), Reads::of(None)), (Reads::Text, Reads::Text));
    }
}
