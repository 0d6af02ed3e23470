//! What is SQLite's own: opening, caching, limits and what it does to a transaction by itself.

use std::time::{Duration, Instant};

use batis_dbc::blocking::Connection;
use batis_dbc::{CallOptions, DriverManager, SqlError, SqlType, TransactionOptions};
use batis_sqlite::SqliteDriver;
use tempfile::TempDir;

fn manager() -> DriverManager {
    DriverManager::new().with(SqliteDriver)
}

fn memory() -> Connection {
    manager().connect_blocking("sqlite::memory:").unwrap()
}

fn code(error: &SqlError) -> String {
    error.sql_state().code().to_owned()
}

#[test]
fn opening_says_what_is_wrong() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let error = |url: String| manager().connect_blocking(&url).unwrap_err();
    assert_eq!(
        error(format!("sqlite:{}?mode=rw", at("none.db"))).to_string(),
        format!(
            "cannot open the SQLite database `{}`: the file does not exist [08001]; hint: mode=rwc creates it",
            at("none.db")
        )
    );
    assert_eq!(
        error(format!("sqlite:{}", at(""))).to_string(),
        format!("cannot open the SQLite database `{}`: it is a folder [08001]", at(""))
    );
    assert_eq!(
        error(format!("sqlite:{}", at("no/such.db"))).to_string(),
        format!(
            "cannot open the SQLite database `{}`: the folder `{}` does not exist [08001]",
            at("no/such.db"),
            at("no")
        )
    );
    std::fs::write(at("text.db"), "this is no database, only some text that is long enough").unwrap();
    assert_eq!(
        error(format!("sqlite:{}", at("text.db"))).to_string(),
        format!(
            "cannot open the SQLite database `{}`: file is not a database [XX001]; hint: the file is no SQLite database, or it is \
             encrypted",
            at("text.db")
        )
    );
    assert_eq!(
        error("sqlite:a.db?busy_timout=1".into()).to_string(),
        "unknown option `busy_timout` in the sqlite URL [08001]; hint: did you mean `busy_timeout`?"
    );
}

#[test]
fn a_file_is_opened_with_the_documented_settings() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("a b%20c.db").display()).replace("%20", "%2520");
    let mut conn = manager().connect_blocking(&url).unwrap();
    let mut text = |sql: &str| conn.query_one(sql, ()).unwrap().get::<String>(0).unwrap();
    assert_eq!(text("pragma journal_mode"), "wal");
    assert_eq!(text("pragma foreign_keys"), "1");
    assert_eq!(text("pragma synchronous"), "1");
    assert_eq!(text("pragma busy_timeout"), "5000");
    conn.execute_script("create table t (n integer)").unwrap();
    assert!(folder.path().join("a b%20c.db").exists());
    let mut reader = manager().connect_blocking(&format!("{url}?mode=ro")).unwrap();
    assert_eq!(code(&reader.execute("insert into t values (1)", ()).unwrap_err()), "25006");
}

#[test]
fn one_in_memory_database_can_be_shared() {
    let url = "sqlite:shared one?mode=memory&cache=shared";
    let mut a = manager().connect_blocking(url).unwrap();
    a.execute("create table t (n integer)", ()).unwrap();
    let mut b = manager().connect_blocking(url).unwrap();
    b.execute("insert into t values (1)", ()).unwrap();
    assert_eq!(a.query_one("select n from t", ()).unwrap().get::<i64>(0).unwrap(), 1);
    assert!(memory().query_one("select n from t", ()).is_err());
}

#[test]
fn a_changed_table_changes_the_shape_of_a_cached_statement() {
    let mut conn = memory();
    conn.execute("create table t (a integer)", ()).unwrap();
    conn.execute("insert into t values (1)", ()).unwrap();
    let all = conn.prepare("select * from t").unwrap();
    assert_eq!(conn.query_one(&all, ()).unwrap().shape().len(), 1);
    conn.execute("alter table t add column b text default 'x'", ()).unwrap();
    let row = conn.query_one(&all, ()).unwrap();
    assert_eq!(row.shape().len(), 2);
    assert_eq!(row.get::<String>("b").unwrap(), "x");
    let same = conn.query_one(&all, ()).unwrap();
    assert!(std::ptr::eq(&raw const **row.shape(), &raw const **same.shape()), "the shape is shared by the runs");
}

#[test]
fn columns_have_type_and_origin() {
    let mut conn = memory();
    conn.execute("create table users (id integer primary key, name varchar(20), born date)", ()).unwrap();
    let description = conn.describe("select name as n, born, 1 + 1 from users where id = ?").unwrap();
    let columns = description.shape.columns();
    assert_eq!((&*columns[0].name, columns[0].sql_type, &*columns[0].type_name), ("n", SqlType::Text, "varchar(20)"));
    let origin = columns[0].origin.as_ref().unwrap();
    assert_eq!((&*origin.schema, &*origin.table, &*origin.column), ("main", "users", "name"));
    assert_eq!((columns[1].sql_type, columns[2].sql_type), (SqlType::Date, SqlType::Null));
    assert!(columns[2].origin.is_none());
    assert_eq!(description.parameters, [SqlType::Null]);
}

