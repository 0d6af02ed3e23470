//! A row, or the part of it that makes one object, as serde sees it.

use batis_dbc::ValueRef;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor};

use super::access::{Entries, Fields, Positions, with_column};
use super::cells::Cells;
use super::column_de::ColumnDe;
use super::error::Failure;
use super::group::{Group, Source};
use crate::sql_value::ANY;

/// Structs by the names of their fields, maps by the names of the columns, tuples by position, anything else from the only column.
#[derive(Clone, Copy)]
pub(crate) struct RowDe<'a, R> {
    row: R,
    group: &'a Group,
    what: What,
}

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Row,
    /// An object of a tree.
    Object,
    /// Properties under a common name (`product.id`, `product.name`): no object of its own, so it is not there when all are null.
    Part,
}

impl<'a, R: Cells> RowDe<'a, R> {
    /// A whole row.
    #[inline]
    pub(crate) fn new(row: R, group: &'a Group) -> Self {
        Self { row, group, what: What::Row }
    }

    /// An object inside of a row.
    #[inline]
    pub(super) fn object(row: R, group: &'a Group) -> Self {
        Self { row, group, what: What::Object }
    }

    #[inline]
    pub(super) fn part(row: R, group: &'a Group) -> Self {
        Self { row, group, what: What::Part }
    }

    fn all_null(&self) -> bool {
        self.group.is_empty(&|column| self.row.value(column).is_null(), &|child| self.row.is_empty(child))
    }

    /// Reads the only column, for targets that take one value.
    #[inline]
    fn only<T>(self, read: impl FnOnce(ColumnDe<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        match &self.group.entries[..] {
            [only] => match &only.source {
                Source::Column { index, reader } => with_column(self.row, *index, reader, read),
                Source::Group(inner) => Self::part(self.row, inner).only(read),
                Source::Child(_) => Err(self.not_one_column()),
                Source::Unsupported(what) => Err(Failure::unsupported(what)),
            },
            _ => Err(self.not_one_column()),
        }
    }

    #[cold]
    fn not_one_column(&self) -> Failure {
        if self.what != What::Row {
            let count = self.group.entries.len();
            let failure = Failure::new(format!("an object of {count} properties where one value was expected"));
            return failure.hint("read it into a struct or a map");
        }
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
        if self.what != What::Row || self.is_one_list() {
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

impl<'de, R: Cells> Deserializer<'de> for RowDe<'_, R> {
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
        if self.group.scalar {
            return self.only(|column| column.deserialize_any(visitor));
        }
        if self.what == What::Part && self.all_null() {
            return visitor.visit_unit();
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_map(Entries { row: self.row, entries: &self.group.entries, next: 0 })
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
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
        if self.what != What::Row || self.is_one_list() {
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
        match self.row.tags() {
            None => self.only(|column| column.deserialize_enum(name, variants, visitor)),
            Some(tags) => {
                let known = tags.iter().find(|tag| variants.contains(&&***tag)).or(tags.first());
                let tag = known.map(|tag| &**tag).unwrap_or_default();
                visitor.visit_enum(Variant { tag, object: self })
            }
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

/// An object that a discriminator chose, as a variant of an enum: by the value of the case, else by the type that the case names.
struct Variant<'a, R> {
    tag: &'a str,
    object: RowDe<'a, R>,
}

impl<'a, 'de, R: Cells> EnumAccess<'de> for Variant<'a, R> {
    type Error = Failure;
    type Variant = RowDe<'a, R>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), Failure> {
        let variant = seed.deserialize(StrDeserializer::new(self.tag)).map_err(|failure: Failure| {
            failure.hint("variants are found by the values of the discriminator's cases, or by the type that a case names: #[serde(rename = \"..\")]")
        })?;
        Ok((variant, self.object))
    }
}

impl<'de, R: Cells> VariantAccess<'de> for RowDe<'_, R> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_struct("", fields, visitor)
    }
}
