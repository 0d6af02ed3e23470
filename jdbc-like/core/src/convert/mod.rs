//! Types of other crates as parameters and column values: one file each, each behind a feature named with the crate's version.

#[cfg(feature = "bigdecimal04")]
mod bigdecimal04;
#[cfg(any(feature = "chrono04", feature = "jiff1", feature = "time03"))]
mod calendar;
#[cfg(feature = "chrono04")]
mod chrono04;
#[cfg(feature = "jiff1")]
mod jiff1;
#[cfg(feature = "json1")]
mod json1;
#[cfg(feature = "rust_decimal1")]
mod rust_decimal1;
#[cfg(feature = "time03")]
mod time03;
#[cfg(feature = "uuid1")]
mod uuid1;

/// A value that no database has a place for.
#[cfg(any(feature = "chrono04", feature = "jiff1", feature = "time03"))]
fn out_of_range(what: &str, value: &impl std::fmt::Debug) -> crate::error::SqlError {
    let message = format!("the {what} {value:?} is out of range for a database");
    crate::error::SqlError::conversion(crate::sql_state::SqlState::NUMERIC_OUT_OF_RANGE, message)
}
