//! The SQL by which PostgreSQL tells what is in a database, and what it can do.

use batis_dbc::Capabilities;
use batis_dbc::driver::Introspection;

/// Parameters that the protocol allows in one statement.
pub(crate) const MOST_PARAMETERS: usize = 65_535;

/// What PostgreSQL can do.
pub(crate) const CAPABILITIES: Capabilities = {
    let mut can = Capabilities::none();
    can.transactional_ddl = true;
    can.error_fails_transaction = true;
    can.isolation_levels = true;
    can.returning = true;
    can.arrays = true;
    can.schemas = true;
    can.sequences = true;
    can.routines = true;
    can.cancel = true;
    can.two_phase_commit = true;
    can.longest_name = 63;
    can.most_parameters = MOST_PARAMETERS;
    can
};

/// The answer to a question.
pub(crate) fn sql(what: Introspection) -> Option<&'static str> {
    Some(match what {
        Introspection::Schemas => {
            "select nspname::text from pg_namespace \
             where nspname !~ '^pg_(toast|temp)' and nspname not in ('pg_catalog', 'information_schema') order by nspname"
        }
        Introspection::Tables => TABLES,
        Introspection::Columns => COLUMNS,
        Introspection::PrimaryKey => PRIMARY_KEY,
        Introspection::ImportedKeys => IMPORTED_KEYS,
        Introspection::ExportedKeys => EXPORTED_KEYS,
        Introspection::Indexes => INDEXES,
        Introspection::Constraints => CONSTRAINTS,
        Introspection::Sequences => SEQUENCES,
        Introspection::Types => TYPES,
        Introspection::Routines => ROUTINES,
        Introspection::RoutineKind => ROUTINE_KIND,
        Introspection::Views => VIEWS,
        Introspection::PreparedTransactions => {
            "select gid from pg_prepared_xacts where database = current_database() order by prepared"
        }
        _ => return None,
    })
}

/// The table that is asked for: of this schema, or the one that a name without schema means. Two parameters.
macro_rules! table {
    () => {
        "with asked as (select c.oid from (select ?::text as s, ?::text as n) a, pg_class c join pg_namespace n on n.oid = c.relnamespace \
         where c.relname = a.n and (n.nspname = a.s or (a.s is null and pg_table_is_visible(c.oid)))) "
    };
}

/// Not one of the database's own schemas, and the one that is asked for if one is. One parameter.
macro_rules! schema {
    () => {
        "n.nspname !~ '^pg_(toast|temp)' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname = coalesce(?::text, n.nspname)"
    };
}

const TABLES: &str = concat!(
    "select n.nspname::text, c.relname::text, case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view' \
     when 'm' then 'materialized view' else 'foreign table' end, obj_description(c.oid, 'pg_class') \
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f') and ",
    schema!(),
    " order by 1, 2"
);

const COLUMNS: &str = concat!(
    table!(),
    "select a.attname::text, row_number() over (order by a.attnum), format_type(a.atttypid, a.atttypmod), not a.attnotnull, \
     case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end, \
     a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid) like 'nextval(%', false), a.attgenerated <> '', \
     case when a.atttypid in ('varchar'::regtype, 'bpchar'::regtype) and a.atttypmod > 4 then (a.atttypmod - 4)::bigint end, \
     case when a.atttypid = 'numeric'::regtype and a.atttypmod > 4 then (((a.atttypmod - 4) >> 16) & 65535)::bigint end, \
     case when a.atttypid = 'numeric'::regtype and a.atttypmod > 4 then ((a.atttypmod - 4) & 65535)::bigint end, \
     col_description(a.attrelid, a.attnum) \
     from asked join pg_attribute a on a.attrelid = asked.oid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum \
     where a.attnum > 0 and not a.attisdropped order by a.attnum"
);

const PRIMARY_KEY: &str = concat!(
    table!(),
    "select k.conname::text, a.attname::text from asked join pg_constraint k on k.conrelid = asked.oid and k.contype = 'p', \
     unnest(k.conkey) with ordinality as u(num, at) join pg_attribute a on a.attnum = u.num \
     where a.attrelid = k.conrelid order by u.at"
);

