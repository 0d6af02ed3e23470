//! Static functions and constants: a few of Java's own, the usual helper classes, and what was registered.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "Java's narrowing is what is asked for"
)]

use crate::diagnostic::did_you_mean;
use crate::settings::Environment;
use crate::value::Value;

use super::eval::ExprError;
use super::rules::MYBATIS;
use super::{arith, convert};

type Outcome = Result<Value, ExprError>;

/// `@class@method(..)`; `name` is `class@method`.
pub(crate) fn call(name: &str, arguments: &[Value], environment: &Environment) -> Outcome {
    if let Some(function) = environment.functions.get(name) {
        return function(arguments).map_err(ExprError::new);
    }
    built_in(name, arguments).unwrap_or_else(|| Err(unknown(name, environment)))
}

/// `@class@FIELD`; a registered function without arguments serves as a constant.
pub(crate) fn field(name: &str, environment: &Environment) -> Outcome {
    if let Some(function) = environment.functions.get(name) {
        return function(&[]).map_err(ExprError::new);
    }
    constant(name).ok_or_else(|| unknown(name, environment))
}

/// Whether a static member will be found, with any arguments.
pub(crate) fn is_known(name: &str, environment: &Environment) -> bool {
    let known = |count: usize| built_in(name, &vec![Value::from("1"); count]).is_some();
    environment.functions.get(name).is_some() || constant(name).is_some() || (0..4).any(known)
}

pub(crate) fn unknown(name: &str, environment: &Environment) -> ExprError {
    let error = ExprError::new(format!("`@{name}` is not known"));
    match did_you_mean(name, environment.functions.names()) {
        Some(help) => error.help(help),
        None => error.help(format!("register it: MapperSet::builder().function(\"{name}\", ..)")),
    }
}

fn constant(name: &str) -> Option<Value> {
    let (class, member) = name.rsplit_once('@')?;
    Some(match (simple(class), member) {
        ("Boolean", "TRUE") => Value::Bool(true),
        ("Boolean", "FALSE") => Value::Bool(false),
        ("Integer", "MAX_VALUE") => Value::Int(i32::MAX),
        ("Integer", "MIN_VALUE") => Value::Int(i32::MIN),
        ("Long", "MAX_VALUE") => Value::Long(i64::MAX),
        ("Long", "MIN_VALUE") => Value::Long(i64::MIN),
        ("Double", "MAX_VALUE") => Value::Double(f64::MAX),
        ("Math", "PI") => Value::Double(std::f64::consts::PI),
        ("Math", "E") => Value::Double(std::f64::consts::E),
        ("BigDecimal" | "BigInteger", "ZERO" | "ONE" | "TEN") => {
            let number = i128::from(["ZERO", "ONE"].iter().position(|name| *name == member).map_or(10, |at| at as u8));
            if simple(class) == "BigDecimal" { Value::Decimal(number.into()) } else { Value::BigInt(number) }
        }
        ("Byte", "MAX_VALUE") => Value::Int(i8::MAX.into()),
        ("Byte", "MIN_VALUE") => Value::Int(i8::MIN.into()),
        ("Short", "MAX_VALUE") => Value::Int(i16::MAX.into()),
        ("Short", "MIN_VALUE") => Value::Int(i16::MIN.into()),
        ("Float", "MAX_VALUE") => Value::Float(f32::MAX),
        ("Double", "NaN") => Value::Double(f64::NAN),
        (class, member) => return super::helpers::constant(class, member),
    })
}

fn simple(class: &str) -> &str {
    class.rsplit_once('.').map_or(class, |(_, simple)| simple)
}

/// Functions by the simple name of their class: the package says nothing here.
fn built_in(name: &str, arguments: &[Value]) -> Option<Outcome> {
    let (class, method) = name.rsplit_once('@')?;
    match simple(class) {
        _ if method == "new" => created(class, arguments),
        _ if method == "new[]" => array(class, arguments),
        "Math" => math(method, arguments),
        "Integer" | "Long" | "Double" | "Float" | "Boolean" | "BigDecimal" => boxed(simple(class), method, arguments),
        "String" => string(method, arguments),
        "Arrays" if method == "asList" => Some(Ok(arguments.iter().cloned().collect())),
        "Arrays" if method == "stream" => match arguments {
            [items @ Value::List(_)] => Some(Ok(items.clone())),
            [other] => Some(Err(ExprError::new(format!("a value of type {} is no array", other.type_name())))),
            _ => None,
        },
        "Collections" => java_collections(method, arguments),
        "Character" => character(method, arguments),
        _ => super::helpers::call(class, method, arguments),
    }
}

