//! What the dialects differ in, as data.

use std::borrow::Cow;

use crate::dialect::Dialect;
use crate::value::Value;

use super::convert;

/// The rules of a dialect.
#[derive(Debug)]
pub(crate) struct Rules {
    /// `'x'` is a character, which counts as a number, and not text.
    pub(crate) characters: bool,
    /// `name = e` writes into the bindings.
    pub(crate) assignment: bool,
    /// Text beside a number is read as a number; else it is refused, and characters and constants of enums are text.
    pub(crate) text_counts: bool,
    /// The truth of a whole `test`.
    pub(crate) test: fn(&Value) -> Result<bool, String>,
    /// The truth of an operand of `and`, `or`, `not`, `?:` and of selections.
    pub(crate) operand: fn(&Value) -> bool,
}

/// What OGNL answers.
pub(crate) static MYBATIS: Rules =
    Rules { characters: true, assignment: true, text_counts: true, test: convert::test_truth, operand: convert::truth };

static PLAIN: Rules = Rules {
    characters: false,
    assignment: false,
    text_counts: false,
    test: |value| Ok(convert::plain_truth(value)),
    operand: convert::plain_truth,
};

impl Rules {
    pub(crate) fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::MyBatis => &MYBATIS,
            Dialect::Plain => &PLAIN,
        }
    }

    /// The text of a value that counts as text only.
    pub(super) fn text<'v>(&self, value: &'v Value) -> Option<Cow<'v, str>> {
        if self.text_counts {
            return None;
        }
        match value {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Enum(constant) => Some(Cow::Borrowed(&constant.name)),
            Value::Char(letter) => Some(Cow::Owned(letter.to_string())),
            _ => None,
        }
    }
}
