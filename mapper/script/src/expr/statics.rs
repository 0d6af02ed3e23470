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
        _ => return None,
    })
}

fn simple(class: &str) -> &str {
    class.rsplit_once('.').map_or(class, |(_, simple)| simple)
}

/// Functions by the simple name of their class: the package says nothing here.
fn built_in(name: &str, arguments: &[Value]) -> Option<Outcome> {
    let (class, method) = name.rsplit_once('@')?;
    match simple(class) {
        "Math" => math(method, arguments),
        "Integer" | "Long" | "Double" | "Float" | "Boolean" | "BigDecimal" => boxed(simple(class), method, arguments),
        "String" => string(method, arguments),
        "Objects" | "ObjectUtils" | "ObjectUtil" | "StringUtils" | "StrUtil" | "CharSequenceUtil"
        | "CollectionUtils" | "CollUtil" | "CollectionUtil" | "ArrayUtils" | "ArrayUtil" | "MapUtils" | "MapUtil" => {
            helper(method, arguments).map(Ok)
        }
        "Arrays" if method == "asList" => Some(Ok(arguments.iter().cloned().collect())),
        "Collections" if method == "emptyList" && arguments.is_empty() => Some(Ok(Value::List([].into()))),
        _ => None,
    }
}

fn math(method: &str, arguments: &[Value]) -> Option<Outcome> {
    let real =
        |value: &Value, function: fn(f64) -> f64| -> Outcome { Ok(Value::Double(function(convert::double(value)?))) };
    Some(match (method, arguments) {
        ("abs", [value]) => match arith::compare(value, &Value::Int(0)) {
            Ok(order) if order.is_lt() => arith::unary(super::ast::Unary::Negate, value).map_err(Into::into),
            Ok(_) => Ok(value.clone()),
            Err(message) => Err(message.into()),
        },
        ("max", [a, b]) => pick(a, b, true),
        ("min", [a, b]) => pick(a, b, false),
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

/// The larger or smaller, in the wider type of the two.
fn pick(a: &Value, b: &Value, larger: bool) -> Outcome {
    let (winner, other) = if (arith::compare(a, b)?.is_ge()) == larger { (a, b) } else { (b, a) };
    let zero = arith::binary(super::ast::Binary::Subtract, other, other)?;
    Ok(arith::binary(super::ast::Binary::Add, winner, &zero)?)
}

fn boxed(class: &str, method: &str, arguments: &[Value]) -> Option<Outcome> {
    let [value] = arguments else { return None };
    Some(match (class, method) {
        (_, "toString") => Ok(Value::from(value.to_string())),
        ("Integer", "parseInt" | "valueOf") => convert::long(value).map_err(Into::into).and_then(|long| {
            i32::try_from(long).map(Value::Int).map_err(|_| ExprError::new(format!("{long} is too large for an int")))
        }),
        ("Long", "parseLong" | "valueOf") => convert::long(value).map(Value::Long).map_err(Into::into),
        ("Double", "parseDouble" | "valueOf") => convert::double(value).map(Value::Double).map_err(Into::into),
        ("Float", "parseFloat" | "valueOf") => {
            convert::double(value).map(|value| Value::Float(value as f32)).map_err(Into::into)
        }
        ("Boolean", "parseBoolean" | "valueOf") => Ok(Value::Bool(convert::truth(value))),
        ("BigDecimal", "valueOf") => convert::decimal(value).map(Value::Decimal).map_err(Into::into),
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
        ("join", [separator, items @ ..]) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            Value::from(items.join(&separator.to_string()))
        }
        _ => return None,
    }))
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

fn is_blank(value: &Value) -> bool {
    is_empty(value) || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The tests for emptiness that the common helper libraries share.
fn helper(method: &str, arguments: &[Value]) -> Option<Value> {
    Some(match (method, arguments) {
        ("isNull", [value]) => Value::Bool(value.is_null()),
        ("nonNull" | "isNotNull", [value]) => Value::Bool(!value.is_null()),
        ("isEmpty", [value]) => Value::Bool(is_empty(value)),
        ("isNotEmpty" | "nonEmpty" | "hasLength", [value]) => Value::Bool(!is_empty(value)),
        ("isBlank", [value]) => Value::Bool(is_blank(value)),
        ("isNotBlank" | "hasText", [value]) => Value::Bool(!is_blank(value)),
        ("equals" | "equal" | "nullSafeEquals", [a, b]) => Value::Bool(a.java_equals(b)),
        ("notEqual", [a, b]) => Value::Bool(!a.java_equals(b)),
        ("equalsIgnoreCase", [a, b]) => Value::Bool(
            (a.is_null() && b.is_null())
                || (!a.is_null() && a.to_string().to_lowercase() == b.to_string().to_lowercase()),
        ),
        ("contains", [items, wanted]) => match items {
            Value::List(items) => Value::Bool(items.iter().any(|item| item.java_equals(wanted))),
            Value::Text(text) => Value::Bool(!wanted.is_null() && text.contains(&wanted.to_string())),
            _ => Value::Bool(false),
        },
        ("toString", [value]) => Value::from(value.to_string()),
        ("trim", [Value::Text(text)]) => Value::from(convert::java_trim(text)),
        ("requireNonNullElse" | "defaultIfNull" | "defaultString", [value, default]) => {
            if value.is_null() {
                default.clone()
            } else {
                value.clone()
            }
        }
        _ => return None,
    })
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
