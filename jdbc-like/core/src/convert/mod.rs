//! Types of other crates as parameters and column values: one file each, each behind a feature named with the crate's version.

#[cfg(feature = "json1")]
mod json1;
#[cfg(feature = "uuid1")]
mod uuid1;
