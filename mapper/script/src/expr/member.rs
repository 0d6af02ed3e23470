//! Properties and indexes of values.

use std::borrow::Cow;

use crate::map::MapKind;
use crate::value::Value;

use super::ast::Subscript;
use super::eval::{Evaluated, ExprError, missing};
use super::{convert, method};

/// `value.name`.
pub(crate) fn property<'a>(value: Cow<'a, Value>, name: &str) -> Evaluated<'a> {
    match value {
        Cow::Borrowed(Value::Map(map)) => match (map_property(map, name), map.get(name)) {
            (Some(special), _) => Ok(Cow::Owned(special)),
            (None, Some(entry)) => Ok(Cow::Borrowed(entry)),
            (None, None) => missing_property(map, name),
        },
        other => property_of(&other, name).map(Cow::Owned),
    }
}

fn property_of(value: &Value, name: &str) -> Result<Value, ExprError> {
    let found = match value {
        Value::Null => return Err(ExprError::new(format!("null has no property `{name}`"))),
        Value::Map(map) => {
            let entry = map_property(map, name).or_else(|| map.get(name).cloned());
            return entry.map_or_else(|| missing_property(map, name).map(Cow::into_owned), Ok);
        }
        Value::List(items) => match &*name.to_ascii_lowercase() {
            "size" | "length" => Some(count(items.len())),
            "isempty" | "empty" => Some(Value::Bool(items.is_empty())),
            "iterator" => Some(method::iterator(items)),
            "tostring" => Some(Value::from(value.to_string())),
            _ => None,
        },
        other if name == "class" => method::class(other),
        other => method::getter(other, name),
    };
    found.ok_or_else(|| no_property(value, name))
}

fn missing_property<'a>(map: &crate::map::Map, name: &str) -> Evaluated<'a> {
    missing(map, name).map(Cow::Owned).map_err(|mut error| {
        if map.kind() == MapKind::Object {
            error.kind = crate::error::BindErrorKind::Expression;
        }
        error
    })
}

/// The properties of a map that hide keys of the same name.
fn map_property(map: &crate::map::Map, name: &str) -> Option<Value> {
    if map.kind() == MapKind::Object {
        return None;
    }
    match name {
        "size" => Some(count(map.len())),
        "isEmpty" => Some(Value::Bool(map.is_empty())),
        "keys" | "keySet" => Some(map.iter().map(|(key, _)| key.clone()).collect()),
        "values" => Some(map.iter().map(|(_, value)| value.clone()).collect()),
        _ => None,
    }
}

pub(crate) fn count(len: usize) -> Value {
    Value::Int(i32::try_from(len).unwrap_or(i32::MAX))
}

fn no_property(value: &Value, name: &str) -> ExprError {
    ExprError::new(format!("a value of type {} has no property `{name}`", value.type_name()))
}

/// `value[index]`.
pub(crate) fn index<'a>(value: Cow<'a, Value>, index: &Value) -> Evaluated<'a> {
    match value {
        Cow::Borrowed(Value::Map(map)) => match map.get_key(index) {
            Some(entry) => Ok(Cow::Borrowed(entry)),
            None => missing_property(map, &index.to_string()),
        },
        Cow::Borrowed(Value::List(items)) if is_number(index) => element(items, index).map(Cow::Borrowed),
        other => index_of(&other, index).map(Cow::Owned),
    }
}

fn index_of(value: &Value, index: &Value) -> Result<Value, ExprError> {
    match value {
        Value::Map(map) => match map.get_key(index) {
            Some(entry) => Ok(entry.clone()),
            None => missing_property(map, &index.to_string()).map(Cow::into_owned),
        },
        Value::List(items) if is_number(index) => element(items, index).cloned(),
        other => match index {
            Value::Text(name) => property_of(other, name),
            _ => Err(no_property(other, &index.to_string())),
        },
    }
}

fn is_number(value: &Value) -> bool {
    !matches!(value, Value::Bool(_) | Value::Char(_)) && super::number::Kind::of(value) != super::number::Kind::Other
}

pub(crate) fn element<'v>(items: &'v [Value], index: &Value) -> Result<&'v Value, ExprError> {
    let at = convert::long(index)?;
    usize::try_from(at)
        .ok()
        .and_then(|at| items.get(at))
        .ok_or_else(|| ExprError::new(format!("index {at} is out of range: the list has {} elements", items.len())))
}

/// `value[^]` and its kin.
pub(crate) fn subscript(value: &Value, which: Subscript) -> Result<Value, ExprError> {
    match value {
        Value::List(items) => Ok(match which {
            Subscript::First => items.first().cloned().unwrap_or_default(),
            Subscript::Middle => items.get(items.len() / 2).cloned().unwrap_or_default(),
            Subscript::Last => items.last().cloned().unwrap_or_default(),
            Subscript::All => value.clone(),
        }),
        // A map takes the subscript for a key, which it never has.
        Value::Map(_) => Ok(Value::Null),
        other => Err(no_property(other, "first, middle, last or all")),
    }
}