#[test]
fn a_deadline_ends_work_and_waiting() {
    let mut conn = memory();
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n";
    let begun = Instant::now();
    let error = conn.query_with(endless, (), &CallOptions::new().timeout(Duration::from_millis(30))).unwrap_err();
    assert_eq!(code(&error), "57014");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(conn.query_one("select 1", ()).unwrap().get::<i64>(0).unwrap(), 1);

    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("lock.db").display());
    let (mut a, mut b) = (manager().connect_blocking(&url).unwrap(), manager().connect_blocking(&url).unwrap());
    a.execute("create table t (n integer)", ()).unwrap();
    let lock = a.transaction().unwrap();
    let options = CallOptions::new().timeout(Duration::from_millis(30));
    let error = b.execute_with("insert into t values (1)", (), &options).unwrap_err();
    assert_eq!(code(&error), "57014");
    drop(lock);
    assert_eq!(b.execute("insert into t values (1)", ()).unwrap(), 1);
}

#[test]
fn a_lock_that_does_not_come_is_55p03() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}?busy_timeout=10", folder.path().join("busy.db").display());
    let (mut a, mut b) = (manager().connect_blocking(&url).unwrap(), manager().connect_blocking(&url).unwrap());
    a.execute("create table t (n integer)", ()).unwrap();
    let _lock = a.transaction().unwrap();
    let error = b.transaction().map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "database is locked [55P03]; hint: another connection holds the lock; raise the URL option busy_timeout (milliseconds)"
    );
}

#[test]
fn a_stale_snapshot_is_retryable() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}?transaction_lock=deferred", folder.path().join("snapshot.db").display());
    let (mut a, mut b) = (manager().connect_blocking(&url).unwrap(), manager().connect_blocking(&url).unwrap());
    a.execute("create table t (n integer)", ()).unwrap();
    let mut transaction = a.transaction().unwrap();
    transaction.query_opt("select n from t", ()).unwrap();
    b.execute("insert into t values (1)", ()).unwrap();
    let error = transaction.execute("insert into t values (2)", ()).unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[test]
fn a_transaction_that_sqlite_rolled_back_by_itself_is_not_continued() {
    let mut conn = memory();
    conn.execute("create table t (n integer unique)", ()).unwrap();
    let mut transaction = conn.transaction().unwrap();
    transaction.execute("insert into t values (1)", ()).unwrap();
    let error = transaction.execute("insert or rollback into t values (1)", ()).unwrap_err();
    assert_eq!(code(&error), "23505");
    let error = transaction.execute("insert into t values (2)", ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "SQLite rolled the transaction back because of an earlier error [25P02]; hint: roll back and begin again"
    );
    assert_eq!(code(&transaction.commit().unwrap_err()), "25P02");
    assert_eq!(conn.query_one("select count(*) from t", ()).unwrap().get::<i64>(0).unwrap(), 0);
    conn.execute("insert into t values (3)", ()).unwrap();
}

#[test]
fn a_read_only_transaction_refuses_writing_and_waits_for_nobody() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}?busy_timeout=0", folder.path().join("ro.db").display());
    let (mut a, mut b) = (manager().connect_blocking(&url).unwrap(), manager().connect_blocking(&url).unwrap());
    a.execute("create table t (n integer)", ()).unwrap();
    let _writer = a.transaction().unwrap();
    let mut reader = b.transaction_with(&TransactionOptions::new().read_only(true)).unwrap();
    assert_eq!(reader.query_one("select count(*) from t", ()).unwrap().get::<i64>(0).unwrap(), 0);
    let error = reader.execute("insert into t values (1)", ()).unwrap_err();
    assert_eq!(error.to_string(), "the transaction is read-only, and the statement writes [25006]");
    reader.commit().unwrap();
}

#[test]
fn one_text_is_one_statement() {
    let mut conn = memory();
    let error = conn.execute("select 1; select 2", ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the SQL text has more than one statement [42601]; hint: use `execute_script` for several statements; at line 1, column 11 \
         of the SQL"
    );
    conn.execute("select 1; -- the end\n ;", ()).unwrap();
    assert_eq!(
        conn.execute("-- nothing", ()).unwrap_err().to_string(),
        "there is no statement in the SQL text [42601]"
    );
    assert_eq!(
        conn.execute("select 1\0; drop table t", ()).unwrap_err().to_string(),
        "the SQL text has a zero byte [42601]; at line 1, column 9 of the SQL"
    );
    let error = conn.execute_script("create table a (n);\ncreate table b (n);\nselec 1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "statement 3 of the script: near \"selec\": syntax error [42601]; at line 3, column 1 of the SQL"
    );
    assert_eq!(code(&conn.execute_script("select ?").unwrap_err()), "07001");
}

