//! Values on their way to the server ([`encode`]) and from it ([`decode`]; [`text`] for types that are read as text).

pub(crate) mod copy;
pub(crate) mod decode;
pub(crate) mod encode;
mod numeric;
mod search;
mod text;

/// From 1970-01-01 to 2000-01-01, where the server's calendar begins.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 10_957 * 86_400_000_000;

/// The server's days; the two ends of time stay what they are. None: out of its range.
fn to_server_days(days: i32) -> Option<i32> {
    if matches!(days, i32::MAX | i32::MIN) { Some(days) } else { days.checked_sub(EPOCH_DAYS) }
}

/// The same in microseconds.
fn to_server_micros(micros: i64) -> Option<i64> {
    if matches!(micros, i64::MAX | i64::MIN) { Some(micros) } else { micros.checked_sub(EPOCH_MICROS) }
}
