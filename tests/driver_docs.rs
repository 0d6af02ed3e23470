//! `docs/drivers.md`: the tables of options and differences are those of the code.
//!
//! `BATIS_BLESS=1 cargo test -p batis --test driver_docs` writes them.
#![cfg(all(feature = "sqlite", feature = "postgres"))]

#[path = "../jdbc-like/testkit/shared/doc_table.rs"]
mod doc_table;

use std::fmt::Write as _;

use batis::dbc::driver::Driver;
use batis::dbc::{Value, ValueRef};
use batis_conformance::Dialect;
use batis_postgres::PostgresDriver;
use batis_sqlite::SqliteDriver;

fn options(driver: &dyn Driver) -> String {
    let mut out = String::from("| option | default | what it does |\n|---|---|---|\n");
    for property in driver.properties() {
        let default = if property.default.is_empty() { String::new() } else { format!("`{}`", property.default) };
        let _ = writeln!(out, "| `{}` | {default} | {} |", property.name, property.doc.replace('|', "\\|"));
    }
    out
}

fn shown(value: &Value) -> String {
    let kind = format!("{value:?}");
    let kind = kind.split(['(', ' ']).next().unwrap_or_default().to_owned();
    match value.as_ref() {
        ValueRef::Array(_) | ValueRef::Bytes(_) => kind,
        other => format!("{kind} `{other}`"),
    }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn or_none(text: Option<&str>, none: &str) -> String {
    text.map_or_else(|| none.to_owned(), code)
}

fn yes(is: bool) -> String {
    (if is { "yes" } else { "no" }).to_owned()
}

/// What a dialect says, row by row: everything that is in it.
fn rows(dialect: &Dialect) -> Vec<(&'static str, String)> {
    let Dialect {
        product: _,
        schema,
        identifier_quote: _,
        types,
        round_trips,
        keeps_nan,
        error_fails_transaction,
        script_is_atomic,
        names_constraints,
        describes_parameters,
        knows_origins,
        slow_query: _,
        slow_rows: _,
        failing_row: _,
        routine: _,
        routines,
        open_transactions: _,
        too_long,
        counts_placeholders,
        first_parameter,
        tells_last_insert_id,
        warning,
        stores_zero_characters,
        skipped,
    } = dialect;
    let trips: Vec<String> = round_trips
        .iter()
        .map(|trip| match trip.given == trip.stored {
            true => format!("`{}`: {}", trip.declared, shown(&trip.given)),
            false => format!("`{}`: {} comes back as {}", trip.declared, shown(&trip.given), shown(&trip.stored)),
        })
        .collect();
    let skipped: Vec<String> = skipped.iter().map(|(case, reason)| format!("{case}: {reason}")).collect();
    vec![
        ("schema of new tables", code(schema)),
        ("a key that counts up by itself", code(types.key)),
        ("64-bit integer", code(types.big)),
        ("32-bit integer", code(types.int)),
        ("64-bit float", code(types.double)),
        ("text", code(types.text)),
        ("bytes", code(types.bytes)),
        ("truth value", code(types.bool)),
        ("NaN comes back as NaN (otherwise as null)", yes(*keeps_nan)),
        ("an error fails the whole transaction (25P02 until it is rolled back)", yes(*error_fails_transaction)),
        ("a script that fails is undone as a whole", yes(*script_is_atomic)),
        ("a violated unique key is told by its name (otherwise by table and column)", yes(*names_constraints)),
        ("`describe` knows the types of parameters", yes(*describes_parameters)),
        ("`describe` and results know the table of a column", yes(*knows_origins)),
        ("a text that is too long for `varchar(3)`", or_none(*too_long, "is stored")),
        ("it has routines to `call`", yes(!routines.is_empty())),
        (
            "it counts placeholders itself (`?1`, `:name` too); a script runs up to where a wrong number is seen (otherwise not at all)",
            yes(*counts_placeholders),
        ),
        ("a parameter in the database's own form", code(first_parameter)),
        ("`last_insert_id` tells the key of the row that was inserted last", yes(*tells_last_insert_id)),
        ("it has warnings", yes(warning.is_some())),
        ("text may hold U+0000", yes(*stores_zero_characters)),
        ("further types", trips.join("<br>")),
        ("cases that cannot be passed", if skipped.is_empty() { "none".to_owned() } else { skipped.join("<br>") }),
    ]
}

fn differences() -> String {
    let (sqlite, postgres) = (Dialect::sqlite(), Dialect::postgres());
    let mut out = format!("| | {} | {} |\n|---|---|---|\n", sqlite.product, postgres.product);
    for ((what, left), (_, right)) in rows(&sqlite).into_iter().zip(rows(&postgres)) {
        let _ = writeln!(out, "| {what} | {left} | {right} |");
    }
    out
}

#[test]
fn the_tables_are_those_of_the_code() {
    let page = "docs/drivers.md";
    doc_table::check(page, "options of sqlite", &options(&SqliteDriver));
    doc_table::check(page, "options of postgres", &options(&PostgresDriver::new()));
    doc_table::check(page, "differences", &differences());
}
