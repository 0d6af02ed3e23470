//! Values that SQLite has no storage class for, as text.

use std::fmt::Write as _;

use batis_dbc::{Value, ValueRef};

/// A parameter in one of SQLite's five storage classes.
#[derive(Debug, PartialEq)]
pub(crate) enum Native<'a> {
    Null,
    Int(i64),
    Float(f64),
    Text(&'a str),
    /// Text that was made for the call.
    Made(String),
    Bytes(&'a [u8]),
}

/// How a value is stored. See the table in the crate's documentation.
#[inline]
pub(crate) fn native(value: ValueRef<'_>) -> Native<'_> {
    match value {
        ValueRef::Null => Native::Null,
        ValueRef::Bool(v) => Native::Int(v.into()),
        ValueRef::Int(v) => Native::Int(v),
        ValueRef::Float(v) => Native::Float(v),
        ValueRef::Text(v) | ValueRef::Numeric(v) | ValueRef::Json(v) => Native::Text(v),
        ValueRef::Bytes(v) => Native::Bytes(v),
        ValueRef::Array(items) => Native::Made(json_array(items)),
        other => Native::Made(other.to_string()),
    }
}

/// An array as JSON: numbers, booleans, nulls and JSON documents as they are, all else as text.
fn json_array(items: &[Value]) -> String {
    let mut out = String::new();
    write_array(&mut out, items);
    out
}

fn write_array(out: &mut String, items: &[Value]) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_item(out, item);
    }
    out.push(']');
}

fn write_item(out: &mut String, item: &Value) {
    match item {
        Value::Null => out.push_str("null"),
        Value::Bool(_) | Value::Int(_) => push(out, item),
        // JSON has neither NaN nor infinities.
        Value::Float(v) if v.is_finite() => push(out, item),
        Value::Float(_) => out.push_str("null"),
        Value::Json(text) => out.push_str(text),
        Value::Array(inner) => write_array(out, inner),
        Value::Text(text) => write_text(out, text),
        other => write_text(out, &other.to_string()),
    }
}

fn push(out: &mut String, item: &Value) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{item}");
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_json() {
        let items = [
            Value::Int(1),
            Value::Null,
            Value::Text("a\"\n".into()),
            Value::Float(f64::NAN),
            Value::Uuid([0; 16]),
            Value::Array([Value::Bool(true)].into()),
        ];
        assert_eq!(
            native(ValueRef::Array(&items)),
            Native::Made("[1,null,\"a\\\"\\u000a\",null,\"00000000-0000-0000-0000-000000000000\",[true]]".into())
        );
    }

    #[test]
    fn what_sqlite_does_not_know_is_text() {
        assert_eq!(native(ValueRef::Date(0)), Native::Made("1970-01-01".into()));
        assert_eq!(native(ValueRef::Bool(true)), Native::Int(1));
        assert_eq!(native(ValueRef::Numeric("1.50")), Native::Text("1.50"));
    }
}
