//! What the server's catalog says of result columns: the table column behind each, and names of types of the database's own.

use std::collections::HashMap;
use std::fmt::Write as _;

use batis_dbc::{Column, Origin, SqlType, ValueRef};
use postgres_types::Type;
use tokio_postgres::{Client, Error};

use crate::plan::{Field, Plan, column};
use crate::types::{self, Decoder};
use crate::user_types::{Found, Known, TYPES, known, read};
use crate::value::encode::Param;
use crate::watch::Watch;

const ORIGINS: &str = "\
select a.attrelid, a.attnum, n.nspname, c.relname, a.attname, not (a.attnotnull or t.typnotnull)
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
where a.attrelid = any($1::pg_catalog.oid[]) and a.attnum > 0";

/// What was asked before. Tables are asked about again when this connection has changed the schema; a type, or a table that others rename,
/// keeps its old name here.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// The table column, and whether it may be null.
    origins: HashMap<(u32, i16), (Origin, bool)>,
    types: HashMap<u32, Known>,
}

impl Catalog {
    /// The schema was changed.
    #[cold]
    pub(crate) fn forget_tables(&mut self) {
        self.origins.clear();
    }

    /// The columns of a plan, with all that the catalog says of them.
    pub(crate) async fn columns(&mut self, client: &Client, watch: &Watch, plan: &Plan) -> Result<Vec<Column>, Error> {
        let fields: Vec<Field<'_>> = plan.fields().collect();
        let unknown = fields.iter().filter(|f| f.table != 0 && !self.origins.contains_key(&(f.table, f.attribute)));
        let tables = list(unknown.map(|f| f.table));
        if let Some(tables) = tables {
            self.ask_origins(client, &tables).await?;
        }
        self.resolve(client, watch, fields.iter().map(|f| f.oid)).await?;
        Ok(fields.iter().map(|f| self.column(f)).collect())
    }

    fn column(&self, field: &Field<'_>) -> Column {
        let mut told = column(field);
        if let Some((origin, nullable)) = self.origins.get(&(field.table, field.attribute)) {
            told.origin = Some(origin.clone());
            told.nullable = Some(*nullable);
        }
        if let Some(known) = self.types.get(&field.oid) {
            told.type_name = known.name.clone();
            told.sql_type = known.sql_type;
        }
        told
    }

    async fn ask_origins(&mut self, client: &Client, tables: &str) -> Result<(), Error> {
        let numbers = Param(ValueRef::Text(tables));
        for row in client.query_typed(ORIGINS, &[(&numbers, Type::UNKNOWN)]).await? {
            let key: (u32, i16) = (row.try_get(0)?, row.try_get(1)?);
            let origin = Origin::new(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            self.origins.insert(key, (origin, row.try_get(5)?));
        }
        Ok(())
    }

    /// Asks about the types of these that are not known, and about those that they are made of.
    pub(crate) async fn resolve(
        &mut self,
        client: &Client,
        watch: &Watch,
        oids: impl Iterator<Item = u32>,
    ) -> Result<(), Error> {
        let unknown: Vec<u32> =
            oids.filter(|oid| Type::from_oid(*oid).is_none() && !self.types.contains_key(oid)).collect();
        let Some(types) = list(unknown.iter().copied()) else { return Ok(()) };
        let numbers = Param(ValueRef::Text(&types));
        let rows = client.query_typed(TYPES, &[(&numbers, Type::UNKNOWN)]).await?;
        let found = rows.iter().map(read).collect::<Result<Vec<Found>, Error>>()?;
        watch.learn(|map| {
            for (oid, known) in known(found, map) {
                self.types.insert(oid, known);
            }
            // What the catalog does not have any more is not asked for again.
            for oid in unknown {
                self.types.entry(oid).or_default();
                if !map.knows(oid) {
                    map.learn(oid, Decoder::Opaque);
                }
            }
        });
        Ok(())
    }

    /// A parameter's type by the names that all drivers share.
    pub(crate) fn sql_type(&self, oid: u32) -> SqlType {
        self.types.get(&oid).map_or_else(|| types::sql_type(oid), |known| known.sql_type)
    }

    /// The name by which a parameter's type can be written in a cast to its array; empty if it is not known, or cannot be.
    pub(crate) fn parameter_type(&self, oid: u32) -> Box<str> {
        match Type::from_oid(oid) {
            // Without quotes SQL takes these for one bit, and one character.
            Some(Type::BIT) => "\"bit\"".into(),
            Some(Type::CHAR) => "\"char\"".into(),
            Some(ty) => ty.name().into(),
            None => self.types.get(&oid).map(|known| known.cast.clone()).unwrap_or_default(),
        }
    }
}

/// Numbers as an array's text; none if there are none.
fn list(numbers: impl Iterator<Item = u32>) -> Option<String> {
    let mut text = String::from("{");
    for number in numbers {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{number}", if text.len() > 1 { "," } else { "" });
    }
    text.push('}');
    (text.len() > 2).then_some(text)
}
