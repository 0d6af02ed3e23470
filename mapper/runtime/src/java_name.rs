//! Names of Java classes in mapper files.

/// The class alone, under which Rust knows it: `org.x.Outer$YesNo` is `YesNo`.
pub(crate) fn class_of(name: &str) -> &str {
    name.rsplit(['.', '$']).next().unwrap_or(name)
}
