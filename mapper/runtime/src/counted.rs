//! Return types of mapper methods that count changed rows.

use crate::error::{Error, ErrorKind, Result};

/// What a count of rows can become: a number; `bool` says whether there were any, `()` nothing.
///
/// Source: MyBatis lets mapper methods return int, long and boolean.
pub trait FromCount: Sized {
    /// The count as this type.
    ///
    /// # Errors
    /// If it does not fit.
    fn from_count(count: u64) -> Result<Self>;
}

impl FromCount for bool {
    fn from_count(count: u64) -> Result<Self> {
        Ok(count > 0)
    }
}

impl FromCount for () {
    fn from_count(_: u64) -> Result<Self> {
        Ok(())
    }
}

macro_rules! numbers {
    ($($t:ty),*) => {$(
        impl FromCount for $t {
            fn from_count(count: u64) -> Result<Self> {
                let fits = <$t>::try_from(count);
                fits.map_err(|_| Error::new(ErrorKind::Result, format!("{count} rows were changed, which does not fit {}", stringify!($t))))
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, usize, u128, i8, i16, i32, i64, isize, i128);
