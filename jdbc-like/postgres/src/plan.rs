//! What the rows of a statement look like, and how they are read.

use std::sync::Arc;

use batis_dbc::{Column, Shape, SqlType};

use crate::types::{self, Decoder, TypeMap};

/// The columns of a result and how each is read. Shared by all runs of a statement.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) shape: Arc<Shape>,
    pub(crate) decoders: Box<[Decoder]>,
    /// Whether some values are made when a row comes.
    pub(crate) makes: bool,
    /// What the catalog said of types when the plan was made.
    pub(crate) types: Arc<TypeMap>,
    /// Some column has a type that the catalog was not asked about.
    pub(crate) is_unresolved: bool,
    /// The statement's text as it was given, for errors that come with the rows.
    pub(crate) sql: Option<Arc<str>>,
    /// The row description that it was made of; empty if the statement returns no rows.
    description: Box<[u8]>,
}

/// One column of a row description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    /// The table that it shows; 0 for expressions.
    pub(crate) table: u32,
    /// The column's number in that table.
    pub(crate) attribute: i16,
    pub(crate) oid: u32,
}

impl Plan {
    /// For a row description as the server sent it; none: no rows.
    pub(crate) fn of(description: Option<&[u8]>, sql: Option<Arc<str>>, types: Arc<TypeMap>) -> Self {
        let description = description.unwrap_or_default();
        let columns: Vec<Column> = fields(description).map(|f| column(&f)).collect();
        Self::with_columns(description.into(), columns, sql, types)
    }

    /// For portions of bytes.
    pub(crate) fn of_bytes() -> Self {
        let columns = vec![Column::new("data", SqlType::Binary, "bytea")];
        Self { shape: Arc::new(Shape::new(columns)), decoders: [Decoder::Bytes].into(), ..Self::default() }
    }

    /// The same with other columns: those that say more of themselves.
    pub(crate) fn described(&self, columns: Vec<Column>) -> Self {
        Self::with_columns(self.description.clone(), columns, self.sql.clone(), Arc::clone(&self.types))
    }

    /// The same, after the catalog said more of types.
    pub(crate) fn resolved(&self, types: Arc<TypeMap>) -> Self {
        Self::with_columns(self.description.clone(), self.shape.columns().to_vec(), self.sql.clone(), types)
    }

    /// The types that the catalog was not asked about.
    pub(crate) fn unresolved(&self) -> impl Iterator<Item = u32> {
        self.fields().map(|field| field.oid).filter(|oid| !self.types.knows(*oid))
    }

    fn with_columns(description: Box<[u8]>, columns: Vec<Column>, sql: Option<Arc<str>>, types: Arc<TypeMap>) -> Self {
        let decoders: Box<[Decoder]> = fields(&description).map(|f| types.decoder(f.oid)).collect();
        let makes = decoders.iter().any(Decoder::makes);
        let is_unresolved = decoders.contains(&Decoder::Foreign);
        Self { shape: Arc::new(Shape::new(columns)), decoders, makes, types, is_unresolved, sql, description }
    }

    /// Whether it was made of this row description.
    pub(crate) fn is_of(&self, description: Option<&[u8]>) -> bool {
        *self.description == *description.unwrap_or_default()
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        fields(&self.description)
    }
}

/// A column as far as its description alone tells.
pub(crate) fn column(field: &Field<'_>) -> Column {
    Column::new(field.name, types::sql_type(field.oid), types::name(field.oid))
}

/// The columns of a row description: a count, then of each the name (ended by zero), table, attribute, type, size, modifier and format.
fn fields(body: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = body.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        let end = memchr::memchr(0, rest)?;
        let (name, after) = rest.split_at(end);
        let fixed: &[u8; 18] = after.get(1..)?.first_chunk()?;
        rest = &after[19..];
        let [t0, t1, t2, t3, a0, a1, o0, o1, o2, o3, ..] = *fixed;
        Some(Field {
            name: std::str::from_utf8(name).unwrap_or("?"),
            table: u32::from_be_bytes([t0, t1, t2, t3]),
            attribute: i16::from_be_bytes([a0, a1]),
            oid: u32::from_be_bytes([o0, o1, o2, o3]),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn described(name: &[u8], table: u32, attribute: i16, oid: u32) -> Vec<u8> {
        let mut body = vec![0, 1];
        body.extend_from_slice(name);
        body.push(0);
        body.extend_from_slice(&table.to_be_bytes());
        body.extend_from_slice(&attribute.to_be_bytes());
        body.extend_from_slice(&oid.to_be_bytes());
        body.extend_from_slice(&[0; 8]);
        body
    }

    #[test]
    fn a_description_is_read() {
        let body = described(b"n", 16_400, 2, 1700);
        let plan = Plan::of(Some(&body), None, Arc::default());
        let columns = plan.shape.columns();
        assert_eq!(
            (&*columns[0].name, columns[0].sql_type, &*columns[0].type_name),
            ("n", SqlType::Numeric, "numeric")
        );
        assert_eq!(plan.fields().next(), Some(Field { name: "n", table: 16_400, attribute: 2, oid: 1700 }));
        assert!(plan.makes && plan.is_of(Some(&body)) && !plan.is_of(None));
        assert!(Plan::of(None, None, Arc::default()).shape.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let plan = Plan::of(Some(&body), None, Arc::default());
            prop_assert_eq!(plan.shape.len(), plan.decoders.len());
        }
    }
}
