//! Parameter values: what goes into a statement and comes out as binds.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::decimal::Decimal;
use crate::map::Map;

/// A value of a type that expressions know nothing about (uuid, timestamps, ..): carried untouched from the parameter
/// to the bind, where a type handler takes it by [`TypedValue::as_any`].
pub trait TypedValue: Any + fmt::Debug + Send + Sync {
    /// Its text, for `${}` and for joining with text in expressions.
    fn to_text(&self) -> String;
    /// A name for messages, such as `uuid`.
    fn type_name(&self) -> &'static str;
    /// For downcasting.
    fn as_any(&self) -> &dyn Any;
}

/// A constant of an enum: bound as its name unless a type handler says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnumConstant {
    /// The enum's name.
    pub type_name: Arc<str>,
    /// The constant's name.
    pub name: Arc<str>,
    /// Its place among the constants, from 0.
    pub ordinal: u32,
}

/// A parameter value. Cloning is cheap: everything large is shared.
///
/// The number types are kept apart because expressions do arithmetic as Java does: `Int` wraps at 32 bits, `1 / 2` is 0.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// One character, as `'x'` in an expression.
    Char(char),
    /// A 32 bit integer.
    Int(i32),
    /// A 64 bit integer.
    Long(i64),
    /// A 32 bit floating point number.
    Float(f32),
    /// A 64 bit floating point number.
    Double(f64),
    /// An integer of up to 38 digits.
    BigInt(i128),
    /// A decimal of up to 38 digits.
    Decimal(Decimal),
    /// Text.
    Text(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// A list, array or set.
    List(Arc<[Value]>),
    /// A map, the arguments of a mapper method, or an object.
    Map(Arc<Map>),
    /// A constant of an enum.
    Enum(Arc<EnumConstant>),
    /// A value of a type that only the type handlers know.
    Typed(Arc<dyn TypedValue>),
}

impl Value {
    /// `Int` when it fits in 32 bits, else `Long`: how numbers of JSON and of expressions are read.
    #[must_use]
    pub fn integer(value: i64) -> Self {
        i32::try_from(value).map_or(Self::Long(value), Self::Int)
    }

    /// A value that only type handlers know.
    #[must_use]
    pub fn typed(value: impl TypedValue) -> Self {
        Self::Typed(Arc::new(value))
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is one value (MyBatis: its type has a type handler), which answers to every name.
    #[must_use]
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Self::Null | Self::List(_) | Self::Map(_))
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The name of its type, for messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Char(_) => "char",
            Self::Int(_) => "int",
            Self::Long(_) => "long",
            Self::Float(_) => "float",
            Self::Double(_) => "double",
            Self::BigInt(_) => "big integer",
            Self::Decimal(_) => "decimal",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Enum(_) => "enum",
            Self::Typed(value) => value.type_name(),
        }
    }

    /// The argument as a session method sees it: a list is put in a strict map under `collection` and `list`, and under
    /// its own name when it has one; anything else stays as it is.
    #[must_use]
    #[doc(alias = "wrapCollection")]
    #[doc(alias = "wrapToMapIfCollection")]
    pub fn wrap_collection(self, name: Option<&str>) -> Self {
        if !matches!(self, Self::List(_)) {
            return self;
        }
        let mut map = Map::strict().with("collection", self.clone()).with("list", self.clone());
        if let Some(name) = name {
            map.insert(name, self);
        }
        Self::Map(Arc::new(map))
    }

    /// Whether Java's `equals` would say so: numbers of different types differ, text and characters differ.
    #[must_use]
    pub fn java_equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.java_equals(b))
            }
            (a, b) => a == b,
        }
    }
}

/// Its text as Java writes it, which is what `${}` pastes: `1.0` for a double, `[a, b]` for a list, `{k=1}` for a map.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Char(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Long(value) => write!(f, "{value}"),
            Self::Float(value) => write_real(f, &format!("{value:e}"), f64::from(*value)),
            Self::Double(value) => write_real(f, &format!("{value:e}"), *value),
            Self::BigInt(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Bytes(value) => write!(f, "[{} bytes]", value.len()),
            Self::List(items) => write_all(f, "[", items.iter(), "]", |f, item| write!(f, "{item}")),
            Self::Map(map) if map.kind() == crate::map::MapKind::Entry => {
                let part = |name| map.get_exact(name).cloned().unwrap_or_default();
                write!(f, "{}={}", part("key"), part("value"))
            }
            Self::Map(map) => write_all(f, "{", map.iter(), "}", |f, (key, value)| write!(f, "{key}={value}")),
            Self::Enum(value) => f.write_str(&value.name),
            Self::Typed(value) => f.write_str(&value.to_text()),
        }
    }
}

