//! What the database tells of itself.

use batis_dbc::{ForeignKey, SqlError, TableKind};

use crate::case::{Check, Context, Problem, list, same};

list! {
    "metadata/schemas", "the schema of new tables is among the schemas", schemas;
    "metadata/tables", "tables and views are listed with their kind", tables;
    "metadata/tables_of_a_schema", "a schema that does not exist has no tables", tables_of_a_schema;
    "metadata/columns", "columns come in order with type, nullability and default", columns;
    "metadata/columns_identity", "a key that counts up by itself is told", columns_identity;
    "metadata/no_such_table", "a table that does not exist has no columns, keys and indexes", no_such_table;
    "metadata/names_are_data", "names with quotes and blanks are found and do no harm", names_are_data;
    "metadata/primary_key", "a primary key of several columns comes in its own order", primary_key;
    "metadata/imported_keys", "a foreign key is told from the table that refers", imported_keys;
    "metadata/exported_keys", "a foreign key is told from the table that is referred to", exported_keys;
    "metadata/composite_key", "a foreign key of two columns pairs them", composite_key;
    "metadata/indexes", "indexes tell uniqueness and their columns in order", indexes;
    "metadata/partial_index", "a partial index tells its condition", partial_index;
    "metadata/constraints", "primary, unique and foreign keys are among the constraints", constraints;
    "metadata/views", "a view is listed with its query", views;
    "metadata/sequences", "asking for sequences works on every database", sequences;
    "metadata/types", "asking for types works on every database", types;
    "metadata/routines", "asking for routines works on every database", routines;
    "metadata/capabilities", "the capabilities agree with what the dialect says", capabilities;
    "metadata/in_a_transaction", "tables of the open transaction are seen, and its work goes on", in_a_transaction;
}

/// Authors and their books, and a view of both.
async fn library(cx: &mut Context) -> Result<(), SqlError> {
    cx.conn.execute("drop view if exists conf_shelf", ()).await?;
    cx.conn.execute("drop table if exists conf_book", ()).await?;
    cx.table("conf_author", "id {key}, name {text} not null default 'nobody', born {int}").await?;
    cx.table(
        "conf_book",
        "isbn {text}, volume {int}, author {big} not null references conf_author (id) on delete cascade, \
         title {text} unique, primary key (volume, isbn)",
    )
    .await?;
    cx.conn.execute("create index conf_book_by_author on conf_book (author, volume)", ()).await?;
    cx.conn.execute("create view conf_shelf as select title from conf_book", ()).await?;
    Ok(())
}

async fn schemas(cx: &mut Context) -> Check {
    let schemas = cx.conn.metadata().schemas().await?;
    same!((schemas.iter().any(|s| s == cx.dialect.schema), &schemas), (true, &schemas));
    Ok(())
}

async fn tables(cx: &mut Context) -> Check {
    library(cx).await?;
    for schema in [None, Some(cx.dialect.schema)] {
        let tables = cx.conn.metadata().tables(schema).await?;
        let kind = |name: &str| tables.iter().find(|t| t.name == name).map(|t| t.kind.clone());
        same!(kind("conf_author"), Some(TableKind::Table));
        same!(kind("conf_shelf"), Some(TableKind::View));
        let schema = tables.iter().find(|t| t.name == "conf_author").and_then(|t| t.schema.clone());
        same!(schema.as_deref(), Some(cx.dialect.schema));
        // The database's own tables are left out.
        same!(tables.iter().any(|t| t.name == "pg_class" || t.name == "sqlite_schema"), false);
    }
    Ok(())
}

async fn tables_of_a_schema(cx: &mut Context) -> Check {
    library(cx).await?;
    same!(cx.conn.metadata().tables(Some("conf_no_such_schema")).await?, []);
    Ok(())
}

async fn columns(cx: &mut Context) -> Check {
    library(cx).await?;
    let columns = cx.conn.metadata().columns(None, "conf_author").await?;
    let names: Vec<(&str, i64, bool)> = columns.iter().map(|c| (&*c.name, c.position, c.nullable)).collect();
    same!(names, [("id", 1, false), ("name", 2, false), ("born", 3, true)]);
    same!(columns[1].default.as_deref().is_some_and(|d| d.contains("'nobody'")), true);
    same!(columns[2].default, None);
    same!(columns[1].type_name.to_lowercase(), "text");
    same!(columns[2].type_name.to_lowercase(), "integer");
    same!(columns.iter().any(|c| c.generated), false);
    let columns = cx.conn.metadata().columns(Some(cx.dialect.schema), "conf_shelf").await?;
    same!(columns.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["title"]);
    Ok(())
}