fn java_collections(method: &str, arguments: &[Value]) -> Option<Outcome> {
    Some(Ok(match (method, arguments) {
        ("emptyList" | "emptySet", []) => Value::List([].into()),
        ("emptyMap", []) => Value::from(crate::map::Map::new()),
        ("singletonList" | "singleton", [one]) => [one.clone()].into_iter().collect(),
        ("max" | "min", [Value::List(items)]) => {
            let mut items = items.iter();
            let Some(mut best) = items.next() else { return Some(Err(ExprError::new("the collection is empty"))) };
            for item in items {
                match arith::compare(item, best, &MYBATIS) {
                    Ok(order) if (method == "max" && order.is_gt()) || (method == "min" && order.is_lt()) => {
                        best = item;
                    }
                    Ok(_) => {}
                    Err(message) => return Some(Err(message.into())),
                }
            }
            best.clone()
        }
        _ => return None,
    }))
}

fn character(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let [Value::Char(letter)] = arguments else { return None };
    Some(Ok(match method {
        "isDigit" => Value::Bool(letter.is_numeric()),
        "isLetter" => Value::Bool(letter.is_alphabetic()),
        "isLetterOrDigit" => Value::Bool(letter.is_alphanumeric()),
        "isUpperCase" => Value::Bool(letter.is_uppercase()),
        "isLowerCase" => Value::Bool(letter.is_lowercase()),
        "isWhitespace" => Value::Bool(letter.is_whitespace()),
        "toUpperCase" => Value::Char(letter.to_uppercase().next().unwrap_or(*letter)),
        "toLowerCase" => Value::Char(letter.to_lowercase().next().unwrap_or(*letter)),
        "toString" => Value::from(letter.to_string()),
        _ => return None,
    }))
}

/// `new class(..)` of a few value classes.
fn created(class: &str, arguments: &[Value]) -> Option<Outcome> {
    let made = match (simple(class), arguments) {
        ("String", []) => Value::from(""),
        ("String" | "StringBuilder", [value]) => Value::from(value.to_string()),
        ("ArrayList" | "LinkedList" | "HashSet" | "LinkedHashSet" | "TreeSet", [] | [Value::Int(_)]) => {
            Value::List([].into())
        }
        ("ArrayList" | "LinkedList", [Value::List(items)]) => Value::List(items.clone()),
        ("HashMap" | "LinkedHashMap" | "TreeMap", []) => Value::from(crate::map::Map::new()),
        ("HashMap" | "LinkedHashMap" | "TreeMap", [map @ Value::Map(_)]) => map.clone(),
        ("BigDecimal", [Value::Null]) | ("BigInteger" | "Integer" | "Long" | "Double", [Value::Null]) => {
            return Some(Err(ExprError::new("a value is null")));
        }
        ("BigDecimal", [value]) => return Some(convert::decimal(value).map(Value::Decimal).map_err(Into::into)),
        ("BigInteger", [value]) => return Some(convert::big_int(value).map(Value::BigInt).map_err(Into::into)),
        ("Integer", [value]) => return Some(convert::int(value).map(Value::Int).map_err(Into::into)),
        ("Long", [value]) => return Some(convert::long(value).map(Value::Long).map_err(Into::into)),
        ("Double", [value]) => return Some(convert::double(value).map(Value::Double).map_err(Into::into)),
        _ => return None,
    };
    // Only `String` is in the package that needs no name.
    (class.contains('.') || class == "String").then_some(Ok(made))
}