fn write_all<I: Iterator>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    items: I,
    close: &str,
    mut one: impl FnMut(&mut fmt::Formatter<'_>, I::Item) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (nth, item) in items.enumerate() {
        if nth > 0 {
            f.write_str(", ")?;
        }
        one(f, item)?;
    }
    f.write_str(close)
}

/// Java's form: plain from 0.001 up to ten millions, always with a digit behind the point, else with `E`.
fn write_real(f: &mut fmt::Formatter<'_>, scientific: &str, value: f64) -> fmt::Result {
    if value.is_nan() {
        return f.write_str("NaN");
    }
    if value.is_infinite() {
        return f.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value != 0.0 && !(-3..7).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        return write!(f, "{sign}{first}.{}E{exponent}", if rest.is_empty() { "0" } else { rest });
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return write!(f, "{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    let padded = format!("{digits:0<whole$}");
    let (whole, fraction) = padded.split_at(whole);
    write!(f, "{sign}{whole}.{}", if fraction.is_empty() { "0" } else { fraction })
}

/// Structural: the same variant with equal content. Typed values are equal when their type names and texts are.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Char(a), Self::Char(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Long(a), Self::Long(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Enum(a), Self::Enum(b)) => a == b,
            (Self::Typed(a), Self::Typed(b)) => {
                Arc::ptr_eq(a, b) || (a.type_name() == b.type_name() && a.to_text() == b.to_text())
            }
            _ => false,
        }
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )*};
}

from! {
    bool => |value| Self::Bool(value);
    char => |value| Self::Char(value);
    i8 => |value| Self::Int(value.into());
    i16 => |value| Self::Int(value.into());
    i32 => |value| Self::Int(value);
    i64 => |value| Self::Long(value);
    i128 => |value| Self::BigInt(value);
    u8 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    u32 => |value| Self::Long(value.into());
    u64 => |value| i64::try_from(value).map_or(Self::BigInt(value.into()), Self::Long);
    f32 => |value| Self::Float(value);
    f64 => |value| Self::Double(value);
    Decimal => |value| Self::Decimal(value);
    &str => |value| Self::Text(value.into());
    String => |value| Self::Text(value.into());
    &String => |value| Self::Text(value.as_str().into());
    Arc<str> => |value| Self::Text(value);
    std::borrow::Cow<'_, str> => |value| Self::Text(value.as_ref().into());
    &[u8] => |value| Self::Bytes(value.into());
    Arc<[u8]> => |value| Self::Bytes(value);
    Vec<Value> => |value| Self::List(value.into());
    Arc<[Value]> => |value| Self::List(value);
    Map => |value| Self::Map(Arc::new(value));
    Arc<Map> => |value| Self::Map(value);
    EnumConstant => |value| Self::Enum(Arc::new(value));
    Arc<dyn TypedValue> => |value| Self::Typed(value);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_java_does() {
        let cases = [
            (1.0, "1.0"),
            (1.5, "1.5"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (1234567.0, "1234567.0"),
            (12345678.0, "1.2345678E7"),
            (1e10, "1.0E10"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (0.1, "0.1"),
            (-2.25, "-2.25"),
        ];
        for (value, text) in cases {
            assert_eq!(Value::Double(value).to_string(), text);
        }
        assert_eq!(Value::Float(1.1).to_string(), "1.1");
    }

    #[test]
    fn writes_lists_and_maps_as_java_does() {
        let map = Value::from(Map::new().with("k", 1).with("n", Value::Null));
        assert_eq!(map.to_string(), "{k=1, n=null}");
        assert_eq!([map, Value::from("x")].into_iter().collect::<Value>().to_string(), "[{k=1, n=null}, x]");
    }
}
