//! [`Dialect`]: what is legitimately different between databases, as data.

use batis_dbc::Value;

/// What is legitimately different between databases. A case reads it; it never asks which database it is.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The product's name, as the driver says it.
    pub product: &'static str,
    /// The schema of tables that are created without one.
    pub schema: &'static str,
    /// What quotes a name that may be no column, so that it is an error then.
    pub identifier_quote: char,
    /// Names of types in `CREATE TABLE`.
    pub types: Types,
    /// Types beside the common ones, each with a value that goes in and the value that comes out.
    pub round_trips: Vec<RoundTrip>,
    /// Whether a `NaN` comes back as such; otherwise as null.
    pub keeps_nan: bool,
    /// Whether an error inside a transaction makes all that follows fail with `25P02` until it is rolled back.
    pub error_fails_transaction: bool,
    /// Whether the statements of a script are undone if a later one fails.
    pub script_is_atomic: bool,
    /// Whether a violated unique key is told by the constraint's name; otherwise by table and column.
    pub names_constraints: bool,
    /// Whether `describe` knows the types of parameters.
    pub describes_parameters: bool,
    /// Whether `describe` and results say which table column a column shows.
    pub knows_origins: bool,
    /// A query without parameters that takes at least ten seconds.
    pub slow_query: &'static str,
    /// A query of a thousand rows, of which each takes about 20 milliseconds.
    pub slow_rows: &'static str,
    /// A query that fails at about its thirtieth row, with `{numbers}` for a query whose column `i` has the numbers from 1.
    pub failing_row: &'static str,
    /// A statement with semicolons in its body, which makes something of the table `conf_script (n)`.
    pub routine: &'static str,
    /// Statements that make the routines of the cases `calls/..`, again if they are there; none: the database has no routines.
    pub routines: &'static [&'static str],
    /// A query that counts the open transactions of other sessions in this database, and that runs by itself; none: there is none.
    pub open_transactions: Option<&'static str>,
    /// The SQLSTATE of a text that is longer than its column `varchar(3)`; none: it is not checked.
    pub too_long: Option<&'static str>,
    /// Whether the database counts the placeholders of each statement itself, those in forms of its own among them (`?1`, `:name`); a script
    /// with a wrong number of parameters runs up to the statement that this is seen at.
    pub counts_placeholders: bool,
    /// How the database itself writes the first parameter of a statement: by a number.
    pub first_parameter: &'static str,
    /// Whether the database tells the key of the row that was inserted last.
    pub tells_last_insert_id: bool,
    /// A statement of which the database warns with `take care`; none: it never warns.
    pub warning: Option<&'static str>,
    /// Whether text may contain the character U+0000.
    pub stores_zero_characters: bool,
    /// Cases that the database cannot pass, each with the reason; they are reported as skipped.
    pub skipped: &'static [(&'static str, &'static str)],
}

/// Names of types in `CREATE TABLE`; in column lists they stand as `{key}`, `{big}` and so on.
#[derive(Clone, Copy, Debug)]
pub struct Types {
    /// A 64-bit primary key that the database counts up: `integer primary key`.
    pub key: &'static str,
    /// 64-bit integer.
    pub big: &'static str,
    /// 32-bit integer.
    pub int: &'static str,
    /// 64-bit float.
    pub double: &'static str,
    /// Text of any length.
    pub text: &'static str,
    /// Bytes.
    pub bytes: &'static str,
    /// True or false.
    pub bool: &'static str,
}

impl Types {
    pub(crate) fn fill(&self, columns: &str) -> String {
        let names = [
            ("{key}", self.key),
            ("{big}", self.big),
            ("{int}", self.int),
            ("{double}", self.double),
            ("{text}", self.text),
            ("{bytes}", self.bytes),
            ("{bool}", self.bool),
        ];
        names.iter().fold(columns.to_owned(), |text, (mark, name)| text.replace(mark, name))
    }
}

/// A value of a type that not all databases have.
#[derive(Clone, Debug)]
pub struct RoundTrip {
    /// The type in `CREATE TABLE`.
    pub declared: &'static str,
    /// The parameter.
    pub given: Value,
    /// What is read back.
    pub stored: Value,
}

impl RoundTrip {
    /// A value that comes back as it went in.
    #[must_use]
    pub fn same(declared: &'static str, value: Value) -> Self {
        Self { declared, given: value.clone(), stored: value }
    }

    /// A value that comes back as another one.
    #[must_use]
    pub fn changed(declared: &'static str, given: Value, stored: Value) -> Self {
        Self { declared, given, stored }
    }
}

