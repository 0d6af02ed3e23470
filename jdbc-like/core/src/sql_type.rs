//! [`SqlType`]: the type of a column or parameter, as far as drivers agree on it.

use std::fmt;

/// The type of a column or parameter.
///
/// The database's own name is beside it in [`Column::type_name`](crate::Column::type_name). On SQLite, whose columns have no fixed type, it is
/// what the declared type says, or `Null` for expressions.
///
/// Source: `java.sql.Types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[doc(alias = "Types")]
pub enum SqlType {
    /// Not known, or the type of a bare null.
    Null,
    /// True or false.
    Boolean,
    /// 16-bit integer.
    SmallInt,
    /// 32-bit integer.
    Integer,
    /// 64-bit integer.
    BigInt,
    /// 32-bit float.
    Real,
    /// 64-bit float.
    Double,
    /// Decimal number of any precision.
    Numeric,
    /// Text of any kind.
    #[doc(alias = "VARCHAR")]
    Text,
    /// Bytes.
    #[doc(alias = "VARBINARY")]
    Binary,
    /// Day without time.
    Date,
    /// Time of day without zone.
    Time,
    /// Day and time without zone.
    Timestamp,
    /// An instant.
    #[doc(alias = "TIMESTAMP_WITH_TIMEZONE")]
    TimestampTz,
    /// A span of months, days and microseconds.
    Interval,
    /// UUID.
    Uuid,
    /// JSON document.
    Json,
    /// An array.
    Array,
    /// Anything else; its values are read and written as text.
    Other,
}

impl SqlType {
    /// The name, as it stands in messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::SmallInt => "smallint",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Real => "real",
            Self::Double => "double",
            Self::Numeric => "numeric",
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamp with time zone",
            Self::Interval => "interval",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Array => "array",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
