//! A row, or the part of it that makes one object, as serde sees it.

use batis_dbc::{RowRef, ValueRef};
use serde::de::{Deserializer, Visitor};

use super::access::{Entries, Fields, Positions, with_column};
use super::column_de::ColumnDe;
use super::error::Failure;
use super::group::{Group, Source};
use crate::sql_value::ANY;

/// Structs by the names of their fields, maps by the names of the columns, tuples by position, anything else from the only column.
#[derive(Clone, Copy)]
pub(crate) struct RowDe<'a, 'r> {
    row: &'a RowRef<'r>,
    group: &'a Group,
    /// The whole row, and not an object inside of it.
    whole: bool,
}

impl<'a, 'r> RowDe<'a, 'r> {
    #[inline]
    pub(crate) fn new(row: &'a RowRef<'r>, group: &'a Group) -> Self {
        Self { row, group, whole: true }
    }

    #[inline]
    pub(super) fn inner(row: &'a RowRef<'r>, group: &'a Group) -> Self {
        Self { row, group, whole: false }
    }

    fn all_null(&self) -> bool {
        let mut null = true;
        self.group.columns(&mut |c| null &= self.row.value(c).is_null());
        null
    }

    /// Reads the only column, for targets that take one value.
    #[inline]
    fn only<T>(self, read: impl FnOnce(ColumnDe<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        match &self.group.entries[..] {
            [only] => match &only.source {
                Source::Column { index, reader } => with_column(self.row, *index, reader, read),
                Source::Group(inner) => Self::inner(self.row, inner).only(read),
                Source::Unsupported(what) => Err(Failure::unsupported(what)),
            },
            _ => Err(self.not_one_column()),
        }
    }

    #[cold]
    fn not_one_column(&self) -> Failure {
        let count = self.row.shape().len();
        Failure::new(format!("the row has {count} columns where one value was expected"))
            .hint("select one column, or read the rows into a struct, a map or a tuple")
    }

    /// Whether the row is one column that is a list itself.
    fn is_one_list(&self) -> bool {
        let list = |value| matches!(value, ValueRef::Bytes(_) | ValueRef::Array(_) | ValueRef::Json(_));
        self.row.shape().len() == 1 && list(self.row.value(0))
    }

    fn positions<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(Positions { row: self.row, next: 0, count: self.row.shape().len() })
    }

    fn tuple<'de, V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Failure> {
        let count = self.row.shape().len();
        if !self.whole || self.is_one_list() {
            return self.only(|column| column.deserialize_tuple(length, visitor));
        }
        if count != length {
            return Err(Failure::new(format!("the row has {count} columns, the tuple has {length} fields")));
        }
        self.positions(visitor)
    }
}

macro_rules! from_the_only_column {
    ($($method:ident),*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.only(|column| column.$method(visitor))
        }
    )*};
}

impl<'de> Deserializer<'de> for RowDe<'_, '_> {
    type Error = Failure;

    from_the_only_column!(
        deserialize_bool,
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_i128,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64,
        deserialize_u128,
        deserialize_f32,
        deserialize_f64,
        deserialize_char,
        deserialize_str,
        deserialize_string,
        deserialize_bytes,
        deserialize_byte_buf,
        deserialize_identifier
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if let Some(failure) = self.group.refusal() {
            return Err(failure);
        }
        visitor.visit_map(Entries { row: self.row, entries: &self.group.entries, next: 0 })
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if let Some(failure) = self.group.refusal() {
            return Err(failure);
        }
        visitor.visit_map(Fields { row: self.row, group: self.group, plan: self.group.slots(fields), next: 0 })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.all_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Failure> {
        if name == ANY {
            return self.only(|column| column.deserialize_newtype_struct(name, visitor));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if !self.whole || self.is_one_list() {
            return self.only(|column| column.deserialize_seq(visitor));
        }
        self.positions(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Failure> {
        self.tuple(length, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.tuple(length, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.only(|column| column.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}
