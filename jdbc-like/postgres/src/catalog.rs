//! What the server's catalog says of result columns: the table column behind each, and names of types of the database's own.

use std::collections::HashMap;
use std::fmt::Write as _;

use batis_dbc::{Column, Origin, SqlType, ValueRef};
use postgres_types::Type;
use tokio_postgres::{Client, Error};

use crate::plan::{Field, Plan, column};
use crate::value::encode::Param;

const ORIGINS: &str = "\
select a.attrelid, a.attnum, n.nspname, c.relname, a.attname
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where a.attrelid = any($1::pg_catalog.oid[]) and a.attnum > 0";

const TYPES: &str = "\
select t.oid, t.typname, t.typcategory::pg_catalog.text
from pg_catalog.pg_type t
where t.oid = any($1::pg_catalog.oid[])";

/// What was asked before; a table or type that is renamed keeps its old name here.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    origins: HashMap<(u32, i16), Origin>,
    types: HashMap<u32, (Box<str>, SqlType)>,
}

impl Catalog {
    /// The columns of a plan, with all that the catalog says of them.
    pub(crate) async fn columns(&mut self, client: &Client, plan: &Plan) -> Result<Vec<Column>, Error> {
        let fields: Vec<Field<'_>> = plan.fields().collect();
        let unknown = fields.iter().filter(|f| f.table != 0 && !self.origins.contains_key(&(f.table, f.attribute)));
        let tables = list(unknown.map(|f| f.table));
        let unknown = fields.iter().filter(|f| Type::from_oid(f.oid).is_none() && !self.types.contains_key(&f.oid));
        let types = list(unknown.map(|f| f.oid));
        if let Some(tables) = tables {
            self.ask_origins(client, &tables).await?;
        }
        if let Some(types) = types {
            self.ask_types(client, &types).await?;
        }
        Ok(fields.iter().map(|f| self.column(f)).collect())
    }

    fn column(&self, field: &Field<'_>) -> Column {
        let mut told = column(field);
        told.origin = self.origins.get(&(field.table, field.attribute)).cloned();
        if let Some((name, sql_type)) = self.types.get(&field.oid) {
            told.type_name = name.clone();
            told.sql_type = *sql_type;
        }
        told
    }

    async fn ask_origins(&mut self, client: &Client, tables: &str) -> Result<(), Error> {
        let numbers = Param(ValueRef::Text(tables));
        for row in client.query_typed(ORIGINS, &[(&numbers, Type::UNKNOWN)]).await? {
            let key: (u32, i16) = (row.try_get(0)?, row.try_get(1)?);
            self.origins.insert(key, Origin::new(row.try_get(2)?, row.try_get(3)?, row.try_get(4)?));
        }
        Ok(())
    }

    async fn ask_types(&mut self, client: &Client, types: &str) -> Result<(), Error> {
        let numbers = Param(ValueRef::Text(types));
        for row in client.query_typed(TYPES, &[(&numbers, Type::UNKNOWN)]).await? {
            let (oid, name, category): (u32, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let sql_type = if category == "A" { SqlType::Array } else { SqlType::Other };
            self.types.insert(oid, (name.into(), sql_type));
        }
        Ok(())
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
