//! Methods of values. Only methods that read are known: nothing an expression does changes a parameter.

#![allow(clippy::cast_possible_truncation, reason = "Java's narrowing is what is asked for")]

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use crate::map::{Map, MapKind};
use crate::value::Value;

use super::eval::{Evaluated, ExprError, missing};
use super::member::{count, element};
use super::{convert, text_method};

/// `None`: no method of that name and number of arguments.
pub(crate) type Called = Option<Result<Value, ExprError>>;

/// `value.name(arguments)`.
pub(crate) fn call<'a>(value: Cow<'a, Value>, name: &str, arguments: &[Value]) -> Evaluated<'a> {
    if value.is_null() {
        return Err(ExprError::new(format!("null has no method `{name}`")).help("test `!= null` first"));
    }
    let own = match &*value {
        Value::Text(text) => text_method::call(text, name, arguments),
        Value::List(items) => list(items, name, arguments),
        Value::Map(map) => map_method(map, name, arguments),
        other => scalar(other, name, arguments),
    };
    match own.or_else(|| common(&value, name, arguments)) {
        Some(result) => result.map(Cow::Owned),
        None => Err(ExprError::new(format!(
            "a value of type {} has no method `{name}` with {} arguments",
            value.type_name(),
            arguments.len()
        ))),
    }
}

/// The property `name` of a value, read through a method without arguments in any case: `name`, `getName`, `isName`.
pub(crate) fn getter(value: &Value, name: &str) -> Option<Value> {
    let lower = name.to_lowercase();
    let methods: &[&str] = match value {
        Value::Text(_) => &text_method::GETTERS,
        Value::Enum(_) => &["name", "ordinal", "toString"],
        Value::Int(_) | Value::Long(_) | Value::Float(_) | Value::Double(_) | Value::Decimal(_) | Value::BigInt(_) => {
            &["intValue", "longValue", "doubleValue", "floatValue", "isNaN", "isInfinite", "toString"]
        }
        _ => &["toString"],
    };
    let fits = |method: &&&str| {
        let method = method.to_lowercase();
        [method.strip_prefix("get"), method.strip_prefix("is"), Some(&*method)].contains(&Some(&*lower))
    };
    let method = methods.iter().find(fits)?;
    call(Cow::Borrowed(value), method, &[]).ok().map(Cow::into_owned)
}

/// Methods of every value.
fn common(value: &Value, name: &str, arguments: &[Value]) -> Called {
    match (name, arguments) {
        ("toString", []) => Some(Ok(Value::from(value.to_string()))),
        ("getClass", []) => class(value).map(Ok),
        ("equals", [other]) => Some(Ok(Value::Bool(value.java_equals(other)))),
        _ => None,
    }
}

/// The class of a value, as far as its names go.
pub(crate) fn class(value: &Value) -> Option<Value> {
    let name = match value {
        Value::Bool(_) => "java.lang.Boolean",
        Value::Char(_) => "java.lang.Character",
        Value::Int(_) => "java.lang.Integer",
        Value::Long(_) => "java.lang.Long",
        Value::Float(_) => "java.lang.Float",
        Value::Double(_) => "java.lang.Double",
        Value::BigInt(_) => "java.math.BigInteger",
        Value::Decimal(_) => "java.math.BigDecimal",
        Value::Text(_) => "java.lang.String",
        // What OGNL answers about the class of a collection is a matter of its internals.
        Value::List(_) | Value::Map(_) => return Some(Value::from(Map::object().with("isArray", false))),
        Value::Null | Value::Bytes(_) | Value::Enum(_) | Value::Typed(_) => return None,
    };
    let simple = name.rsplit_once('.').map_or(name, |(_, simple)| simple);
    Some(Value::from(Map::object().with("name", name).with("simpleName", simple).with("isArray", false)))
}

fn scalar(value: &Value, name: &str, arguments: &[Value]) -> Called {
    if let ("compareTo", [other]) = (name, arguments) {
        return Some(compare_to(value, other));
    }
    if !arguments.is_empty() {
        return None;
    }
    let number = super::number::Kind::of(value) != super::number::Kind::Other;
    match (value, name) {
        (Value::Enum(constant), "name") => Some(Ok(Value::from(constant.name.clone()))),
        (Value::Enum(constant), "ordinal") => Some(Ok(count(constant.ordinal as usize))),
        (Value::Bool(_), "booleanValue") | (Value::Char(_), "charValue") => Some(Ok(value.clone())),
        (Value::Float(_) | Value::Double(_), "isNaN") => Some(real(value, f64::is_nan)),
        (Value::Float(_) | Value::Double(_), "isInfinite") => Some(real(value, f64::is_infinite)),
        (Value::Bool(_) | Value::Char(_), _) => None,
        (_, "intValue") if number => Some(convert::int(value).map(Value::Int).map_err(Into::into)),
        (_, "longValue") if number => Some(convert::long(value).map(Value::Long).map_err(Into::into)),
        (_, "doubleValue") if number => Some(convert::double(value).map(Value::Double).map_err(Into::into)),
        (_, "floatValue") if number => {
            Some(convert::double(value).map(|value| Value::Float(value as f32)).map_err(Into::into))
        }
        _ => None,
    }
}

fn real(value: &Value, test: fn(f64) -> bool) -> Result<Value, ExprError> {
    Ok(Value::Bool(test(convert::double(value)?)))
}