/// `new class[n]`: zeros, or nulls.
fn array(class: &str, arguments: &[Value]) -> Option<Outcome> {
    let empty = match class {
        "int" | "short" | "byte" => Value::Int(0),
        "long" => Value::Long(0),
        "double" => Value::Double(0.0),
        "float" => Value::Float(0.0),
        "boolean" => Value::Bool(false),
        _ => Value::Null,
    };
    let size = convert::long(arguments.first()?).ok().and_then(|size| usize::try_from(size).ok());
    Some(match size.filter(|size| *size <= 1 << 16) {
        Some(size) => Ok(vec![empty; size].into()),
        None => Err(ExprError::new("an array cannot have this size")),
    })
}

fn math(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let real =
        |value: &Value, function: fn(f64) -> f64| -> Outcome { Ok(Value::Double(function(convert::double(value)?))) };
    Some(match (method, arguments) {
        ("abs", [Value::Null]) => Ok(Value::Double(0.0)),
        ("abs", [Value::Bool(value)]) => Ok(Value::Int(i32::from(*value))),
        ("signum", [value]) => real(value, |value| if value == 0.0 { value } else { value.signum() }),
        ("abs", [Value::Text(_)]) => {
            convert::int(&arguments[0]).map(|value| Value::Int(value.wrapping_abs())).map_err(Into::into)
        }
        ("abs", [value]) => match arith::compare(value, &Value::Int(0), &MYBATIS) {
            Ok(order) if order.is_lt() => arith::unary(super::ast::Unary::Negate, value, &MYBATIS).map_err(Into::into),
            Ok(_) => Ok(value.clone()),
            Err(message) => Err(message.into()),
        },
        ("max", [a, b]) => pick(a, b, true),
        ("min", [a, b]) => pick(a, b, false),
        ("floorMod", [a @ (Value::Int(_) | Value::Long(_)), b @ (Value::Int(_) | Value::Long(_))]) => {
            match (convert::long(a), convert::long(b)) {
                (Ok(a), Ok(b)) if b != 0 => Ok(Value::integer((a % b + b) % b)),
                _ => Err(ExprError::new("division by zero")),
            }
        }
        ("floor", [value]) => real(value, f64::floor),
        ("ceil", [value]) => real(value, f64::ceil),
        ("sqrt", [value]) => real(value, f64::sqrt),
        ("round", [value]) => {
            convert::double(value).map(|value| Value::Long((value + 0.5).floor() as i64)).map_err(Into::into)
        }
        ("pow", [base, exponent]) => (|| Ok(Value::Double(convert::double(base)?.powf(convert::double(exponent)?))))(),
        _ => return None,
    })
}

/// OGNL takes the first overload one argument fits exactly: of an int and a double the one for ints, which cuts the double.
fn pick(a: &Value, b: &Value, larger: bool) -> Outcome {
    let rank = |value: &Value| match value {
        Value::Long(_) => 1,
        Value::Float(_) => 2,
        Value::Double(_) => 3,
        _ => 0,
    };
    Ok(match rank(a).min(rank(b)) {
        0 => {
            let (a, b) = (convert::long(a)? as i32, convert::long(b)? as i32);
            Value::Int(if larger { a.max(b) } else { a.min(b) })
        }
        1 => {
            let (a, b) = (convert::long(a)?, convert::long(b)?);
            Value::Long(if larger { a.max(b) } else { a.min(b) })
        }
        rank => {
            let (a, b) = (convert::double(a)?, convert::double(b)?);
            let picked = if larger { a.max(b) } else { a.min(b) };
            if rank == 2 { Value::Float(picked as f32) } else { Value::Double(picked) }
        }
    })
}

/// Text that Java's `parseInt` and its kin read: digits with a sign, nothing around them.
fn parsed<T: std::str::FromStr>(value: &Value) -> Result<T, ExprError> {
    let text = value.to_string();
    let digits = text.strip_prefix('+').filter(|rest| !rest.starts_with(['+', '-'])).unwrap_or(&text);
    digits.parse().map_err(|_| ExprError::new(format!("\"{text}\" is not a whole number that fits")))
}