async fn columns_identity(cx: &mut Context) -> Check {
    library(cx).await?;
    let columns = cx.conn.metadata().columns(None, "conf_author").await?;
    same!(columns.iter().map(|c| c.identity).collect::<Vec<_>>(), [true, false, false]);
    Ok(())
}

async fn no_such_table(cx: &mut Context) -> Check {
    let mut metadata = cx.conn.metadata();
    let table = "conf_no_such_table";
    same!(metadata.columns(None, table).await?, []);
    same!(metadata.primary_key(None, table).await?, None);
    same!(metadata.imported_keys(None, table).await?, []);
    same!(metadata.exported_keys(None, table).await?, []);
    same!(metadata.indexes(None, table).await?, []);
    same!(metadata.constraints(None, table).await?, []);
    Ok(())
}

async fn names_are_data(cx: &mut Context) -> Check {
    let name = "conf_it's \"odd\"; --";
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    cx.conn.execute(&format!("drop table if exists {quoted}"), ()).await?;
    cx.conn.execute(&format!("create table {quoted} (\"a b\" integer primary key)"), ()).await?;
    let columns = cx.conn.metadata().columns(None, name).await?;
    same!(columns.iter().map(|c| &*c.name).collect::<Vec<_>>(), ["a b"]);
    let key = cx.conn.metadata().primary_key(None, name).await?;
    same!(key.map(|k| k.columns), Some(vec!["a b".to_owned()]));
    cx.conn.execute(&format!("drop table {quoted}"), ()).await?;
    Ok(())
}

async fn primary_key(cx: &mut Context) -> Check {
    library(cx).await?;
    let key = cx.conn.metadata().primary_key(None, "conf_book").await?.ok_or_else(|| Problem::new("no key"))?;
    same!(key.columns, ["volume", "isbn"]);
    same!(cx.conn.metadata().primary_key(None, "conf_shelf").await?, None);
    Ok(())
}

fn refers_to_author(key: &ForeignKey) -> Check {
    same!(key.table, "conf_book");
    same!(key.columns, ["author"]);
    same!(key.referenced_table, "conf_author");
    same!(key.referenced_columns, ["id"]);
    same!(key.on_delete, "CASCADE");
    same!(key.on_update, "NO ACTION");
    Ok(())
}

async fn imported_keys(cx: &mut Context) -> Check {
    library(cx).await?;
    let keys = cx.conn.metadata().imported_keys(None, "conf_book").await?;
    same!(keys.len(), 1);
    refers_to_author(&keys[0])?;
    same!(cx.conn.metadata().imported_keys(None, "conf_author").await?, []);
    Ok(())
}

async fn exported_keys(cx: &mut Context) -> Check {
    library(cx).await?;
    let keys = cx.conn.metadata().exported_keys(None, "conf_author").await?;
    same!(keys.len(), 1);
    refers_to_author(&keys[0])?;
    same!(cx.conn.metadata().exported_keys(None, "conf_book").await?, []);
    Ok(())
}

async fn composite_key(cx: &mut Context) -> Check {
    cx.conn.execute("drop table if exists conf_copy", ()).await?;
    library(cx).await?;
    cx.table("conf_copy", "v {int}, i {text}, foreign key (v, i) references conf_book (volume, isbn)").await?;
    let keys = cx.conn.metadata().imported_keys(None, "conf_copy").await?;
    cx.conn.execute("drop table conf_copy", ()).await?;
    same!(keys.len(), 1);
    same!(keys[0].columns, ["v", "i"]);
    same!(keys[0].referenced_columns, ["volume", "isbn"]);
    Ok(())
}

async fn indexes(cx: &mut Context) -> Check {
    library(cx).await?;
    let indexes = cx.conn.metadata().indexes(None, "conf_book").await?;
    let by_author = indexes.iter().find(|i| i.name == "conf_book_by_author");
    same!(by_author.map(|i| (i.unique, i.primary, i.predicate.clone())), Some((false, false, None)));
    same!(by_author.map(|i| i.columns.clone()), Some(vec!["author".to_owned(), "volume".to_owned()]));
    same!(indexes.iter().filter(|i| i.primary).map(|i| i.columns.join(",")).collect::<Vec<_>>(), ["volume,isbn"]);
    same!(indexes.iter().any(|i| i.unique && !i.primary && i.columns == ["title"]), true);
    Ok(())
}