/// Only values of one type compare, as in Java.
fn compare_to(value: &Value, other: &Value) -> Result<Value, ExprError> {
    if std::mem::discriminant(value) != std::mem::discriminant(other) {
        let message =
            format!("a value of type {} cannot be compared with one of type {}", value.type_name(), other.type_name());
        return Err(ExprError::new(message));
    }
    let order = super::arith::compare(value, other, &super::rules::MYBATIS)?;
    Ok(Value::Int(match order {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}

fn list(items: &[Value], name: &str, arguments: &[Value]) -> Called {
    let position = |found: Option<usize>| found.map_or(Value::Int(-1), count);
    Some(Ok(match (name, arguments) {
        ("size", []) => count(items.len()),
        ("isEmpty", []) => Value::Bool(items.is_empty()),
        ("get", [index]) => return Some(element(items, index).cloned()),
        ("contains", [wanted]) => Value::Bool(items.iter().any(|item| item.java_equals(wanted))),
        ("containsAll", [Value::List(wanted)]) => {
            Value::Bool(wanted.iter().all(|wanted| items.iter().any(|item| item.java_equals(wanted))))
        }
        ("indexOf", [wanted]) => position(items.iter().position(|item| item.java_equals(wanted))),
        ("lastIndexOf", [wanted]) => position(items.iter().rposition(|item| item.java_equals(wanted))),
        ("subList", [from, to]) => return Some(sub_list(items, from, to)),
        ("toArray", []) => items.iter().cloned().collect(),
        ("toArray", [Value::List(given)]) => to_array(items, given),
        ("iterator" | "listIterator", []) => iterator(items),
        ("stream" | "parallelStream", []) => items.iter().cloned().collect(),
        ("distinct", []) => distinct(items),
        ("count", []) => Value::Long(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        _ => return None,
    }))
}

/// A given array that is longer is filled, and a null marks the end of the items.
fn to_array(items: &[Value], given: &[Value]) -> Value {
    let rest =
        given.iter().skip(items.len()).enumerate().map(|(at, old)| if at == 0 { Value::Null } else { old.clone() });
    items.iter().cloned().chain(rest).collect()
}

/// Text is what long lists hold: it is looked up, anything else is compared.
fn distinct(items: &[Value]) -> Value {
    let mut texts = HashSet::new();
    let mut others: Vec<&Value> = Vec::new();
    let mut kept = Vec::new();
    for item in items {
        let is_new = match item {
            Value::Text(text) => texts.insert(&**text),
            _ => !others.iter().any(|other| other.java_equals(item)),
        };
        if is_new {
            others.extend((!matches!(item, Value::Text(_))).then_some(item));
            kept.push(item.clone());
        }
    }
    Value::from(kept)
}

/// An iterator that stands before the first element: all that an expression can ask of it.
pub(crate) fn iterator(items: &[Value]) -> Value {
    let iterator = Map::object().with("hasNext", !items.is_empty());
    Value::from(match items.first() {
        Some(first) => iterator.with("next", first.clone()),
        None => iterator,
    })
}

fn sub_list(items: &[Value], from: &Value, to: &Value) -> Result<Value, ExprError> {
    let (from, to) = (convert::long(from)?, convert::long(to)?);
    let range = usize::try_from(from).ok().zip(usize::try_from(to).ok()).and_then(|(from, to)| items.get(from..to));
    let range = range.ok_or_else(|| {
        ExprError::new(format!("{from} to {to} is out of range: the list has {} elements", items.len()))
    })?;
    Ok(range.iter().cloned().collect())
}

fn map_method(map: &Map, name: &str, arguments: &[Value]) -> Called {
    if map.kind() != crate::map::MapKind::Object {
        let found = plain_map(map, name, arguments);
        if found.is_some() {
            return found;
        }
    }
    // An object that comes as a map: its getters read its entries.
    if !arguments.is_empty() {
        return None;
    }
    let property = name.strip_prefix("get").or_else(|| name.strip_prefix("is")).filter(|rest| !rest.is_empty());
    let found = property.and_then(|rest| map.get(&decapitalized(rest)).or_else(|| map.get_exact(name)));
    found.or_else(|| map.get_exact(name)).map(|value| Ok(value.clone()))
}

fn decapitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

fn plain_map(map: &Map, name: &str, arguments: &[Value]) -> Called {
    let entry = |key: &Value| match key {
        Value::Text(name) => map.get_exact(name),
        other => map.get_key(other),
    };
    Some(Ok(match (name, arguments) {
        ("size", []) => count(map.len()),
        ("isEmpty", []) => Value::Bool(map.is_empty()),
        ("get", [key]) => match entry(key).or_else(|| map.get_key(key)) {
            Some(value) => value.clone(),
            None if map.kind() == MapKind::Strict => return Some(missing(map, &key.to_string())),
            None => Value::Null,
        },
        ("getOrDefault", [key, default]) => map.get_key(key).unwrap_or(default).clone(),
        ("containsKey", [key]) => Value::Bool(map.get_key(key).is_some()),
        ("containsValue", [wanted]) => Value::Bool(map.iter().any(|(_, value)| value.java_equals(wanted))),
        ("keySet", []) => map.iter().map(|(key, _)| key.clone()).collect(),
        ("values", []) => map.iter().map(|(_, value)| value.clone()).collect(),
        ("entrySet", []) => {
            let entry = |(key, value): (&Value, &Value)| {
                Map::new().with_kind(MapKind::Entry).with("key", key.clone()).with("value", value.clone())
            };
            map.iter().map(entry).collect()
        }
        // Java would return the old value; the map itself stays as it is.
        ("remove", [key]) => map.get_key(key).cloned().unwrap_or_default(),
        ("replace" | "put", [key, _]) => map.get_key(key).cloned().unwrap_or_default(),
        _ => return None,
    }))
}
