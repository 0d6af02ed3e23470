//! The helper classes that mapper files call most: `StringUtils`, `CollectionUtils`, `ObjectUtils` and their kin.
//!
//! They are known by their simple names, since applications have their own of the same names. What the common
//! libraries declare as `CharSequence` or `Collection` takes nothing else there; an application's own is taken to accept anything.

use std::sync::Arc;

use crate::value::Value;

use super::eval::ExprError;
use super::{convert, text_method};

type Outcome = Result<Value, ExprError>;

/// Calls `method` of a helper class; `None` when it is not known.
pub(super) fn call(class: &str, method: &str, arguments: &[Value]) -> Option<Outcome> {
    let (package, simple) = class.rsplit_once('.').unwrap_or(("", class));
    let strict = matches!(
        package,
        "org.apache.commons.lang3"
            | "org.apache.commons.collections4"
            | "org.apache.commons.collections"
            | "org.springframework.util"
    );
    match simple {
        // These two are declared for any object.
        "StringUtils" if package == "org.springframework.util" && method == "isEmpty" => shared(method, arguments)
            .map(|_| Ok(Value::Bool(matches!(arguments, [Value::Null]) || arguments[0].as_str() == Some("")))),
        "CollectionUtils" if method == "size" && matches!(arguments, [Value::Map(_)]) => {
            super::method::call(std::borrow::Cow::Borrowed(&arguments[0]), "size", &[])
                .ok()
                .map(|size| Ok(size.into_owned()))
        }
        "CollectionUtils" if package == "org.springframework.util" && matches!(arguments, [Value::Map(_)]) => {
            shared(method, arguments)
        }
        "StringUtils" | "StrUtil" | "CharSequenceUtil" | "StringUtil" => {
            strings(method, arguments, strict).or_else(|| {
                (method.starts_with("join") || method.starts_with("collection")).then(|| shared(method, arguments))?
            })
        }
        "CollectionUtils" | "CollUtil" | "CollectionUtil" | "ListUtils" => {
            checked(arguments, strict, is_collection).or_else(|| collections(method, arguments))
        }
        "MapUtils" | "MapUtil" => checked(arguments, strict, is_map).or_else(|| maps(method, arguments)),
        "ArrayUtils" | "ArrayUtil" => collections(method, arguments),
        "Objects" | "ObjectUtils" | "ObjectUtil" => objects(method, arguments),
        "NumberUtils" | "NumberUtil" => numbers(method, arguments),
        "BooleanUtils" | "BooleanUtil" => booleans(method, arguments),
        _ => None,
    }
    .or_else(|| (!strict).then(|| shared(method, arguments)).flatten())
}

/// Constants of the helper classes.
pub(super) fn constant(simple: &str, member: &str) -> Option<Value> {
    match (simple, member) {
        ("StringUtils" | "StrUtil", "EMPTY") => Some(Value::from("")),
        ("StringUtils" | "StrUtil", "SPACE") => Some(Value::from(" ")),
        _ => None,
    }
}

fn is_collection(value: &Value) -> bool {
    matches!(value, Value::Null | Value::List(_))
}

fn is_map(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Map(_))
}

/// The error of a first argument of the wrong type.
fn checked(arguments: &[Value], strict: bool, fits: fn(&Value) -> bool) -> Option<Outcome> {
    let first = arguments.first().filter(|first| strict && !fits(first))?;
    Some(Err(ExprError::new(format!("a value of type {} is not what the function takes", first.type_name()))))
}

/// Methods whose text parameters are declared as `CharSequence`.
const SEQUENCES: [&str; 21] = [
    "isEmpty",
    "isNotEmpty",
    "isBlank",
    "isNotBlank",
    "isNumeric",
    "isAlpha",
    "length",
    "equals",
    "equalsIgnoreCase",
    "contains",
    "containsIgnoreCase",
    "containsAny",
    "startsWith",
    "endsWith",
    "defaultIfEmpty",
    "defaultIfBlank",
    "equalsAny",
    "countMatches",
    "indexOf",
    "isAlphanumeric",
    "isWhitespace",
];

fn strings(method: &str, arguments: &[Value], strict: bool) -> Option<Outcome> {
    let first = arguments.first()?;
    if strict && SEQUENCES.contains(&method) {
        let text = |value: &Value| matches!(value, Value::Text(_) | Value::Null);
        let pair = matches!(method, "equals" | "equalsIgnoreCase" | "startsWith" | "endsWith");
        if !text(first) || (pair && !arguments.iter().all(text)) {
            return checked(arguments, true, |_| false);
        }
    }
    let text = match first {
        Value::Null => None,
        Value::Text(text) => Some(text.clone()),
        other => Some(Arc::<str>::from(other.to_string())),
    };
    let rest = &arguments[1..];
    predicates(method, text.as_deref(), rest)
        .map(|found| Ok(Value::Bool(found)))
        .or_else(|| changed(method, text, rest))
}

