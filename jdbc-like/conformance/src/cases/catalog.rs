//! More of what the catalog knows: keys among themselves, computed columns, lengths, odd names.

use batis_dbc::SqlError;

use crate::case::{Check, Context, Problem, list, same};

list! {
    "metadata/self_reference", "a table that refers to itself is told from both ends", self_reference;
    "metadata/two_keys", "two foreign keys to one table are two", two_keys;
    "metadata/generated_column", "a computed column is told", generated_column;
    "metadata/lengths", "lengths, precisions and scales are told where the database keeps to them", lengths;
    "metadata/unique_constraint", "a unique constraint of two columns has its index, and its columns in order", unique_constraint;
    "metadata/mixed_case", "names in mixed case are kept and found exactly", mixed_case;
    "metadata/view_columns", "a view has columns, and no keys", view_columns;
    "metadata/no_keys", "a table without keys has none", no_keys;
    "metadata/defaults", "defaults are told as they are written", defaults;
    "metadata/actions", "what a foreign key does on delete and update is told", actions;
    "metadata/with_an_open_result", "the catalog can be asked with a result left open", with_an_open_result;
    "metadata/after_a_change", "a column that was added is seen at once", after_a_change;
    "metadata/sorted", "tables come in the order of their names", sorted;
}

async fn fresh(cx: &mut Context, columns: &str) -> Result<(), SqlError> {
    cx.conn.execute("drop view if exists conf_cat_view", ()).await?;
    cx.table("conf_cat", columns).await
}

async fn self_reference(cx: &mut Context) -> Check {
    fresh(cx, "id {big} primary key, boss {big} references conf_cat (id)").await?;
    let (imported, exported) = (
        cx.conn.metadata().imported_keys(None, "conf_cat").await?,
        cx.conn.metadata().exported_keys(None, "conf_cat").await?,
    );
    for keys in [&imported, &exported] {
        same!(keys.len(), 1);
        same!((keys[0].table.as_str(), keys[0].referenced_table.as_str()), ("conf_cat", "conf_cat"));
        same!(
            (&keys[0].columns[..], &keys[0].referenced_columns[..]),
            (&["boss".to_owned()][..], &["id".to_owned()][..])
        );
    }
    Ok(())
}

async fn two_keys(cx: &mut Context) -> Check {
    fresh(cx, "id {big} primary key, a {big} references conf_cat (id), b {big} references conf_cat (id)").await?;
    let keys = cx.conn.metadata().imported_keys(None, "conf_cat").await?;
    let mut columns: Vec<String> = keys.iter().map(|k| k.columns.join(",")).collect();
    columns.sort_unstable();
    same!(columns, ["a", "b"]);
    Ok(())
}

async fn generated_column(cx: &mut Context) -> Check {
    fresh(cx, "n {big}, twice {big} generated always as (n * 2) stored").await?;
    cx.conn.execute("insert into conf_cat (n) values (4)", ()).await?;
    same!(cx.conn.query_one("select twice from conf_cat", ()).await?.get::<i64>(0)?, 8);
    let columns = cx.conn.metadata().columns(None, "conf_cat").await?;
    same!(columns.iter().map(|c| (&*c.name, c.generated)).collect::<Vec<_>>(), [("n", false), ("twice", true)]);
    Ok(())
}

async fn lengths(cx: &mut Context) -> Check {
    fresh(cx, "a varchar(12), b numeric(10,3), c {text}").await?;
    let columns = cx.conn.metadata().columns(None, "conf_cat").await?;
    let limited = cx.dialect.too_long.is_some();
    same!((columns[0].length, columns[2].length), (limited.then_some(12), None));
    same!((columns[1].precision, columns[1].scale), (limited.then_some(10), limited.then_some(3)));
    Ok(())
}

async fn unique_constraint(cx: &mut Context) -> Check {
    fresh(cx, "a {int}, b {int}, c {int}, constraint conf_cat_ba unique (b, a)").await?;
    let indexes = cx.conn.metadata().indexes(None, "conf_cat").await?;
    same!(indexes.len(), 1);
    same!((indexes[0].unique, indexes[0].primary, indexes[0].columns.join(",")), (true, false, "b,a".to_owned()));
    let constraints = cx.conn.metadata().constraints(None, "conf_cat").await?;
    same!(constraints.iter().map(|c| (&*c.kind, &*c.definition)).collect::<Vec<_>>(), [("UNIQUE", "UNIQUE (b, a)")]);
    Ok(())
}