/// The columns of a foreign key, side by side.
macro_rules! keys {
    ($side:literal) => {
        concat!(
            table!(),
            "select k.conname::text, n.nspname::text, c.relname::text, a.attname::text, rn.nspname::text, rc.relname::text, ra.attname::text, \
             case k.confupdtype when 'c' then 'CASCADE' when 'r' then 'RESTRICT' when 'n' then 'SET NULL' when 'd' then 'SET DEFAULT' else 'NO ACTION' end, \
             case k.confdeltype when 'c' then 'CASCADE' when 'r' then 'RESTRICT' when 'n' then 'SET NULL' when 'd' then 'SET DEFAULT' else 'NO ACTION' end \
             from asked join pg_constraint k on k.",
            $side,
            " = asked.oid and k.contype = 'f' \
             join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace \
             join pg_class rc on rc.oid = k.confrelid join pg_namespace rn on rn.oid = rc.relnamespace, \
             unnest(k.conkey, k.confkey) with ordinality as u(num, rnum, at), pg_attribute a, pg_attribute ra \
             where a.attrelid = k.conrelid and a.attnum = u.num and ra.attrelid = k.confrelid and ra.attnum = u.rnum \
             and k.conparentid = 0 order by 2, 3, 1, u.at"
        )
    };
}

const IMPORTED_KEYS: &str = keys!("conrelid");
const EXPORTED_KEYS: &str = keys!("confrelid");

const INDEXES: &str = concat!(
    table!(),
    "select c.relname::text, i.indisunique, i.indisprimary, pg_get_expr(i.indpred, i.indrelid), pg_get_indexdef(i.indexrelid, p.at, true) \
     from asked join pg_index i on i.indrelid = asked.oid join pg_class c on c.oid = i.indexrelid, generate_series(1, i.indnkeyatts) as p(at) \
     order by 1, p.at"
);

const CONSTRAINTS: &str = concat!(
    table!(),
    "select k.conname::text, case k.contype when 'p' then 'PRIMARY KEY' when 'u' then 'UNIQUE' when 'f' then 'FOREIGN KEY' when 'c' then 'CHECK' \
     else 'EXCLUDE' end, pg_get_constraintdef(k.oid) from asked join pg_constraint k on k.conrelid = asked.oid \
     where k.contype in ('p', 'u', 'f', 'c', 'x') order by k.conname"
);

const SEQUENCES: &str = concat!(
    "select n.nspname::text, c.relname::text, format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle \
     from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace where ",
    schema!(),
    " order by 1, 2"
);

const TYPES: &str = concat!(
    "select n.nspname::text, t.typname::text, case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' else 'range' end, \
     p.part from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid \
     left join lateral ( \
       select e.enumlabel::text as part, e.enumsortorder::float8 as at from pg_enum e where e.enumtypid = t.oid \
       union all select format_type(t.typbasetype, t.typtypmod), 0 where t.typtype = 'd' \
       union all select a.attname || ' ' || format_type(a.atttypid, a.atttypmod), a.attnum from pg_attribute a \
         where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped \
       union all select format_type(r.rngsubtype, null), 0 from pg_range r where r.rngtypid = t.oid \
     ) p on true where t.typtype in ('e', 'd', 'c', 'r') and (t.typtype <> 'c' or c.relkind = 'c') and ",
    schema!(),
    " order by 1, 2, p.at"
);

const ROUTINES: &str = concat!(
    "select n.nspname::text, p.proname::text, case p.prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate' else 'window' end, \
     pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname::text \
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang where ",
    schema!(),
    " order by 1, 2, p.oid"
);

/// The name may have a schema and quotes.
const ROUTINE_KIND: &str = "\
with asked as (select pg_catalog.parse_ident(?::pg_catalog.text) as parts)
select case p.prokind when 'p' then 'procedure' else 'function' end
from asked, pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where p.proname = parts[pg_catalog.array_upper(parts, 1)]
  and case when pg_catalog.array_upper(parts, 1) = 1 then pg_catalog.pg_function_is_visible(p.oid)
      else n.nspname = parts[pg_catalog.array_upper(parts, 1) - 1] end
order by 1 limit 1";

const VIEWS: &str = concat!(
    "select n.nspname::text, c.relname::text, pg_get_viewdef(c.oid, true) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
     where c.relkind in ('v', 'm') and ",
    schema!(),
    " order by 1, 2"
);
