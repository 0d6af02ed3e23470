//! Types of the database's own and of extensions: enums, domains, rows, ranges, hstore, and arrays of all of them.

use batis_dbc::blocking::Connection;
use batis_dbc::{Batch, BatchOptions, BatchStrategy, DriverManager, SqlType, Value};
use batis_postgres::{Environment, PostgresDriver};
use batis_testkit::TestDatabase;

const TYPES: &str = "
create schema \"My App\";
create type mood as enum ('sad', 'happy', 'so so', 'NULL', '');
create type \"My App\".\"Mood\" as enum ('x');
create domain percent as int check (value between 0 and 100);
create domain small_percent as percent check (value < 50);
create domain code as text;
create domain many as int[];
create type pair as (a int, b text);
create type inner_row as (m mood, p percent, at timestamptz);
create type outer_row as (n numeric, i inner_row, ms mood[]);
create type nothing as ();
create type moods as range (subtype = mood);
create type floats as range (subtype = float8);
create table things (id int, m mood, ms mood[], p percent, c pair, r moods, q \"My App\".\"Mood\");";

fn database() -> Option<TestDatabase> {
    let database = batis_testkit::postgres()?.create_database().unwrap();
    database.psql(TYPES).unwrap();
    Some(database)
}

fn connect(database: &TestDatabase, options: &str) -> Connection {
    let manager = DriverManager::new().with(PostgresDriver::with_environment(Environment::empty()));
    manager.connect_blocking(&(database.url() + options)).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn array(items: &[Value]) -> Value {
    Value::Array(items.into())
}

/// Each as the first thing that a new connection reads (so that the catalog must be asked for it), and again, without a name and with one.
fn check(database: &TestDatabase, cases: &[(&str, &str, Value)]) {
    for options in ["&prepare_threshold=0", "&prepare_threshold=-1"] {
        let mut used = connect(database, options);
        for (declared, written, expected) in cases {
            let mut fresh = connect(database, options);
            for conn in [&mut fresh, &mut used] {
                for _ in 0..2 {
                    let sql = format!("select '{}'::{declared}", written.replace('\'', "''"));
                    assert_eq!(conn.query_one(&sql, ()).unwrap().values()[0], *expected, "{declared} {written}");
                    // As text, and as the value that came back.
                    let sql = format!("select ?::{declared}, ?::{declared}, ?::{declared}");
                    let row = conn.query_one(&sql, (*written, expected, None::<&str>)).unwrap();
                    assert_eq!(row.values(), [expected.clone(), expected.clone(), Value::Null], "{declared} {written}");
                }
            }
        }
    }
}

#[test]
fn each_type_of_the_database_is_read_from_the_first_row_on() {
    let Some(database) = database() else { return };
    let cases = [
        ("mood", "happy", text("happy")),
        ("mood", "", text("")),
        ("\"My App\".\"Mood\"", "x", text("x")),
        ("percent", "7", Value::Int(7)),
        ("small_percent", "7", Value::Int(7)),
        ("code", "a\tb", text("a\tb")),
        ("many", "{1,NULL}", array(&[Value::Int(1), Value::Null])),
        ("pair", "(1,\"b c\")", text("(1,\"b c\")")),
        ("pair", "(,)", text("(,)")),
        ("pair", "(,\"\")", text("(,\"\")")),
        ("nothing", "()", text("()")),
        ("inner_row", "(sad,5,infinity)", text("(sad,5,infinity)")),
        (
            "outer_row",
            "(1.50,\"(\"\"so so\"\",5,\"\"1970-01-01 00:00:00+00\"\")\",\"{sad,happy}\")",
            text("(1.50,\"(\"\"so so\"\",5,\"\"1970-01-01 00:00:00+00\"\")\",\"{sad,happy}\")"),
        ),
        ("moods", "[sad,\"so so\"]", text("[sad,\"so so\"]")),
        ("moods", "empty", text("empty")),
        ("moods", "(,)", text("(,)")),
        ("floats", "[0.5,Infinity)", text("[0.5,Infinity)")),
        ("percent[]", "{5,NULL,100}", array(&[Value::Int(5), Value::Null, Value::Int(100)])),
        ("pair[]", "{\"(1,x)\"}", array(&[text("(1,x)")])),
        (
            "mood[]",
            "{{sad,NULL},{\"NULL\",\"\"}}",
            array(&[array(&[text("sad"), Value::Null]), array(&[text("NULL"), text("")])]),
        ),
        ("moods[]", "{\"[sad,happy]\",empty}", array(&[text("[sad,happy]"), text("empty")])),
    ];
    check(&database, &cases);
}

#[test]
fn multiranges_of_the_databases_own() {
    let Some(database) = database() else { return };
    if database.psql("select to_regtype('int4multirange') is null").unwrap() == "t" {
        return;
    }
    let cases = ["{}", "{[0.5,1),(2,3]}"].map(|written| ("floats_multirange", written, text(written)));
    check(&database, &cases);
    check(&database, &["{}", "{[sad,happy)}"].map(|written| ("moods_multirange", written, text(written))));
}

#[test]
fn extension_types_are_text() {
    let Some(database) = database() else { return };
    let has = |name: &str| database.psql(&format!("create extension {name}")).is_ok();
    if has("hstore") {
        let value = "\"c\"=>NULL, \"a\\\"b\"=>\"1\"";
        check(&database, &[("hstore", value, text(value)), ("hstore", "", text("")), ("hstore[]", "{}", array(&[]))]);
    }
    if has("citext") {
        check(&database, &[("citext", "Grün", text("Grün")), ("citext[]", "{A}", array(&[text("A")]))]);
    }
    if has("ltree") {
        check(&database, &[("ltree", "a.b", text("a.b")), ("lquery", "a.*", text("a.*"))]);
    }
    if has("cube") {
        // A type whose binary form nobody knows here: its bytes as they are, never a text that it is not.
        let mut conn = connect(&database, "");
        for _ in 0..7 {
            let row = conn.query_one("select '(1,2)'::cube, 1", ()).unwrap();
            assert!(matches!(row.values()[0], Value::Bytes(_)));
            assert!(row.get::<String>(0).is_err());
            assert_eq!(conn.query_one("select '(1,2)'::cube::text", ()).unwrap().get::<&str>(0).unwrap(), "(1, 2)");
        }
    }
}

#[test]
fn a_large_result_does_not_wait_for_the_catalog() {
    let Some(database) = database() else { return };
    let mut conn = connect(&database, "");
    for _ in 0..7 {
        let rows = conn.query("select 'sad'::mood, '{sad}'::mood[], n from generate_series(1, 20000) n", ()).unwrap();
        let rows = rows.map(|row| Ok((row.get::<String>(0)?, row.get::<Vec<String>>(1)?, row.get::<i64>(2)?))).unwrap();
        assert_eq!(rows.len(), 20_000);
        assert_eq!(rows[19_999], ("sad".to_owned(), vec!["sad".to_owned()], 20_000));
    }
}

#[test]
fn a_count_is_that_of_the_statement_and_not_of_the_catalogs() {
    let Some(database) = database() else { return };
    let mut conn = connect(&database, "");
    let changed = conn.execute("insert into things (id, m) values (1, 'sad'), (2, 'happy') returning m", ()).unwrap();
    assert_eq!(changed, 2);
    conn.execute_script("begin").unwrap();
    assert_eq!(conn.execute("update things set p = 5 returning c, r", ()).unwrap(), 2);
    conn.execute_script("rollback").unwrap();
}

#[test]
fn a_description_names_types_as_a_cast_does() {
    let Some(database) = database() else { return };
    for options in ["", "&prepare_threshold=0"] {
        let mut conn = connect(&database, options);
        let sql = "insert into things (id, m, ms, p, c, r, q) values (?, ?, ?, ?, ?, ?, ?)";
        let described = conn.describe(sql).unwrap();
        let names: Vec<&str> = described.parameter_types.iter().map(|name| &**name).collect();
        // A row type is left out: `unnest` would make a column for each of its fields.
        let expected =
            ["int4", "public.mood", "public.mood[]", "public.percent", "", "public.moods", "\"My App\".\"Mood\""];
        assert_eq!(names, expected);
        let [integer, other, list] = [SqlType::Integer, SqlType::Other, SqlType::Array];
        assert_eq!(described.parameters, [integer, other, list, integer, other, other, other]);
    }
}

#[test]
fn batches_send_enums_and_domains_as_arrays() {
    let Some(database) = database() else { return };
    let mut conn = connect(&database, "");
    let mut batch = Batch::new("insert into things (id, m, p, q) values (?, ?, ?, ?)");
    for id in 0..100 {
        batch.add((id, "happy", id, "x")).unwrap();
    }
    let outcome = conn.execute_batch_with(&batch, &BatchOptions::new().strategy(BatchStrategy::Unnest)).unwrap();
    assert_eq!(outcome.total(), 100);
    let sum: i64 =
        conn.query_one("select sum(p) from things where m = 'happy' and q = 'x'", ()).unwrap().get(0).unwrap();
    assert_eq!(sum, 4950);
}

/// In a cast `bit` means `bit(1)` and `char` means `char(1)`, unless they are quoted.
#[test]
fn batches_do_not_cut_bits() {
    let Some(database) = database() else { return };
    let mut conn = connect(&database, "");
    conn.execute_script("create table cut (id int, b bit(3), v bit varying, c \"char\", p char(3))").unwrap();
    for strategy in [BatchStrategy::Auto, BatchStrategy::Unnest] {
        let mut batch = Batch::new("insert into cut values (?, ?, ?, ?, ?)");
        for id in 0..5 {
            batch.add((id, "101", "1101", "", "abc")).unwrap();
        }
        assert_eq!(conn.execute_batch_with(&batch, &BatchOptions::new().strategy(strategy)).unwrap().total(), 5);
    }
    let whole = "select count(*) from cut where b = B'101' and v = B'1101' and c = '' and p = 'abc'";
    assert_eq!(conn.query_one(whole, ()).unwrap().get::<i64>(0).unwrap(), 10);
    let mut batch = Batch::new("insert into cut (b) values (?)");
    for _ in 0..5 {
        batch.add(("1010",)).unwrap();
    }
    assert_eq!(conn.execute_batch(&batch).unwrap_err().sql_state().code(), "22026", "what is too long is refused");
}
