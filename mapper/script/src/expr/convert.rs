//! OGNL's conversions of values to numbers and truth.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "Java's narrowing is what is asked for"
)]

use crate::decimal::Decimal;
use crate::value::Value;

type Converted<T> = Result<T, String>;

fn no_number<T>(text: &str) -> Converted<T> {
    Err(format!("\"{text}\" is not a number"))
}

/// The text of a value without blanks and control characters around it.
pub(crate) fn trimmed(value: &Value) -> String {
    java_trim(&value.to_string()).to_owned()
}

/// Java's `trim`: everything up to the blank counts as white space.
pub(crate) fn java_trim(text: &str) -> &str {
    text.trim_matches(|letter| letter <= ' ')
}

/// A whole number: text must be one, reals are cut.
pub(crate) fn long(value: &Value) -> Converted<i64> {
    Ok(match value {
        Value::Null => 0,
        Value::Bool(value) => i64::from(*value),
        Value::Char(value) => i64::from(u32::from(*value)),
        Value::Int(value) => i64::from(*value),
        Value::Long(value) => *value,
        Value::Float(value) => *value as i64,
        Value::Double(value) => *value as i64,
        Value::BigInt(value) => *value as i64,
        Value::Decimal(value) => value.trunc().unwrap_or(0) as i64,
        other => {
            let text = trimmed(other);
            return text.parse().or_else(|_| no_number(&text));
        }
    })
}

/// A 32 bit number: reals are cut at its limits, longer integers lose their upper bits.
pub(crate) fn int(value: &Value) -> Converted<i32> {
    Ok(match value {
        Value::Float(value) => *value as i32,
        Value::Double(value) => *value as i32,
        other => long(other)? as i32,
    })
}

/// A real number: empty text is 0.
pub(crate) fn double(value: &Value) -> Converted<f64> {
    Ok(match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Char(value) => f64::from(u32::from(*value)),
        Value::Int(value) => f64::from(*value),
        Value::Long(value) => *value as f64,
        Value::Float(value) => f64::from(*value),
        Value::Double(value) => *value,
        Value::BigInt(value) => *value as f64,
        Value::Decimal(value) => value.to_f64(),
        other => {
            let text = trimmed(other);
            if text.is_empty() { 0.0 } else { java_double(&text).map_or_else(|| no_number(&text), Ok)? }
        }
    })
}

/// What Java's `parseDouble` reads: a type letter behind the digits is allowed, `inf` and `nan` are not.
fn java_double(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ => {}
    }
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let digits = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    digits.parse().ok()
}

pub(crate) fn big_int(value: &Value) -> Converted<i128> {
    match value {
        Value::BigInt(value) => Ok(*value),
        Value::Decimal(value) => value.trunc().ok_or_else(too_large),
        Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Enum(_) | Value::Typed(_) | Value::Bytes(_) => {
            let text = trimmed(value);
            text.parse().or_else(|_| no_number(&text))
        }
        other => long(other).map(i128::from),
    }
}

pub(crate) fn decimal(value: &Value) -> Converted<Decimal> {
    match value {
        Value::Null => Ok(Decimal::from(0)),
        Value::Decimal(value) => Ok(*value),
        Value::BigInt(value) => Ok(Decimal::from(*value)),
        Value::Bool(_) | Value::Char(_) => long(value).map(|value| Decimal::from(i128::from(value))),
        other => {
            let text = trimmed(other);
            Decimal::parse(&text).map_or_else(|| no_number(&text), Ok)
        }
    }
}

pub(crate) fn too_large() -> String {
    "the number has more than 38 digits".to_owned()
}

/// The truth of an operand of `and`, `or`, `not`, `?:` and of selections: text is true only when it says so.
pub(crate) fn truth(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Text(text) => text.eq_ignore_ascii_case("true"),
        Value::Char(value) => *value != '\0',
        Value::Int(_) | Value::Long(_) | Value::Float(_) | Value::Double(_) | Value::BigInt(_) | Value::Decimal(_) => {
            double(value).is_ok_and(|value| value != 0.0)
        }
        _ => true,
    }
}

/// The one truth of the plain dialect: nothing, zero and what is empty is false.
pub(crate) fn plain_truth(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(items) => !items.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Enum(_) | Value::Typed(_) => true,
        other => truth(other),
    }
}

/// The truth of a whole `test`: null and zero are false, any text is true.
pub(crate) fn test_truth(value: &Value) -> Converted<bool> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(value) => Ok(*value),
        Value::Float(_) | Value::Double(_) => {
            let real = double(value)?;
            if real.is_finite() { Ok(real != 0.0) } else { Err(format!("{value} is neither true nor false")) }
        }
        Value::Int(_) | Value::Long(_) | Value::BigInt(_) | Value::Decimal(_) => Ok(truth(value)),
        _ => Ok(true),
    }
}