/// Questions about a text that may be null.
fn predicates(method: &str, text: Option<&str>, rest: &[Value]) -> Option<bool> {
    let all = |test: fn(char) -> bool| text.is_some_and(|text| !text.is_empty() && text.chars().all(test));
    let of = |value: &Value| (!value.is_null()).then(|| value.to_string());
    let both = |value: &Value, test: &dyn Fn(&str, &str) -> bool| {
        text.zip(of(value).as_deref()).is_some_and(|(text, other)| test(text, other))
    };
    let blank = |text: Option<&str>| text.is_none_or(|text| text.trim().is_empty());
    let every = |test: &dyn Fn(Option<&str>) -> bool| test(text) && rest.iter().all(|value| test(of(value).as_deref()));
    let lower = |text: &str| text.to_lowercase();
    Some(match (method, rest) {
        ("isEmpty", []) => text.is_none_or(str::is_empty),
        ("isNotEmpty" | "hasLength", []) => text.is_some_and(|text| !text.is_empty()),
        ("isBlank", []) => blank(text),
        ("isNotBlank" | "hasText", []) => !blank(text),
        ("isNumeric", []) => all(char::is_numeric),
        ("isAlpha", []) => all(char::is_alphabetic),
        ("isAlphanumeric", []) => all(char::is_alphanumeric),
        ("containsWhitespace", []) => text.is_some_and(|text| text.contains(char::is_whitespace)),
        ("isAnyBlank" | "hasBlank", _) => !every(&|text| !blank(text)),
        ("isNoneBlank", _) => every(&|text| !blank(text)),
        ("isAllBlank", _) => every(&|text| blank(text)),
        ("isAnyEmpty" | "hasEmpty", _) => !every(&|text| text.is_some_and(|text| !text.is_empty())),
        ("isNoneEmpty", _) => every(&|text| text.is_some_and(|text| !text.is_empty())),
        ("isAllEmpty", _) => every(&|text| text.is_none_or(str::is_empty)),
        ("equals", [other]) => text == of(other).as_deref(),
        ("equalsIgnoreCase", [other]) => text.map(lower) == of(other).as_deref().map(lower),
        ("equalsAny", _) => rest.iter().any(|other| text == of(other).as_deref()),
        ("contains", [other]) => both(other, &|text, other| text.contains(other)),
        ("containsIgnoreCase", [other]) => both(other, &|text, other| lower(text).contains(&lower(other))),
        ("containsAny", _) => rest.iter().any(|other| both(other, &|text, other| text.contains(other))),
        ("startsWith", [other]) => {
            (text.is_none() && other.is_null()) || both(other, &|text, other| text.starts_with(other))
        }
        ("endsWith", [other]) => {
            (text.is_none() && other.is_null()) || both(other, &|text, other| text.ends_with(other))
        }
        _ => return None,
    })
}

/// Texts made from a text: nothing from nothing, unless a method says otherwise.
fn changed(method: &str, text: Option<Arc<str>>, rest: &[Value]) -> Option<Outcome> {
    let given = |index: usize| rest.get(index).map(ToString::to_string);
    let found = match (method, &text, rest) {
        ("trimToEmpty", _, []) => Value::from(text.as_deref().map_or("", convert::java_trim)),
        ("trimToNull", _, []) => {
            text.as_deref().map(convert::java_trim).filter(|text| !text.is_empty()).map_or(Value::Null, Value::from)
        }
        ("length", _, []) => super::member::count(text.as_deref().map_or(0, text_method::units)),
        ("defaultString", None, []) => Value::from(""),
        ("defaultString" | "defaultIfEmpty" | "defaultIfBlank", None, [default]) => default.clone(),
        ("defaultIfEmpty", Some(text), [default]) if text.is_empty() => default.clone(),
        ("defaultIfBlank", Some(text), [default]) if text.trim().is_empty() => default.clone(),
        ("indexOf", None, [_]) => Value::Int(-1),
        ("countMatches", None, [_]) => Value::Int(0),
        ("repeat", Some(_), [_]) | ("indexOf", Some(_), [_]) => {
            return text_method::call(text.as_ref()?, method, rest);
        }
        ("join", Some(_), _) => return None,
        (_, None, _) if KNOWN.contains(&method) => Value::Null,
        (_, Some(text), _) => return changed_text(method, text, rest, &given),
        _ => return None,
    };
    Some(Ok(found))
}

