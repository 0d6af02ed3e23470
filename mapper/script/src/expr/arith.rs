//! OGNL's operators on values: arithmetic, bits, order and equality, surprises included.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "Java's wrapping arithmetic is what is asked for"
)]
#![allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "unsigned shifts work on the bits")]

use std::cmp::Ordering;
use std::sync::Arc;

use crate::decimal::Decimal;
use crate::value::Value;

use super::ast::{Binary, Unary};
use super::convert::{big_int, decimal, double, long, too_large};
use super::number::Kind;
use super::rules::Rules;

type Computed = Result<Value, String>;

/// Any operator between two values except `and` and `or`.
pub(crate) fn binary(operator: Binary, a: &Value, b: &Value, rules: &Rules) -> Computed {
    let ordered = |wanted: fn(Ordering) -> bool| compare(a, b, rules).map(|order| Value::Bool(wanted(order)));
    match operator {
        Binary::Equal => equal(a, b, rules).map(Value::Bool),
        Binary::NotEqual => equal(a, b, rules).map(|same| Value::Bool(!same)),
        Binary::Less => ordered(Ordering::is_lt),
        Binary::Greater => ordered(Ordering::is_gt),
        Binary::LessEqual => ordered(Ordering::is_le),
        Binary::GreaterEqual => ordered(Ordering::is_ge),
        Binary::In => contains(b, a, rules).map(Value::Bool),
        Binary::NotIn => contains(b, a, rules).map(|found| Value::Bool(!found)),
        Binary::Add => add(a, b, rules),
        _ => {
            refuse_text(a, b, rules, "computed")?;
            number(operator, a, b)
        }
    }
}

/// The operators between numbers; text is read as one.
fn number(operator: Binary, a: &Value, b: &Value) -> Computed {
    match operator {
        Binary::BitOr => bits(a, b, |a, b| a | b, |a, b| a | b),
        Binary::BitXor => bits(a, b, |a, b| a ^ b, |a, b| a ^ b),
        Binary::BitAnd => bits(a, b, |a, b| a & b, |a, b| a & b),
        Binary::ShiftLeft | Binary::ShiftRight | Binary::UnsignedShiftRight => shift(operator, a, b),
        Binary::Subtract => compute(a, b, &SUBTRACT),
        Binary::Multiply => compute(a, b, &MULTIPLY),
        Binary::Divide => compute(a, b, &DIVIDE),
        _ => remainder(a, b),
    }
}

/// In the plain dialect text is no number.
fn refuse_text(a: &Value, b: &Value, rules: &Rules, what: &str) -> Result<(), String> {
    if rules.text(a).is_none() && rules.text(b).is_none() {
        return Ok(());
    }
    let shown = |value: &Value| match value {
        Value::Text(text) => format!("the text \"{text}\""),
        Value::Null => "null".to_owned(),
        other => format!("{other} (of type {})", other.type_name()),
    };
    Err(format!("{} and {} cannot be {what}: text is no number", shown(a), shown(b)))
}

/// `-x`, `~x`, `!x`.
pub(crate) fn unary(operator: Unary, value: &Value, rules: &Rules) -> Computed {
    let kind = Kind::of(value);
    match (operator, kind) {
        (Unary::Not, _) => Ok(Value::Bool(!(rules.operand)(value))),
        _ if rules.text(value).is_some() => Err(format!("the text \"{value}\" is no number")),
        (Unary::Negate, Kind::BigInt) => big_int(value)?.checked_neg().map(Value::BigInt).ok_or_else(too_large),
        (Unary::Negate, Kind::Decimal) => decimal(value)?.checked_neg().map(Value::Decimal).ok_or_else(too_large),
        (Unary::Negate, Kind::Float | Kind::Double) => Ok(real(kind, -double(value)?)),
        (Unary::Negate, _) => Ok(integer(kind, long(value)?.wrapping_neg())),
        (Unary::BitNot, Kind::BigInt | Kind::Decimal) => Ok(Value::BigInt(!big_int(value)?)),
        (Unary::BitNot, _) => Ok(integer(kind, !long(value)?)),
    }
}

/// A whole number in the type of a computation.
pub(crate) fn integer(kind: Kind, value: i64) -> Value {
    match kind {
        Kind::Bool | Kind::Char | Kind::Int => Value::Int(value as i32),
        Kind::Float if value as f32 as i64 == value => Value::Float(value as f32),
        Kind::Float | Kind::Double if value as f64 as i64 == value => Value::Double(value as f64),
        Kind::Float | Kind::Double | Kind::Long => Value::Long(value),
        Kind::BigInt | Kind::Decimal | Kind::Other => Value::BigInt(i128::from(value)),
    }
}

