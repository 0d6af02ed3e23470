//! [`SqlEnum`]: Rust enums as labels in the database.

/// A Rust enum whose values are labels in the database: an enum type of PostgreSQL, or text.
///
/// Implement it and call [`sql_enum!`](crate::sql_enum), which makes the type a parameter and a column value.
///
/// ```
/// use batis_dbc::{FromSql, SqlEnum, ValueRef};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// enum Mood { Sad, Happy }
///
/// impl SqlEnum for Mood {
///     const LABELS: &'static [(&'static str, Self)] = &[("sad", Mood::Sad), ("happy", Mood::Happy)];
///     fn label(&self) -> &'static str {
///         match self { Mood::Sad => "sad", Mood::Happy => "happy" }
///     }
/// }
/// batis_dbc::sql_enum!(Mood);
///
/// assert_eq!(Mood::from_sql(ValueRef::Text("happy")).unwrap(), Mood::Happy);
/// let error = Mood::from_sql(ValueRef::Text("hapy")).unwrap_err().to_string();
/// assert_eq!(error, "`hapy` is no label of Mood; labels are sad, happy");
/// ```
///
/// Source: `EnumTypeHandler` of MyBatis, which uses the constant's name.
#[doc(alias = "EnumTypeHandler")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no labels for a database",
    note = "implement `batis_dbc::SqlEnum` for the enum and call `batis_dbc::sql_enum!` for it"
)]
pub trait SqlEnum: Clone + Sized + 'static {
    /// All labels with their values.
    const LABELS: &'static [(&'static str, Self)];

    /// The label of a value.
    fn label(&self) -> &'static str;
}

/// Makes a [`SqlEnum`] a parameter ([`ToSql`](crate::ToSql)), a column value ([`FromSql`](crate::FromSql)) and an element of arrays.
#[macro_export]
macro_rules! sql_enum {
    ($name:ty) => {
        impl $crate::ToSql for $name {
            fn to_sql(&self) -> $crate::Result<$crate::ToSqlOutput<'_>> {
                Ok($crate::ValueRef::Text($crate::SqlEnum::label(self)).into())
            }
        }

        impl $crate::FromSql<'_> for $name {
            fn from_sql(value: $crate::ValueRef<'_>) -> ::core::result::Result<Self, $crate::FromSqlError> {
                let labels = <$name as $crate::SqlEnum>::LABELS;
                match value {
                    $crate::ValueRef::Text(text) => match labels.iter().find(|(label, _)| *label == text) {
                        Some((_, value)) => Ok(::core::clone::Clone::clone(value)),
                        None => {
                            let known: ::std::vec::Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
                            let name = stringify!($name);
                            Err($crate::FromSqlError::Other(format!(
                                "`{text}` is no label of {name}; labels are {}",
                                known.join(", ")
                            )))
                        }
                    },
                    other => Err($crate::FromSqlError::mismatch(stringify!($name), other)),
                }
            }
        }

        impl $crate::ArrayElement for $name {}
    };
}
