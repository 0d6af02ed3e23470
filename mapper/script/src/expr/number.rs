//! OGNL's ladder of number types.

use crate::value::Value;

/// The numeric type of a value, in OGNL's order; `Other` is everything that is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bool,
    Char,
    Int,
    Long,
    BigInt,
    Float,
    Double,
    Decimal,
    Other,
}

impl Kind {
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(_) => Self::Bool,
            Value::Char(_) => Self::Char,
            Value::Int(_) => Self::Int,
            Value::Long(_) => Self::Long,
            Value::BigInt(_) => Self::BigInt,
            Value::Float(_) => Self::Float,
            Value::Double(_) => Self::Double,
            Value::Decimal(_) => Self::Decimal,
            _ => Self::Other,
        }
    }

    /// The type in which two values are computed: text counts as a double.
    pub(crate) fn computed(a: Self, b: Self) -> Self {
        if a == b {
            return a;
        }
        let real = |kind: Self| if kind == Self::Other { Self::Double } else { kind };
        let (a, b) = (real(a), real(b));
        match (a >= Self::Float, b >= Self::Float) {
            (true, true) | (false, false) => a.max(b),
            (true, false) => with_integer(a, b),
            (false, true) => with_integer(b, a),
        }
    }

    /// The type in which two values are compared or added: `Other` when one is text or a character and the other is not.
    pub(crate) fn compared(a: Self, b: Self) -> Self {
        let textual = |kind| matches!(kind, Self::Other | Self::Char);
        if a != b && (textual(a) || textual(b)) { Self::Other } else { Self::computed(a, b) }
    }
}

/// A real type together with an integer type.
fn with_integer(real: Kind, integer: Kind) -> Kind {
    match integer {
        Kind::Bool | Kind::Char => real,
        Kind::BigInt => Kind::Decimal,
        _ => real.max(Kind::Double),
    }
}