fn real(kind: Kind, value: f64) -> Value {
    if kind == Kind::Float { Value::Float(value as f32) } else { Value::Double(value) }
}

/// One arithmetic operator in each of the types.
struct Operation {
    long: fn(i64, i64) -> Option<i64>,
    real: fn(f64, f64) -> f64,
    big: fn(i128, i128) -> Option<i128>,
    decimal: fn(&Decimal, &Decimal) -> Option<Decimal>,
    divides: bool,
}

const ADD: Operation = Operation {
    long: |a, b| Some(a.wrapping_add(b)),
    real: |a, b| a + b,
    big: i128::checked_add,
    decimal: Decimal::checked_add,
    divides: false,
};
const SUBTRACT: Operation = Operation {
    long: |a, b| Some(a.wrapping_sub(b)),
    real: |a, b| a - b,
    big: i128::checked_sub,
    decimal: Decimal::checked_sub,
    divides: false,
};
const MULTIPLY: Operation = Operation {
    long: |a, b| Some(a.wrapping_mul(b)),
    real: |a, b| a * b,
    big: i128::checked_mul,
    decimal: Decimal::checked_mul,
    divides: false,
};
const DIVIDE: Operation = Operation {
    long: |a, b| (b != 0).then(|| a.wrapping_div(b)),
    real: |a, b| a / b,
    big: i128::checked_div,
    decimal: Decimal::checked_div,
    divides: true,
};

fn compute(a: &Value, b: &Value, operation: &Operation) -> Computed {
    compute_as(Kind::computed(Kind::of(a), Kind::of(b)), a, b, operation)
}

fn compute_as(kind: Kind, a: &Value, b: &Value, operation: &Operation) -> Computed {
    let failed = || if operation.divides { "division by zero".to_owned() } else { too_large() };
    match kind {
        Kind::BigInt => (operation.big)(big_int(a)?, big_int(b)?).map(Value::BigInt).ok_or_else(failed),
        Kind::Decimal => (operation.decimal)(&decimal(a)?, &decimal(b)?).map(Value::Decimal).ok_or_else(failed),
        Kind::Float | Kind::Double => Ok(real(kind, (operation.real)(double(a)?, double(b)?))),
        _ => (operation.long)(long(a)?, long(b)?).map(|value| integer(kind, value)).ok_or_else(failed),
    }
}

/// Two numbers are added, anything with text is joined; null joins as `null` but cannot be added to a number.
fn add(a: &Value, b: &Value, rules: &Rules) -> Computed {
    if rules.text(a).is_some() || rules.text(b).is_some() {
        return Ok(Value::from(format!("{a}{b}")));
    }
    let (left, right) = (Kind::of(a), Kind::of(b));
    let kind = Kind::compared(left, right);
    if kind != Kind::Other {
        return compute_as(kind, a, b, &ADD);
    }
    if (left != Kind::Other && b.is_null()) || (right != Kind::Other && a.is_null()) {
        return Err(format!("{a} and {b} cannot be added"));
    }
    Ok(Value::from(format!("{a}{b}")))
}

fn remainder(a: &Value, b: &Value) -> Computed {
    let kind = Kind::computed(Kind::of(a), Kind::of(b));
    let zero = || "division by zero".to_owned();
    if matches!(kind, Kind::BigInt | Kind::Decimal) {
        return big_int(a)?.checked_rem(big_int(b)?).map(Value::BigInt).ok_or_else(zero);
    }
    let (a, b) = (long(a)?, long(b)?);
    if b == 0 { Err(zero()) } else { Ok(integer(kind, a.wrapping_rem(b))) }
}

fn bits(a: &Value, b: &Value, small: fn(i64, i64) -> i64, large: fn(i128, i128) -> i128) -> Computed {
    let kind = Kind::computed(Kind::of(a), Kind::of(b));
    if matches!(kind, Kind::BigInt | Kind::Decimal) {
        return Ok(Value::BigInt(large(big_int(a)?, big_int(b)?)));
    }
    Ok(integer(kind, small(long(a)?, long(b)?)))
}

/// The left operand alone decides the type.
fn shift(operator: Binary, a: &Value, b: &Value) -> Computed {
    let kind = Kind::of(a);
    if matches!(kind, Kind::BigInt | Kind::Decimal) {
        return shift_big(operator, big_int(a)?, long(b)? as i32);
    }
    let (value, by) = (long(a)?, long(b)? as i32 as u32);
    Ok(match operator {
        Binary::ShiftLeft => integer(kind, value.wrapping_shl(by)),
        Binary::ShiftRight => integer(kind, value.wrapping_shr(by)),
        _ if kind <= Kind::Int => Value::Int((value as i32 as u32).wrapping_shr(by) as i32),
        _ => integer(kind, (value as u64).wrapping_shr(by) as i64),
    })
}

