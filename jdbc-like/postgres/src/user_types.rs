//! What the catalog says of types that not every server has, and how their values are read for it.

use std::collections::HashMap;

use batis_dbc::SqlType;
use postgres_types::{Kind, Type};
use tokio_postgres::{Error, Row};

use crate::types::{Decoder, TypeMap, sql_type_of};

/// The types of a list and all that they are made of: elements of arrays, what domains and ranges are over, the columns of rows.
///
/// `rngmultitypid` is not in all versions of the server, hence the way around by JSON.
pub(crate) const TYPES: &str = "\
with recursive wanted(oid) as (
  select pg_catalog.unnest($1::pg_catalog.oid[])
  union
  select part.oid from wanted
  join pg_catalog.pg_type t on t.oid = wanted.oid
  cross join lateral (
    select t.typelem where t.typcategory = 'A'
    union all select t.typbasetype where t.typtype = 'd'
    union all select r.rngsubtype from pg_catalog.pg_range r
      where t.oid in (r.rngtypid, (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid)
    union all select a.atttypid from pg_catalog.pg_attribute a
      where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
  ) part(oid)
  where part.oid <> 0
)
select t.oid, t.typname, t.typcategory::pg_catalog.text, t.typtype::pg_catalog.text, t.typelem, t.typbasetype, r.rngsubtype, p.proname,
  pg_catalog.quote_ident(coalesce(en.nspname, n.nspname)) || '.' || pg_catalog.quote_ident(coalesce(e.typname, t.typname))
from wanted
join pg_catalog.pg_type t on t.oid = wanted.oid
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_type e on e.oid = t.typelem and t.typcategory = 'A'
left join pg_catalog.pg_namespace en on en.oid = e.typnamespace
left join pg_catalog.pg_range r on t.oid in (r.rngtypid, (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid)
left join pg_catalog.pg_proc p on p.oid = t.typsend";

/// What is known of a type.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) name: Box<str>,
    pub(crate) sql_type: SqlType,
    /// What is written in a cast, with schema and quotes; empty for rows, of which `unnest` makes a column for each field.
    pub(crate) cast: Box<str>,
}

/// A type that the catalog does not have any more.
impl Default for Known {
    fn default() -> Self {
        Self { name: Box::default(), sql_type: SqlType::Other, cast: Box::default() }
    }
}

/// A row of [`TYPES`].
#[derive(Debug, Clone)]
pub(crate) struct Found {
    oid: u32,
    name: String,
    category: String,
    kind: String,
    element: u32,
    base: u32,
    subtype: Option<u32>,
    /// The function that makes its binary form, by which types are known that are another one underneath.
    send: Option<String>,
    /// Of an array: its elements' type.
    cast: String,
}

pub(crate) fn read(row: &Row) -> Result<Found, Error> {
    Ok(Found {
        oid: row.try_get(0)?,
        name: row.try_get(1)?,
        category: row.try_get(2)?,
        kind: row.try_get(3)?,
        element: row.try_get(4)?,
        base: row.try_get(5)?,
        subtype: row.try_get(6)?,
        send: row.try_get(7)?,
        cast: row.try_get(8)?,
    })
}

/// Learns how all of these are read; what is to be told of them.
pub(crate) fn known(found: Vec<Found>, map: &mut TypeMap) -> Vec<(u32, Known)> {
    let all: HashMap<u32, Found> = found.into_iter().map(|found| (found.oid, found)).collect();
    let mut told = Vec::with_capacity(all.len());
    for (oid, found) in &all {
        if Type::from_oid(*oid).is_some() {
            continue;
        }
        let decoder = decoder(found, &all, 0);
        let is_array = found.category == "A";
        let sql_type = match found.kind.as_str() {
            _ if is_array => SqlType::Array,
            // Read as text, but not any text will do.
            "e" => SqlType::Other,
            _ => sql_type_of(&decoder),
        };
        let is_row = is_row(found, &all);
        let cast = match (is_array, is_row) {
            (true, _) => found.cast.clone() + "[]",
            (_, true) => String::new(),
            _ => found.cast.clone(),
        };
        map.learn(*oid, decoder);
        told.push((*oid, Known { name: found.name.as_str().into(), sql_type, cast: cast.into() }));
    }
    told
}

fn is_row(found: &Found, all: &HashMap<u32, Found>) -> bool {
    found.kind == "c" || all.get(&found.base).is_some_and(|base| base.kind == "c")
}

/// How deep domains over domains are followed.
const DEEP: u32 = 32;

fn decoder(found: &Found, all: &HashMap<u32, Found>, depth: u32) -> Decoder {
    let by_number = |oid: u32| match all.get(&oid) {
        _ if Type::from_oid(oid).is_some() => crate::types::decoder(oid),
        Some(found) if depth < DEEP => decoder(found, all, depth + 1),
        _ => Decoder::Opaque,
    };
    // Only the number of what a range is over counts for reading it.
    let over = |kind: fn(Type) -> Kind| match found.subtype {
        Some(oid) => {
            let bound = Type::from_oid(oid).unwrap_or_else(|| new(oid, Kind::Simple));
            Decoder::Written(new(found.oid, kind(bound)))
        }
        None => Decoder::Opaque,
    };
    match found.kind.as_str() {
        "e" => Decoder::Text,
        "d" => by_number(found.base),
        "c" => Decoder::Written(Type::RECORD),
        "r" => over(Kind::Range),
        "m" => over(Kind::Multirange),
        _ if found.category == "A" && found.element != 0 => Decoder::Array,
        _ => by_sender(found.send.as_deref().unwrap_or_default()),
    }
}

fn new(oid: u32, kind: Kind) -> Type {
    Type::new(String::new(), oid, kind, String::new())
}

/// Types of extensions, by the function that makes their binary form: these are text underneath, or a version and text.
fn by_sender(function: &str) -> Decoder {
    match function {
        "textsend" | "citextsend" | "varcharsend" | "bpcharsend" | "unknownsend" | "namesend" => Decoder::Text,
        "hstore_send" => Decoder::Hstore,
        "ltree_send" | "lquery_send" | "ltxtq_send" => Decoder::Written(Type::JSONPATH),
        _ => Decoder::Opaque,
    }
}