#[test]
fn text_that_is_no_utf8_comes_as_bytes() {
    let mut conn = memory();
    let row = conn.query_one("select cast(x'ff41' as text)", ()).unwrap();
    assert_eq!(row.get::<Vec<u8>>(0).unwrap(), [0xff, 0x41]);
    assert_eq!(
        row.get::<String>(0).unwrap_err().to_string(),
        "column `cast(x'ff41' as text)` (index 0): bytes cannot be read as String [07006]"
    );
}

#[test]
fn a_utf16_database_is_read() {
    let mut conn = memory();
    conn.execute_script("pragma encoding = 'UTF-16'; create table t (s text)").unwrap();
    conn.execute("insert into t values (?)", ("grün 🌱",)).unwrap();
    let mut rows = conn.query("select s from t", ()).unwrap();
    let row = rows.next().unwrap().unwrap();
    let (a, b) = (row.get::<&str>(0).unwrap(), row.get::<&str>(0).unwrap());
    assert_eq!((a, b), ("grün 🌱", "grün 🌱"));
}

#[test]
fn the_cache_keeps_what_is_used_and_forgets_the_rest() {
    let mut conn = manager().connect_blocking("sqlite::memory:?statement_cache=2").unwrap();
    let statements: Vec<_> = (0..5).map(|n| conn.prepare(&format!("select {n} + ?")).unwrap()).collect();
    for round in 0..3 {
        for (n, statement) in (0_i64..).zip(&statements) {
            assert_eq!(conn.query_one(statement, (round,)).unwrap().get::<i64>(0).unwrap(), n + round);
        }
    }
}

#[test]
fn describe_tells_what_a_statement_reads_and_writes() {
    let mut conn = memory();
    conn.execute_script("create table a (x, y); create table b (z); create view v as select x from a").unwrap();
    let of = |conn: &mut Connection, sql: &str| {
        let accesses = conn.describe(sql).unwrap().accesses.unwrap();
        let reads: Vec<String> = accesses.reads.iter().map(|o| format!("{}.{}", o.table, o.column)).collect();
        let writes: Vec<String> = accesses.writes.iter().map(|(_, table)| table.to_string()).collect();
        (reads.join(" "), writes.join(" "))
    };
    let pair = |reads: &str, writes: &str| (reads.to_owned(), writes.to_owned());
    assert_eq!(of(&mut conn, "select y from a where x = ?"), pair("a.x a.y", ""));
    assert_eq!(of(&mut conn, "select * from v"), pair("a.x v.x", ""));
    assert_eq!(of(&mut conn, "select count(*) from b"), pair("b.", ""));
    assert_eq!(of(&mut conn, "insert into b select x from a"), pair("a.x", "b"));
    assert_eq!(of(&mut conn, "update a set y = 1 where x = 2"), pair("a.x", "a"));
    assert_eq!(of(&mut conn, "select ?"), pair("", ""));
    assert!(conn.describe("select nme from a").is_err());
    assert_eq!(conn.query_one("select count(*) from a", ()).unwrap().get::<i64>(0).unwrap(), 0);
}

#[test]
fn there_is_no_copy() {
    let mut conn = memory();
    conn.execute("create table t (a int)", ()).unwrap();
    let expected = "COPY on SQLite is not supported [0A000]; hint: insert the rows by a `Batch`, which takes the fastest way that the \
        database has";
    assert_eq!(conn.copy_in("copy t from stdin").unwrap_err().to_string(), expected);
    assert_eq!(conn.copy_in_rows("t").unwrap_err().to_string(), expected);
    assert_eq!(conn.copy_out("copy t to stdout").unwrap_err().to_string(), expected);
    assert_eq!(conn.copy_out_rows("t").unwrap_err().to_string(), expected);
}

#[test]
fn there_are_no_prepared_transactions() {
    use batis_dbc::xa::{XaCode, XaEnd, XaStart, Xid};
    let mut resource = batis_dbc::blocking::XaResource::new(memory());
    let xid = Xid::new(1, b"a", b"b").unwrap();
    let code = |error: SqlError| (XaCode::of(&error), code(&error));
    let refused = || (Some(XaCode::ResourceError), "0A000".to_owned());
    assert_eq!(code(resource.recover().unwrap_err()), refused());
    resource.start(&xid, XaStart::New).unwrap();
    resource.end(&xid, XaEnd::Success).unwrap();
    assert_eq!(code(resource.prepare(&xid).unwrap_err()), refused());
    resource.rollback(&xid).unwrap();
    resource.connection().unwrap().execute("create table t (a)", ()).unwrap();
}