async fn mixed_case(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists \"conf_Mixed\"", ()).await?;
    cx.conn.execute("create table \"conf_Mixed\" (\"Two Words\" integer, plain integer)", ()).await?;
    let columns = cx.conn.metadata().columns(None, "conf_Mixed").await?;
    same!(columns.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["Two Words", "plain"]);
    let tables = cx.conn.metadata().tables(None).await?;
    same!(tables.iter().any(|t| t.name == "conf_Mixed"), true);
    cx.conn.execute("drop table \"conf_Mixed\"", ()).await?;
    Ok(())
}

async fn view_columns(cx: &mut Context) -> Check {
    fresh(cx, "id {big} primary key, t {text}").await?;
    cx.conn.execute("create view conf_cat_view as select t, id as number from conf_cat", ()).await?;
    let columns = cx.conn.metadata().columns(None, "conf_cat_view").await?;
    same!(columns.iter().map(|c| (&*c.name, c.position)).collect::<Vec<_>>(), [("t", 1), ("number", 2)]);
    same!(cx.conn.metadata().imported_keys(None, "conf_cat_view").await?.len(), 0);
    same!(cx.conn.metadata().indexes(None, "conf_cat_view").await?.len(), 0);
    cx.conn.execute("drop view conf_cat_view", ()).await?;
    Ok(())
}

async fn no_keys(cx: &mut Context) -> Check {
    fresh(cx, "n {int}").await?;
    let mut metadata = cx.conn.metadata();
    same!(metadata.primary_key(None, "conf_cat").await?, None);
    same!(metadata.imported_keys(None, "conf_cat").await?, []);
    same!(metadata.exported_keys(None, "conf_cat").await?, []);
    same!(metadata.indexes(None, "conf_cat").await?, []);
    same!(metadata.constraints(None, "conf_cat").await?, []);
    Ok(())
}

async fn defaults(cx: &mut Context) -> Check {
    fresh(cx, "a {int} default 7, b {text} default 'it''s', c {int}").await?;
    let columns = cx.conn.metadata().columns(None, "conf_cat").await?;
    let shown: Vec<Option<&str>> = columns.iter().map(|c| c.default.as_deref()).collect();
    same!((shown[0], shown[1].is_some_and(|d| d.contains("'it''s'")), shown[2]), (Some("7"), true, None));
    Ok(())
}

async fn actions(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_cat_child", ()).await?;
    fresh(cx, "id {big} primary key").await?;
    cx.table("conf_cat_child", "p {big} references conf_cat (id) on delete set null on update cascade").await?;
    let keys = cx.conn.metadata().imported_keys(None, "conf_cat_child").await?;
    cx.conn.execute("drop table conf_cat_child", ()).await?;
    let key = keys.first().ok_or_else(|| Problem::new("no foreign key"))?;
    same!((key.on_delete.as_str(), key.on_update.as_str()), ("SET NULL", "CASCADE"));
    Ok(())
}

async fn with_an_open_result(cx: &mut Context) -> Check {
    fresh(cx, "n {int}").await?;
    cx.conn.query(&super::numbers(5000), ()).await?.advance().await?;
    same!(cx.conn.metadata().columns(None, "conf_cat").await?.len(), 1);
    Ok(())
}

async fn after_a_change(cx: &mut Context) -> Check {
    fresh(cx, "n {int}").await?;
    same!(cx.conn.metadata().columns(None, "conf_cat").await?.len(), 1);
    cx.conn.execute("alter table conf_cat add column more integer", ()).await?;
    same!(cx.conn.metadata().columns(None, "conf_cat").await?.len(), 2);
    Ok(())
}

async fn sorted(cx: &mut Context) -> Check {
    for name in ["conf_zz", "conf_aa"] {
        cx.table(name, "n {int}").await?;
    }
    let tables = cx.conn.metadata().tables(Some(cx.dialect.schema)).await?;
    let names: Vec<&str> =
        tables.iter().map(|t| &*t.name).filter(|n| n.starts_with("conf_aa") || n.starts_with("conf_zz")).collect();
    same!(names, ["conf_aa", "conf_zz"]);
    Ok(())
}