fn boxed(class: &str, method: &str, arguments: &[Value]) -> Option<Outcome> {
    if let ("Integer" | "Long" | "Double", [a, b]) = (class, arguments) {
        return match method {
            "max" => Some(pick(a, b, true)),
            "min" => Some(pick(a, b, false)),
            "sum" => Some(arith::binary(super::ast::Binary::Add, a, b, &MYBATIS).map_err(Into::into)),
            "compare" => Some(arith::compare(a, b, &MYBATIS).map(|order| Value::Int(order as i32)).map_err(Into::into)),
            _ => None,
        };
    }
    let [value] = arguments else { return None };
    Some(match (class, method, value) {
        (_, "toString", _) => Ok(Value::from(value.to_string())),
        ("Integer", "valueOf", Value::Int(_)) | ("Long", "valueOf", Value::Long(_)) => Ok(value.clone()),
        ("Integer", "valueOf", Value::Null) => Ok(Value::Int(0)),
        ("Integer", "parseInt" | "valueOf", _) => parsed(value).map(Value::Int),
        ("Long", "valueOf", Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Double(_)) => {
            convert::long(value).map(Value::Long).map_err(Into::into)
        }
        ("Long", "parseLong" | "valueOf", _) => parsed(value).map(Value::Long),
        ("Double", "parseDouble" | "valueOf", _) => convert::double(value).map(Value::Double).map_err(Into::into),
        ("Double", "isNaN", Value::Double(value)) => Ok(Value::Bool(value.is_nan())),
        ("Float", "parseFloat" | "valueOf", _) => {
            convert::double(value).map(|value| Value::Float(value as f32)).map_err(Into::into)
        }
        ("Boolean", "parseBoolean" | "valueOf", _) => Ok(Value::Bool(value.to_string().eq_ignore_ascii_case("true"))),
        ("BigDecimal", "valueOf", _) => convert::decimal(value).map(Value::Decimal).map_err(Into::into),
        _ => return None,
    })
}

fn string(method: &str, arguments: &[Value]) -> Option<Outcome> {
    Some(Ok(match (method, arguments) {
        // Null chooses the overload for numbers, which makes it 0.
        ("valueOf", [Value::Null]) => Value::from("0"),
        ("valueOf" | "copyValueOf", [value]) => Value::from(value.to_string()),
        ("join", [separator, Value::List(items)]) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            Value::from(items.join(&separator.to_string()))
        }
        ("format", [pattern, values @ ..]) => match super::format::format(&pattern.to_string(), values) {
            Ok(text) => Value::from(text),
            Err(message) => return Some(Err(message.into())),
        },
        ("join", [separator, items @ ..]) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            Value::from(items.join(&separator.to_string()))
        }
        _ => return None,
    }))
}

/// `value instanceof class`.
pub(crate) fn instance_of(value: &Value, class: &str) -> Result<bool, ExprError> {
    if value.is_null() {
        return Ok(false);
    }
    let classes: &[&str] = match value {
        Value::Bool(_) => &["Boolean"],
        Value::Char(_) => &["Character"],
        Value::Int(_) => &["Integer", "Number"],
        Value::Long(_) => &["Long", "Number"],
        Value::Float(_) => &["Float", "Number"],
        Value::Double(_) => &["Double", "Number"],
        Value::BigInt(_) => &["BigInteger", "Number"],
        Value::Decimal(_) => &["BigDecimal", "Number"],
        Value::Text(_) => &["String", "CharSequence"],
        Value::List(_) => &["List", "Collection", "Iterable", "ArrayList"],
        Value::Map(_) => &["Map", "HashMap", "LinkedHashMap"],
        Value::Enum(constant) if same_class(&constant.type_name, class) => return Ok(true),
        Value::Typed(typed) if same_class(typed.type_name(), class) => return Ok(true),
        Value::Enum(_) => &["Enum"],
        _ => &[],
    };
    let wanted = simple(class);
    let comparable = !matches!(value, Value::List(_) | Value::Map(_) | Value::Bytes(_));
    if classes.contains(&wanted)
        || wanted == "Object"
        || (comparable && matches!(wanted, "Comparable" | "Serializable"))
    {
        return Ok(true);
    }
    if class.starts_with("java.") || !class.contains('.') {
        return Ok(false);
    }
    Err(ExprError::new(format!("the class `{class}` is not known here")).help("test the value instead of its class"))
}

fn same_class(own: &str, asked: &str) -> bool {
    own == asked || simple(own).rsplit("::").next() == Some(simple(asked))
}