async fn partial_index(cx: &mut Context) -> Check {
    library(cx).await?;
    cx.conn.execute("create unique index conf_old on conf_author (born) where born < 1900", ()).await?;
    let indexes = cx.conn.metadata().indexes(None, "conf_author").await?;
    let old = indexes.iter().find(|i| i.name == "conf_old");
    same!(
        old.map(|i| (i.unique, i.predicate.as_deref().is_some_and(|p| p.contains("born < 1900")))),
        Some((true, true))
    );
    Ok(())
}

async fn constraints(cx: &mut Context) -> Check {
    library(cx).await?;
    let constraints = cx.conn.metadata().constraints(None, "conf_book").await?;
    let mut kinds: Vec<&str> = constraints.iter().map(|c| &*c.kind).collect();
    kinds.sort_unstable();
    same!(kinds, ["FOREIGN KEY", "PRIMARY KEY", "UNIQUE"]);
    let key = constraints.iter().find(|c| c.kind == "PRIMARY KEY").map(|c| c.definition.as_str());
    same!(key, Some("PRIMARY KEY (volume, isbn)"));
    Ok(())
}

async fn views(cx: &mut Context) -> Check {
    library(cx).await?;
    let views = cx.conn.metadata().views(Some(cx.dialect.schema)).await?;
    let shelf = views.iter().find(|v| v.name == "conf_shelf");
    same!(shelf.is_some_and(|v| v.definition.contains("conf_book")), true);
    Ok(())
}

async fn sequences(cx: &mut Context) -> Check {
    let has = cx.conn.capabilities().sequences;
    if has {
        cx.conn.execute("drop sequence if exists conf_seq", ()).await?;
        cx.conn.execute("create sequence conf_seq start 5 increment 2 maxvalue 99 cycle", ()).await?;
    }
    let sequences = cx.conn.metadata().sequences(None).await?;
    let found = sequences.iter().find(|s| s.name == "conf_seq");
    same!(found.map(|s| (s.start, s.increment, s.max, s.cycles)), has.then_some((5, 2, 99, true)));
    Ok(())
}

async fn types(cx: &mut Context) -> Check {
    let has = cx.conn.capabilities().arrays;
    if has {
        cx.conn.execute("drop type if exists conf_mood", ()).await?;
        cx.conn.execute("create type conf_mood as enum ('sad', 'ok', 'happy')", ()).await?;
    }
    let types = cx.conn.metadata().types(None).await?;
    let mood = types.iter().find(|t| t.name == "conf_mood");
    same!(mood.map(|t| (t.kind.as_str(), t.parts.join(","))), has.then(|| ("enum", "sad,ok,happy".to_owned())));
    Ok(())
}

async fn routines(cx: &mut Context) -> Check {
    let has = cx.conn.capabilities().routines;
    if has {
        cx.conn
            .execute("create or replace function conf_add(a integer, b integer) returns integer language sql as 'select a + b'", ())
            .await?;
    }
    let routines = cx.conn.metadata().routines(None).await?;
    let add = routines.iter().find(|r| r.name == "conf_add");
    let expected = has.then_some(("function", "a integer, b integer", Some("integer"), "sql"));
    same!(add.map(|r| (&*r.kind, &*r.arguments, r.result.as_deref(), &*r.language)), expected);
    Ok(())
}

async fn capabilities(cx: &mut Context) -> Check {
    let can = cx.conn.capabilities();
    same!(can.error_fails_transaction, cx.dialect.error_fails_transaction);
    same!(can.returning && can.transactional_ddl && can.cancel, true);
    same!(can.identifier_quote, cx.dialect.identifier_quote);
    same!(can.most_parameters > 30_000, true);
    Ok(())
}

async fn in_a_transaction(cx: &mut Context) -> Check {
    library(cx).await?;
    cx.conn.begin(&batis_dbc::TransactionOptions::new()).await?;
    cx.conn.execute("create table conf_new (a integer)", ()).await?;
    same!(cx.conn.metadata().columns(None, "conf_new").await?.len(), 1);
    cx.conn.execute("insert into conf_new values (1)", ()).await?;
    cx.conn.rollback().await?;
    same!(cx.conn.metadata().columns(None, "conf_new").await?, []);
    Ok(())
}
