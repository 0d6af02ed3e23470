//! What the calendar crates share: a column value as days or microseconds, from the database's own types or from ISO text.

use crate::from_sql::FromSqlError;
use crate::temporal;
use crate::value::ValueRef;

type Found<T> = Result<T, FromSqlError>;

fn parsed<T>(target: &'static str, text: &str, parse: fn(&str) -> Option<T>) -> Found<T> {
    parse(text).ok_or_else(|| FromSqlError::Other(format!("the text `{text}` is no {target}")))
}

/// Days since 1970-01-01.
pub(super) fn date(target: &'static str, value: ValueRef<'_>) -> Found<i32> {
    match value {
        ValueRef::Date(i32::MAX | i32::MIN) => Err(FromSqlError::range(target, value)),
        ValueRef::Date(days) => Ok(days),
        ValueRef::Text(text) => parsed(target, text, temporal::parse_date),
        other => Err(FromSqlError::mismatch(target, other)),
    }
}

/// Microseconds since midnight.
pub(super) fn time(target: &'static str, value: ValueRef<'_>) -> Found<i64> {
    match value {
        ValueRef::Time(micros) => Ok(micros),
        ValueRef::Text(text) => parsed(target, text, temporal::parse_time),
        other => Err(FromSqlError::mismatch(target, other)),
    }
}

/// Microseconds since 1970-01-01 00:00 without a zone.
pub(super) fn timestamp(target: &'static str, value: ValueRef<'_>) -> Found<i64> {
    match value {
        ValueRef::Timestamp(i64::MAX | i64::MIN) => Err(FromSqlError::range(target, value)),
        ValueRef::Timestamp(micros) => Ok(micros),
        ValueRef::Text(text) => match parsed(target, text, temporal::parse_timestamp)? {
            (micros, None) => Ok(micros),
            (_, Some(_)) => {
                Err(FromSqlError::Other(format!("the text `{text}` has an offset, which a {target} has not")))
            }
        },
        other => Err(FromSqlError::mismatch(target, other)),
    }
}

/// Microseconds since 1970-01-01 00:00 UTC. A text without an offset counts as UTC, as SQLite's own functions have it.
pub(super) fn instant(target: &'static str, value: ValueRef<'_>) -> Found<i64> {
    match value {
        ValueRef::TimestampTz(i64::MAX | i64::MIN) => Err(FromSqlError::range(target, value)),
        ValueRef::TimestampTz(micros) => Ok(micros),
        ValueRef::Text(text) => {
            let (micros, offset) = parsed(target, text, temporal::parse_timestamp)?;
            let instant = micros.checked_sub(i64::from(offset.unwrap_or_default()) * 1_000_000);
            instant.ok_or_else(|| FromSqlError::range(target, value))
        }
        other => Err(FromSqlError::mismatch(target, other)),
    }
}
