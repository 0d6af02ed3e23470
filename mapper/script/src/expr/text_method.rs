//! Methods of text, with Java's positions (UTF-16 units).

use std::sync::Arc;

use crate::value::Value;

use super::convert;
use super::eval::ExprError;
use super::member::count;
use super::method::Called;
use super::pattern;

/// Methods without arguments that may be read as properties.
pub(crate) const GETTERS: [&str; 12] = [
    "getBytes",
    "length",
    "isEmpty",
    "isBlank",
    "trim",
    "strip",
    "toLowerCase",
    "toUpperCase",
    "toString",
    "intern",
    "toCharArray",
    "hashCode",
];

type Outcome = Result<Value, ExprError>;

pub(crate) fn call(text: &Arc<str>, name: &str, arguments: &[Value]) -> Called {
    match arguments {
        [] => without(text, name).map(Ok),
        [one] => with_one(text, name, one),
        [first, second] => with_two(text, name, first, second),
        _ => None,
    }
}

fn without(text: &Arc<str>, name: &str) -> Option<Value> {
    Some(match name {
        "length" => count(units(text)),
        "isEmpty" => Value::Bool(text.is_empty()),
        "isBlank" => Value::Bool(text.trim().is_empty()),
        "trim" => Value::from(convert::java_trim(text)),
        "strip" => Value::from(text.trim()),
        "stripLeading" => Value::from(text.trim_start()),
        "stripTrailing" => Value::from(text.trim_end()),
        "toLowerCase" => Value::from(text.to_lowercase()),
        "toUpperCase" => Value::from(text.to_uppercase()),
        "toString" | "intern" => Value::Text(text.clone()),
        "toCharArray" => text.chars().map(Value::Char).collect(),
        "getBytes" => Value::Bytes(text.as_bytes().into()),
        "hashCode" => Value::Int(hash_code(text)),
        _ => return None,
    })
}

fn hash_code(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

fn with_one(text: &Arc<str>, name: &str, argument: &Value) -> Called {
    Some(match name {
        "equalsIgnoreCase" => Ok(Value::Bool(!argument.is_null() && same_ignoring_case(text, &argument.to_string()))),
        "startsWith" => string(argument).map(|start| Value::Bool(text.starts_with(&start))),
        "endsWith" => string(argument).map(|end| Value::Bool(text.ends_with(&end))),
        "contains" => sequence(argument).map(|part| Value::Bool(text.contains(&*part))),
        "contentEquals" => sequence(argument).map(|other| Value::Bool(**text == *other)),
        "concat" => string(argument).map(|other| Value::from(format!("{text}{other}"))),
        "compareTo" | "compareToIgnoreCase" if !matches!(argument, Value::Text(_)) => {
            Err(ExprError::new(format!("text cannot be compared with a value of type {}", argument.type_name())))
        }
        "compareTo" => string(argument).map(|other| Value::Int(compare(text, &other))),
        "compareToIgnoreCase" => {
            string(argument).map(|other| Value::Int(compare(&text.to_lowercase(), &other.to_lowercase())))
        }
        "indexOf" | "lastIndexOf" if matches!(argument, Value::Int(code) if *code < 0) => Ok(Value::Int(-1)),
        "indexOf" => needle(argument).map(|part| found(text, text.find(&part))),
        "lastIndexOf" => needle(argument).map(|part| found(text, text.rfind(&part))),
        "charAt" => char_at(text, argument),
        "codePointAt" => char_at(text, argument).and_then(|letter| Ok(Value::Int(number(&letter)?))),
        "substring" => slice(text, argument, None),
        "repeat" => repeat(text, argument),
        "split" => string(argument).and_then(|separator| pattern::split(text, &separator, 0)),
        "matches" => string(argument).and_then(|pattern| pattern::matches(text, &pattern)),
        _ => return None,
    })
}

fn with_two(text: &Arc<str>, name: &str, first: &Value, second: &Value) -> Called {
    Some(match name {
        "substring" | "subSequence" => slice(text, first, Some(second)),
        "replace" => replace(text, first, second),
        "replaceAll" | "replaceFirst" => {
            string(first).and_then(|pattern| pattern::replace(text, &pattern, &string(second)?, name == "replaceAll"))
        }
        "lastIndexOf" => needle(first).and_then(|part| last_index_from(text, &part, second)),
        "indexOf" => needle(first).and_then(|part| index_from(text, &part, second)),
        "startsWith" => string(first).map(|start| {
            let rest = slice(text, second, None);
            Value::Bool(rest.is_ok_and(|rest| rest.to_string().starts_with(&start)))
        }),
        "split" => string(first).and_then(|separator| pattern::split(text, &separator, number(second)?)),
        _ => return None,
    })
}

/// A `String` argument: anything but null is turned into text.
fn string(value: &Value) -> Result<String, ExprError> {
    if value.is_null() { Err(ExprError::new("a text argument is null")) } else { Ok(value.to_string()) }
}

/// A `CharSequence` argument: text only; a single quoted character is none.
fn sequence(value: &Value) -> Result<Arc<str>, ExprError> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        Value::Null => Err(ExprError::new("a text argument is null")),
        Value::Char(letter) => Err(ExprError::new(format!("'{letter}' is a character and not text"))
            .help(format!("write \"{letter}\" with double quotes"))),
        other => Err(ExprError::new(format!("a value of type {} is not text", other.type_name()))),
    }
}