/// Methods that answer null for null.
const KNOWN: [&str; 19] = [
    "trim",
    "strip",
    "upperCase",
    "lowerCase",
    "toUpperCase",
    "toLowerCase",
    "reverse",
    "capitalize",
    "uncapitalize",
    "substring",
    "replace",
    "leftPad",
    "rightPad",
    "deleteWhitespace",
    "removeEnd",
    "removeStart",
    "delete",
    "trimWhitespace",
    "split",
];

fn changed_text(
    method: &str,
    text: &Arc<str>,
    rest: &[Value],
    given: &dyn Fn(usize) -> Option<String>,
) -> Option<Outcome> {
    let made = match (method, rest.len()) {
        ("trim", 0) => convert::java_trim(text).to_owned(),
        ("strip" | "trimWhitespace", 0) => text.trim().to_owned(),
        ("upperCase" | "toUpperCase", 0) => text.to_uppercase(),
        ("lowerCase" | "toLowerCase", 0) => text.to_lowercase(),
        ("reverse", 0) => text.chars().rev().collect(),
        ("capitalize", 0) => first_letter(text, |letter| letter.to_uppercase().collect()),
        ("uncapitalize", 0) => first_letter(text, |letter| letter.to_lowercase().collect()),
        ("deleteWhitespace", 0) => text.split_whitespace().collect(),
        ("defaultString" | "defaultIfEmpty" | "defaultIfBlank", _) => text.to_string(),
        ("replace", 2) => text.replace(&given(0)?, &given(1)?),
        ("delete" | "remove", 1) => text.replace(&given(0)?, ""),
        ("removeEnd", 1) => text.strip_suffix(&*given(0)?).unwrap_or(text).to_owned(),
        ("removeStart", 1) => text.strip_prefix(&*given(0)?).unwrap_or(text).to_owned(),
        ("substring", 1 | 2) => return Some(Ok(Value::from(clamped(text, rest)?))),
        ("leftPad" | "rightPad", 1 | 2) => padded(text, rest, method == "leftPad")?,
        ("countMatches", 1) => {
            let part = given(0)?;
            return Some(Ok(super::member::count(if part.is_empty() { 0 } else { text.matches(&*part).count() })));
        }
        ("split", 1) => {
            let marks = given(0)?;
            let pieces = text.split(|letter| marks.contains(letter)).filter(|piece| !piece.is_empty());
            return Some(Ok(pieces.map(Value::from).collect()));
        }
        _ => return None,
    };
    Some(Ok(Value::from(made)))
}

fn first_letter(text: &str, change: fn(char) -> String) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| change(first) + letters.as_str())
}

/// Positions outside of the text count as its ends, negative ones from the end.
fn clamped(text: &str, rest: &[Value]) -> Option<String> {
    let letters: Vec<char> = text.chars().collect();
    let place = |value: &Value| {
        let at = convert::long(value).ok()?;
        let len = i64::try_from(letters.len()).ok()?;
        usize::try_from(if at < 0 { at + len } else { at }.clamp(0, len)).ok()
    };
    let start = place(rest.first()?)?;
    let end = rest.get(1).map_or(Some(letters.len()), place)?;
    Some(letters.get(start..end).unwrap_or_default().iter().collect())
}

fn padded(text: &str, rest: &[Value], left: bool) -> Option<String> {
    let width = usize::try_from(convert::long(rest.first()?).ok()?).unwrap_or(0).min(1 << 20);
    let missing = width.saturating_sub(text.chars().count());
    let with = rest.get(1).map(ToString::to_string).filter(|with| !with.is_empty()).unwrap_or_else(|| " ".to_owned());
    let fill: String = with.chars().cycle().take(missing).collect();
    Some(if left { fill + text } else { text.to_owned() + &fill })
}

fn has(items: &[Value], wanted: &Value) -> bool {
    items.iter().any(|item| item.java_equals(wanted))
}

fn collections(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let items = |value: &Value| match value {
        Value::List(items) => items.to_vec(),
        _ => Vec::new(),
    };
    let first = items(arguments.first()?);
    Some(Ok(match (method, &arguments[1..]) {
        ("size" | "getLength", []) => super::member::count(first.len()),
        ("firstElement" | "getFirst", []) => first.first().cloned().unwrap_or_default(),
        ("lastElement" | "getLast", []) => first.last().cloned().unwrap_or_default(),
        ("contains", [wanted]) => Value::Bool(has(&first, wanted)),
        ("containsAny", [other]) => Value::Bool(items(other).iter().any(|item| has(&first, item))),
        ("union", [other]) => {
            first.iter().cloned().chain(items(other).into_iter().filter(|item| !has(&first, item))).collect()
        }
        ("intersection", [other]) => {
            let other = items(other);
            first.into_iter().filter(|item| has(&other, item)).collect()
        }
        ("isEmpty" | "isNotEmpty", []) => return shared(method, arguments),
        _ => return None,
    }))
}

