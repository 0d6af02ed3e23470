//! The SQL by which SQLite tells what is in a database, and what it can do.

use batis_dbc::Capabilities;
use batis_dbc::driver::Introspection;

/// What SQLite can do.
pub(crate) const CAPABILITIES: Capabilities = {
    let mut can = Capabilities::none();
    can.transactional_ddl = true;
    can.returning = true;
    can.schemas = true;
    can.cancel = true;
    // A name in double quotes that is no column is text for SQLite.
    can.identifier_quote = '`';
    can.most_parameters = 32_766;
    can
};

/// The answer to a question; none where SQLite has no such thing.
pub(crate) fn sql(what: Introspection) -> Option<&'static str> {
    Some(match what {
        Introspection::Schemas => "select name from pragma_database_list where name <> 'temp' order by seq",
        Introspection::Tables => {
            "select schema, name, type, null from pragma_table_list \
             where name not like 'sqlite\\_%' escape '\\' and type <> 'shadow' and schema = coalesce(?, schema) \
             order by schema, name"
        }
        Introspection::Columns => COLUMNS,
        Introspection::PrimaryKey => {
            "with t as (select ?1 as s, ?2 as n) \
             select null, x.name from t, pragma_table_xinfo(t.n, coalesce(t.s, 'main')) x where x.pk > 0 order by x.pk"
        }
        Introspection::ImportedKeys => IMPORTED_KEYS,
        Introspection::ExportedKeys => EXPORTED_KEYS,
        Introspection::Indexes => INDEXES,
        Introspection::Constraints => CONSTRAINTS,
        Introspection::Views => {
            "select 'main', name, sql from main.sqlite_schema where type = 'view' and 'main' = coalesce(?, 'main') order by name"
        }
        _ => return None,
    })
}

/// A column that is the row id is counted up by itself: the only key column, of type INTEGER.
const COLUMNS: &str = "\
    with t as (select ?1 as s, ?2 as n), \
    x as (select x.* from t, pragma_table_xinfo(t.n, coalesce(t.s, 'main')) x) \
    select name, cid + 1, type, not (\"notnull\" or (pk > 0 and (select count(*) from x where pk > 0) = 1 and upper(type) = 'INTEGER')), \
      dflt_value, pk > 0 and (select count(*) from x where pk > 0) = 1 and upper(type) = 'INTEGER', hidden in (2, 3), \
      null, null, null, null \
    from x where hidden <> 1 order by cid";

/// Foreign keys have no names that SQLite tells: their number stands in for one.
const IMPORTED_KEYS: &str = "\
    with t as (select coalesce(?1, 'main') as s, ?2 as n) \
    select 'fk_' || t.n || '_' || k.id, t.s, t.n, k.\"from\", t.s, k.\"table\", \
      coalesce(k.\"to\", (select x.name from pragma_table_xinfo(k.\"table\", t.s) x where x.pk = k.seq + 1)), k.on_update, k.on_delete \
    from t, pragma_foreign_key_list(t.n, t.s) k order by k.id, k.seq";

const EXPORTED_KEYS: &str = "\
    with t as (select coalesce(?1, 'main') as s, ?2 as n) \
    select 'fk_' || l.name || '_' || k.id, t.s, l.name, k.\"from\", t.s, t.n, \
      coalesce(k.\"to\", (select x.name from pragma_table_xinfo(t.n, t.s) x where x.pk = k.seq + 1)), k.on_update, k.on_delete \
    from t, pragma_table_list l, pragma_foreign_key_list(l.name, t.s) k \
    where l.schema = t.s and l.type = 'table' and k.\"table\" = t.n collate nocase order by l.name, k.id, k.seq";

const INDEXES: &str = "\
    with t as (select coalesce(?1, 'main') as s, ?2 as n) \
    select i.name, i.\"unique\", i.origin = 'pk', case when i.partial then substr(m.sql, instr(upper(m.sql), ' WHERE ') + 7) end, \
      coalesce(c.name, 'expression') \
    from t, pragma_index_list(t.n, t.s) i, pragma_index_xinfo(i.name, t.s) c \
    left join sqlite_schema m on m.type = 'index' and m.name = i.name \
    where c.key order by i.name, c.seqno";

const CONSTRAINTS: &str = "\
    with t as (select coalesce(?1, 'main') as s, ?2 as n) \
    select null, 'PRIMARY KEY', 'PRIMARY KEY (' || group_concat(x.name, ', ') || ')' \
      from (select x.name from t, pragma_table_xinfo(t.n, t.s) x where x.pk > 0 order by x.pk) x having count(*) > 0 \
    union all \
    select i.name, 'UNIQUE', 'UNIQUE (' || (select group_concat(c.name, ', ') from pragma_index_info(i.name, t.s) c) || ')' \
      from t, pragma_index_list(t.n, t.s) i where i.origin = 'u' \
    union all \
    select null, 'FOREIGN KEY', 'FOREIGN KEY (' || group_concat(k.\"from\", ', ') || ') REFERENCES ' || k.\"table\" \
      || coalesce(' (' || group_concat(k.\"to\", ', ') || ')', '') \
      from t, pragma_foreign_key_list(t.n, t.s) k group by k.id";