/// An `int` argument.
fn number(value: &Value) -> Result<i32, ExprError> {
    let long = convert::long(value)?;
    i32::try_from(long).map_err(|_| ExprError::new(format!("{long} is too large")))
}

/// What `indexOf` looks for: text, a character or the number of one.
fn needle(value: &Value) -> Result<String, ExprError> {
    match value {
        Value::Int(code) => {
            Ok(u32::try_from(*code).ok().and_then(char::from_u32).map_or_else(String::new, String::from))
        }
        other => string(other),
    }
}

fn same_ignoring_case(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

/// Java's difference: of the first unequal units, else of the lengths.
fn compare(a: &str, b: &str) -> i32 {
    let pair = a.encode_utf16().zip(b.encode_utf16()).find(|(a, b)| a != b);
    let length = |text: &str| i32::try_from(units(text)).unwrap_or(i32::MAX);
    pair.map_or_else(|| length(a) - length(b), |(a, b)| i32::from(a) - i32::from(b))
}

/// Length in UTF-16 units.
pub(crate) fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// The byte offset of a position in UTF-16 units.
fn offset(text: &str, position: usize) -> Option<usize> {
    let mut seen = 0;
    for (at, letter) in text.char_indices() {
        if seen >= position {
            return (seen == position).then_some(at);
        }
        seen += letter.len_utf16();
    }
    (seen == position).then_some(text.len())
}

fn found(text: &str, at: Option<usize>) -> Value {
    at.map_or(Value::Int(-1), |at| count(units(&text[..at])))
}

fn index_from(text: &str, part: &str, from: &Value) -> Outcome {
    let from = offset(text, usize::try_from(number(from)?).unwrap_or(0)).unwrap_or(text.len());
    Ok(found(text, text[from..].find(part).map(|at| at + from)))
}

fn last_index_from(text: &str, part: &str, from: &Value) -> Outcome {
    let Ok(from) = usize::try_from(number(from)?) else { return Ok(Value::Int(-1)) };
    let end = offset(text, from).map_or(text.len(), |at| (at + part.len()).min(text.len()));
    Ok(found(text, text.get(..end).unwrap_or(text).rfind(part)))
}

fn out_of_range(text: &str, position: impl std::fmt::Display) -> ExprError {
    ExprError::new(format!("position {position} is out of range: the text has {} characters", units(text)))
}

fn position(text: &str, value: &Value) -> Result<usize, ExprError> {
    let wanted = number(value)?;
    usize::try_from(wanted).ok().and_then(|at| offset(text, at)).ok_or_else(|| out_of_range(text, wanted))
}

fn char_at(text: &str, index: &Value) -> Outcome {
    let at = position(text, index)?;
    text[at..].chars().next().map(Value::Char).ok_or_else(|| out_of_range(text, index))
}

fn slice(text: &str, from: &Value, to: Option<&Value>) -> Outcome {
    let start = position(text, from)?;
    let end = to.map_or(Ok(text.len()), |to| position(text, to))?;
    text.get(start..end).map(Value::from).ok_or_else(|| out_of_range(text, from))
}

fn repeat(text: &str, times: &Value) -> Outcome {
    let times = number(times)?;
    let count = usize::try_from(times).ok().filter(|count| count.saturating_mul(text.len()) <= 1 << 24);
    count
        .map(|count| Value::from(text.repeat(count)))
        .ok_or_else(|| ExprError::new(format!("cannot repeat {times} times")))
}

/// Two characters, or two texts.
fn replace(text: &str, from: &Value, to: &Value) -> Outcome {
    if let (Value::Char(from), Value::Char(to)) = (from, to) {
        return Ok(Value::from(text.replace(*from, to.encode_utf8(&mut [0; 4]))));
    }
    let (from, to) = (sequence(from)?, sequence(to)?);
    Ok(Value::from(text.replace(&*from, &to)))
}