fn maps(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let [map, rest @ ..] = arguments else { return None };
    let entry = |key: &Value| match map {
        Value::Map(map) => map.get_key(key).cloned().unwrap_or_default(),
        _ => Value::Null,
    };
    Some(match (method, rest) {
        ("getString", [key]) => Ok(match entry(key) {
            Value::Null => Value::Null,
            other => Value::from(other.to_string()),
        }),
        ("getInteger" | "getInt", [key]) => Ok(match entry(key) {
            Value::Null => Value::Null,
            other => convert::long(&other).map_or(Value::Null, Value::integer),
        }),
        ("getObject", [key]) => Ok(entry(key)),
        ("isEmpty" | "isNotEmpty", []) => return shared(method, arguments),
        _ => return None,
    })
}

fn objects(method: &str, arguments: &[Value]) -> Option<Outcome> {
    Some(Ok(match (method, arguments) {
        ("allNotNull", _) => Value::Bool(arguments.iter().all(|value| !value.is_null())),
        ("anyNotNull", _) => Value::Bool(arguments.iter().any(|value| !value.is_null())),
        ("firstNonNull", _) => arguments.iter().find(|value| !value.is_null()).cloned().unwrap_or_default(),
        ("isArray", [value]) => Value::Bool(matches!(value, Value::Bytes(_))),
        ("nullSafeToString", [value]) => Value::from(value.to_string()),
        ("toString", [value, default]) if value.is_null() => default.clone(),
        ("toString", [value, _]) => Value::from(value.to_string()),
        ("requireNonNull", [value, ..]) if value.is_null() => return Some(Err(ExprError::new("a value is null"))),
        ("requireNonNull", [value, ..]) => value.clone(),
        _ => return shared(method, arguments),
    }))
}

fn numbers(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let [value, rest @ ..] = arguments else { return None };
    let text = value.to_string();
    let number = |text: &str| !text.is_empty() && convert::double(&Value::from(text)).is_ok();
    Some(Ok(match (method, rest) {
        ("isDigits" | "isInteger", []) => Value::Bool(!text.is_empty() && text.chars().all(char::is_numeric)),
        ("isCreatable" | "isNumber" | "isParsable", []) => {
            Value::Bool(!value.is_null() && text.trim() == text && number(&text))
        }
        ("toInt", []) => Value::Int(text.parse().unwrap_or(0)),
        ("toInt", [default]) => text.parse().map_or_else(|_| default.clone(), Value::Int),
        ("toLong", []) => Value::Long(text.parse().unwrap_or(0)),
        _ => return None,
    }))
}

fn booleans(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let [value] = arguments else { return None };
    Some(Ok(Value::Bool(match method {
        "isTrue" => convert::truth(value),
        "isFalse" => !value.is_null() && !convert::truth(value),
        "isNotTrue" => !convert::truth(value),
        "toBoolean" => match value {
            Value::Text(text) => yes(text),
            Value::List(_) | Value::Map(_) => false,
            other => convert::truth(other),
        },
        _ => return None,
    })))
}

fn yes(text: &str) -> bool {
    ["y", "t", "yes", "on", "true"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// The tests for emptiness that all of them share.
fn shared(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let blank = |value: &Value| is_empty(value) || value.as_str().is_some_and(|text| text.trim().is_empty());
    Some(Ok(match (method, arguments) {
        ("isNull", [value]) => Value::Bool(value.is_null()),
        ("nonNull" | "isNotNull", [value]) => Value::Bool(!value.is_null()),
        ("isEmpty", [value]) => Value::Bool(is_empty(value)),
        ("isNotEmpty" | "nonEmpty" | "hasLength", [value]) => Value::Bool(!is_empty(value)),
        ("isBlank", [value]) => Value::Bool(blank(value)),
        ("isNotBlank" | "hasText", [value]) => Value::Bool(!blank(value)),
        ("equals" | "equal" | "nullSafeEquals", [a, b]) => Value::Bool(a.java_equals(b)),
        ("notEqual", [a, b]) => Value::Bool(!a.java_equals(b)),
        ("toString", [value]) => Value::from(value.to_string()),
        ("requireNonNullElse" | "defaultIfNull", [value, default]) => {
            if value.is_null() {
                default.clone()
            } else {
                value.clone()
            }
        }
        ("contains", [Value::List(items), wanted]) => Value::Bool(has(items, wanted)),
        ("join", [Value::List(items), separator]) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            Value::from(items.join(&separator.to_string()))
        }
        ("collectionToCommaDelimitedString", [Value::Null]) => Value::from(""),
        ("collectionToCommaDelimitedString", [Value::List(items)]) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            Value::from(items.join(","))
        }
        _ => return None,
    }))
}
