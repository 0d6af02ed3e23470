//! Property paths of `#{}`: `a.b[0].c`.

use std::borrow::Cow;

use crate::expr::{ExprError, getter, missing, property_of_parameter};
use crate::value::Value;

type Found<'a> = Result<Cow<'a, Value>, ExprError>;

/// The first segment of a path and what follows its dot.
fn split(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)))
}

/// A segment's name and the text between its brackets.
fn indexed(segment: &str) -> (&str, Option<&str>) {
    match segment.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']').unwrap_or(rest))),
        None => (segment, None),
    }
}

/// The name a path begins with.
pub(crate) fn first_name(path: &str) -> &str {
    let end = path.bytes().position(|byte| matches!(byte, b'.' | b'[')).unwrap_or(path.len());
    &path[..end]
}

/// Reads a path from the parameter object: a single value answers to every path.
pub(crate) fn read_parameter<'a>(parameter: &'a Value, path: &str) -> Found<'a> {
    if parameter.is_scalar() || parameter.is_null() {
        return Ok(Cow::Borrowed(parameter));
    }
    let name = first_name(path);
    if name.is_empty() && path.starts_with('[') {
        return read_rest(Cow::Borrowed(parameter), path);
    }
    from_first(property_of_parameter(parameter, name)?, name, path)
}

/// Reads a path whose first name has this value.
pub(crate) fn from_first<'a>(value: Cow<'a, Value>, name: &str, path: &str) -> Found<'a> {
    if name.len() == path.len() {
        return Ok(value);
    }
    let (segment, rest) = split(path);
    let value = match indexed(segment).1 {
        Some(index) => element(value, index, segment)?,
        None => value,
    };
    match rest {
        Some(rest) => below(value, rest),
        None => Ok(value),
    }
}

/// Reads what follows a dot; nothing follows from null.
pub(crate) fn below<'a>(value: Cow<'a, Value>, rest: &str) -> Found<'a> {
    if value.is_null() { Ok(value) } else { read_rest(value, rest) }
}

fn read_rest<'a>(value: Cow<'a, Value>, path: &str) -> Found<'a> {
    let (segment, rest) = split(path);
    let (name, index) = indexed(segment);
    // `[0]` is an element of the value itself, whereas nothing between two dots is a property without a name.
    let mut value = if name.is_empty() && index.is_some() { value } else { property(value, name)? };
    if let Some(index) = index {
        value = element(value, index, segment)?;
    }
    match rest {
        Some(rest) => below(value, rest),
        None => Ok(value),
    }
}

fn property<'a>(value: Cow<'a, Value>, name: &str) -> Found<'a> {
    match value {
        Cow::Borrowed(Value::Map(map)) => match map.get(name) {
            Some(found) => Ok(Cow::Borrowed(found)),
            None => missing(map, name).map(Cow::Owned),
        },
        Cow::Owned(Value::Map(map)) => match map.get(name) {
            Some(found) => Ok(Cow::Owned(found.clone())),
            None => missing(&map, name).map(Cow::Owned),
        },
        other => getter(&other, name).filter(|_| !matches!(name, "length" | "trim")).map(Cow::Owned).ok_or_else(|| {
            ExprError::parameter(format!("a value of type {} has no property `{name}`", other.type_name()))
        }),
    }
}

fn element<'a>(value: Cow<'a, Value>, index: &str, segment: &str) -> Found<'a> {
    let out_of_range =
        |len: usize| ExprError::parameter(format!("`{segment}` is out of range: there are {len} elements"));
    let position = || {
        index
            .parse::<usize>()
            .map_err(|_| ExprError::parameter(format!("the index of `{segment}` is not a whole number")))
    };
    match value {
        Cow::Borrowed(Value::List(items)) => {
            items.get(position()?).map(Cow::Borrowed).ok_or_else(|| out_of_range(items.len()))
        }
        Cow::Owned(Value::List(items)) => {
            items.get(position()?).cloned().map(Cow::Owned).ok_or_else(|| out_of_range(items.len()))
        }
        Cow::Borrowed(Value::Map(_)) | Cow::Owned(Value::Map(_)) => property(value, index),
        Cow::Borrowed(Value::Null) | Cow::Owned(Value::Null) => {
            Err(ExprError::parameter(format!("`{segment}` cannot be read: it is null before the index")))
        }
        other => Err(ExprError::parameter(format!(
            "`{segment}` cannot be read: a value of type {} has no index",
            other.type_name()
        ))),
    }
}
