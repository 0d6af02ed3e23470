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