fn shift_big(operator: Binary, value: i128, by: i32) -> Computed {
    let left = (operator == Binary::ShiftLeft) == (by >= 0);
    let by = by.unsigned_abs();
    if !left {
        return Ok(Value::BigInt(value >> by.min(127)));
    }
    let shifted = value.checked_shl(by).filter(|shifted| shifted >> by == value);
    shifted.map(Value::BigInt).ok_or_else(too_large)
}

/// Whether OGNL could take the two for one object.
fn identical(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::List(a), Value::List(b)) => Arc::ptr_eq(a, b),
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
        (Value::Typed(a), Value::Typed(b)) => Arc::ptr_eq(a, b),
        (Value::Enum(a), Value::Enum(b)) => a == b,
        _ => false,
    }
}

fn comparable(value: &Value) -> bool {
    matches!(value, Value::Text(_) | Value::Enum(_) | Value::Typed(_))
}

/// `==`: numbers by value, text with numbers as numbers, everything else by Java's `equals`.
pub(crate) fn equal(a: &Value, b: &Value, rules: &Rules) -> Result<bool, String> {
    if let (Value::Text(a), Value::Text(b)) = (a, b) {
        return Ok(a == b);
    }
    // In the plain dialect the empty text equals nothing else: `n != ''` is true of every number.
    match (rules.text(a), rules.text(b)) {
        (Some(a), Some(b)) => return Ok(a == b),
        (Some(text), None) | (None, Some(text)) if text.is_empty() => return Ok(false),
        _ => {}
    }
    if identical(a, b) {
        return Ok(true);
    }
    if a.is_null() || b.is_null() {
        return Ok(false);
    }
    let plain = Kind::of(a) == Kind::Other && Kind::of(b) == Kind::Other;
    if plain && !(comparable(a) && comparable(b)) {
        return Ok(a.java_equals(b));
    }
    compare(a, b, rules).map(Ordering::is_eq)
}

/// The order of two values, with OGNL's conversions.
pub(crate) fn compare(a: &Value, b: &Value, rules: &Rules) -> Result<Ordering, String> {
    if identical(a, b) {
        return Ok(Ordering::Equal);
    }
    match (rules.text(a), rules.text(b)) {
        (Some(a), Some(b)) => return Ok(a.cmp(&b)),
        _ => refuse_text(a, b, rules, "compared")?,
    }
    let (left, right) = (Kind::of(a), Kind::of(b));
    match Kind::compared(left, right) {
        Kind::BigInt => Ok(big_int(a)?.cmp(&big_int(b)?)),
        Kind::Decimal => Ok(decimal(a)?.compare(&decimal(b)?)),
        Kind::Other if left == Kind::Other && right == Kind::Other => natural(a, b),
        Kind::Other | Kind::Float | Kind::Double => {
            let (a, b) = (double(a)?, double(b)?);
            Ok(a.partial_cmp(&b).unwrap_or(Ordering::Greater))
        }
        _ => Ok(long(a)?.cmp(&long(b)?)),
    }
}

/// The order of two values that are no numbers.
fn natural(a: &Value, b: &Value) -> Result<Ordering, String> {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        (Value::Enum(a), Value::Enum(b)) if a.type_name == b.type_name => Ok(a.ordinal.cmp(&b.ordinal)),
        (Value::Typed(a), Value::Typed(b)) if a.type_name() == b.type_name() => Ok(a.to_text().cmp(&b.to_text())),
        (Value::Null, _) | (_, Value::Null) => {
            Err("null cannot be compared by order with a value that is no number".to_owned())
        }
        _ => Err(format!("{} and {} cannot be compared", a.type_name(), b.type_name())),
    }
}

/// More elements than this are not counted through for `x in 1000000000`.
const MOST_NUMBERS: i64 = 1_000_000;

/// `x in c`: list elements, map values, the numbers below a number, or the value itself.
fn contains(collection: &Value, wanted: &Value, rules: &Rules) -> Result<bool, String> {
    let any = |items: &mut dyn Iterator<Item = &Value>| -> Result<bool, String> {
        for item in items {
            if equal(wanted, item, rules)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    match collection {
        Value::Null => Ok(false),
        Value::List(items) => any(&mut items.iter()),
        Value::Map(map) => any(&mut map.iter().map(|(_, value)| value)),
        Value::Bool(_) | Value::Char(_) => equal(wanted, collection, rules),
        number if Kind::of(number) != Kind::Other => {
            let (kind, end) = (Kind::of(number), long(number)?);
            if end > MOST_NUMBERS {
                return Err(format!("`in {number}` counts through too many numbers"));
            }
            for item in 0..end {
                if equal(wanted, &integer(kind, item), rules)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        other => equal(wanted, other, rules),
    }
}