/// What PostgreSQL calls: procedures, functions, one that returns a set, and one whose name needs quotes.
const ROUTINES: &[&str] = &[
    "create or replace procedure conf_divide(inout total bigint, b bigint, out whole bigint, out rest bigint) language plpgsql as \
     $$ begin whole := total / b; rest := total % b; total := total + b; end $$",
    "create or replace procedure conf_append(v bigint) language sql as 'insert into conf_call values (v)'",
    "create or replace procedure \"Conf Add\"(v bigint) language sql as 'insert into conf_call values (v)'",
    "create or replace function conf_twice(v bigint) returns bigint language sql as 'select v * 2'",
    "create or replace function conf_parts(v text, out head text, out tail text) language sql as \
     $$ select split_part(v, '-', 1), split_part(v, '-', 2) $$",
    "create or replace function conf_upto(v bigint) returns setof bigint language sql as 'select generate_series(1, v)'",
];

impl Dialect {
    /// SQLite, as batis opens it.
    #[must_use]
    pub fn sqlite() -> Self {
        let text = |t: &str| Value::Text(t.into());
        Self {
            product: "SQLite",
            schema: "main",
            identifier_quote: '`',
            types: Types {
                key: "integer primary key",
                big: "bigint",
                int: "integer",
                double: "double precision",
                text: "text",
                bytes: "blob",
                bool: "boolean",
            },
            round_trips: vec![
                RoundTrip::changed("text", Value::Numeric("12.500".into()), text("12.500")),
                RoundTrip::changed("text", Value::Uuid([0x11; 16]), text("11111111-1111-1111-1111-111111111111")),
                RoundTrip::changed("date", Value::Date(19_753), text("2024-01-31")),
                RoundTrip::changed("time", Value::Time(1_500_000), text("00:00:01.500000")),
                RoundTrip::changed("timestamp", Value::Timestamp(0), text("1970-01-01 00:00:00")),
                RoundTrip::changed("text", Value::TimestampTz(0), text("1970-01-01 00:00:00+00")),
                RoundTrip::changed("json", Value::Json("{\"a\":1}".into()), text("{\"a\":1}")),
                RoundTrip::changed("text", Value::Array([Value::Int(1), Value::Null].into()), text("[1,null]")),
            ],
            keeps_nan: false,
            error_fails_transaction: false,
            script_is_atomic: false,
            names_constraints: false,
            describes_parameters: false,
            knows_origins: true,
            slow_query: "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
            slow_rows: "with recursive o(k) as (select 1 union all select k + 1 from o where k < 1000) \
                        select (with recursive n(i) as (select 1 union all select i + 1 from n where i < 50000 + k) \
                        select count(*) from n) from o",
            routines: &[],
            routine: "create trigger conf_trigger after insert on conf_script begin \
                      update conf_script set n = case n when 0 then 1 else n end; delete from conf_script where n < 0; end",
            failing_row: "select abs(case i when 30 then -9223372036854775807 - 1 else i end) from ({numbers}) s",
            open_transactions: None,
            too_long: None,
            counts_placeholders: true,
            first_parameter: "?1",
            tells_last_insert_id: true,
            warning: None,
            stores_zero_characters: true,
            skipped: &[],
        }
    }

    /// PostgreSQL 12 and newer.
    #[must_use]
    pub fn postgres() -> Self {
        Self {
            product: "PostgreSQL",
            schema: "public",
            identifier_quote: '"',
            types: Types {
                key: "bigint generated by default as identity primary key",
                big: "bigint",
                int: "integer",
                double: "double precision",
                text: "text",
                bytes: "bytea",
                bool: "boolean",
            },
            round_trips: vec![
                RoundTrip::same("numeric(10,3)", Value::Numeric("12.500".into())),
                RoundTrip::same("uuid", Value::Uuid([0x11; 16])),
                RoundTrip::same("date", Value::Date(19_753)),
                RoundTrip::same("time", Value::Time(1_500_000)),
                RoundTrip::same("timestamp", Value::Timestamp(-1)),
                RoundTrip::same("timestamptz", Value::TimestampTz(0)),
                RoundTrip::same("json", Value::Json("{\"a\":1}".into())),
                RoundTrip::same("bigint[]", Value::Array([Value::Int(1), Value::Null].into())),
                RoundTrip::same("smallint", Value::Int(-32_768)),
            ],
            keeps_nan: true,
            error_fails_transaction: true,
            script_is_atomic: true,
            names_constraints: true,
            describes_parameters: true,
            knows_origins: true,
            slow_query: "select pg_sleep(30)",
            routines: ROUTINES,
            routine: "create or replace function conf_atomic(a bigint) returns bigint begin atomic \
                      select case a when 0 then 1 else a end; select a + 1; end",
            slow_rows: // The server sends its rows when it has 8 kB of them.
                "select n, repeat('x', 10000) from generate_series(1, 1000) n, lateral (select pg_sleep(0.02 + 0 * n)) s",
            failing_row: "select 1 / (30 - i) from ({numbers}) s",
            open_transactions: Some(
                "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
            ),
            too_long: Some("22001"),
            counts_placeholders: false,
            first_parameter: "$1",
            tells_last_insert_id: false,
            warning: Some("do $$ begin raise warning 'take care'; end $$"),
            stores_zero_characters: false,
            skipped: &[],
        }
    }
}
