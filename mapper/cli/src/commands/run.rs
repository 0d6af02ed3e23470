//! `batis run`: a statement on a database, in a transaction.

use std::io::{self, Write};
use std::sync::Arc;

use batis_dbc::{DriverDataSource, Row, RowRef, SqlError, SqlState, Url, Value as SqlValue};
use batis_mapper::blocking::SqlSession;
use batis_mapper::{Configuration, GeneratedKeys};
use batis_script::{Keys, StatementKind, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::args::{RunArgs, RunOutput};
use crate::failure::{Done, Exit, Failure, cannot_connect};
use crate::json::Column;
use crate::report::counted;
use crate::table::{self, Text};
use crate::{parameter, project};

pub(crate) fn run(args: &RunArgs, out: &mut impl Write) -> Done {
    // The URL is checked first: it says which statements are taken.
    let database = Database::find(&url(args)?)?;
    let parameter = parameter::read(&args.params)?;
    let builder = project::builder(&args.project, &[])?.product(database.product);
    let configuration = Arc::new(project::load(builder)?);
    let id = configuration.statement(&args.statement)?.id().to_owned();
    let session = database.begin(configuration)?;
    match work(&session, &id, parameter, args, out) {
        Ok(()) => end(&session, args.commit),
        Err(error) => {
            // The statement's error is the one to tell; a connection that cannot roll back is closed, which does it too.
            let _ = session.rollback();
            Err(error)
        }
    }
}

/// The URL of the command line, else that of the environment in the configuration file.
fn url(args: &RunArgs) -> Done<String> {
    if let Some(url) = args.db.as_ref().filter(|_| args.project.environment.is_none()) {
        return Ok(url.clone());
    }
    let configuration = project::builder(&args.project, &[])?.build()?;
    let environment = configuration
        .environment()
        .ok_or_else(|| Failure::usage("--config has no default environment: name the database by --db URL"))?;
    environment.batis_url().map_err(Failure::usage)
}

/// A database that is not connected yet.
struct Database {
    source: DriverDataSource,
    product: &'static str,
}

impl Database {
    fn find(url: &str) -> Done<Self> {
        let drivers = batis::drivers();
        let find = || -> Result<Self, SqlError> {
            let product = drivers.driver(&Url::parse(url)?)?.product();
            Ok(Self { source: drivers.data_source(url)?, product })
        };
        find().map_err(|e| cannot_connect(&e.into()))
    }

    fn begin(self, configuration: Arc<Configuration>) -> Done<SqlSession> {
        SqlSession::new(configuration, Arc::new(self.source)).begin().map_err(|e| cannot_connect(&e))
    }
}

fn end(session: &SqlSession, commit: bool) -> Done {
    let told = if commit {
        session.commit()?;
        "committed"
    } else {
        session.rollback()?;
        "rolled back; --commit keeps the changes"
    };
    // Who closed standard error does not want to know.
    let _ = writeln!(io::stderr(), "{told}");
    Ok(Exit::Clean)
}

/// Runs the statement and writes what it gave. The output is flushed before the transaction ends, so that it is complete when changes are.
fn work(session: &SqlSession, id: &str, parameter: Value, args: &RunArgs, out: &mut impl Write) -> Done<()> {
    let select = session.configuration().statement(id)?.kind() == StatementKind::Select;
    match (select, args.output) {
        (true, RunOutput::Table) => rows_as_table(&select_all(session, id, parameter, args.limit)?, out)?,
        (true, RunOutput::Json) => rows_as_json(session, id, parameter, args.limit, out)?,
        (false, output) => {
            let (changed, keys) = change(session, id, parameter)?;
            match output {
                RunOutput::Table => change_as_text(changed, &keys, out)?,
                RunOutput::Json => {
                    serde_json::to_writer(&mut *out, &Changed { changed, keys: &keys })?;
                    writeln!(out)?;
                }
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// The rows, and whether the limit kept some back.
struct Rows {
    rows: Vec<Row>,
    more: bool,
}

/// All rows: a table is laid out when the widest value is known.
fn select_all(session: &SqlSession, id: &str, parameter: Value, limit: Option<usize>) -> Done<Rows> {
    let mut rows = Vec::new();
    let more = each_row(session, id, parameter, limit, |row| {
        rows.push(row.to_row());
        Ok(())
    })?;
    Ok(Rows { rows, more })
}

/// Gives each row to a function until the limit or an error of the function; says whether the limit kept some back.
fn each_row(
    session: &SqlSession,
    id: &str,
    parameter: Value,
    limit: Option<usize>,
    mut each: impl FnMut(&RowRef<'_>) -> Done<()>,
) -> Done<bool> {
    let limit = limit.unwrap_or(usize::MAX);
    let (mut count, mut early) = (0, None);
    let read = session.select_with(id, parameter, |row| {
        let done = if count < limit { each(row).map(|()| false) } else { Ok(true) };
        count += 1;
        match done {
            Ok(false) => Ok(()),
            enough => {
                early = Some(enough);
                // Refusing a row is how reading ends early.
                Err(SqlError::new(SqlState::NO_DATA, "enough rows"))
            }
        }
    });
    match early {
        Some(enough) => enough,
        None => Ok(read.map(|_| false)?),
    }
}

fn rows_as_table(rows: &Rows, out: &mut impl Write) -> io::Result<()> {
    if let Some(first) = rows.rows.first() {
        let names = first.shape().columns().iter().map(|column| &*column.name);
        let table = table::render(names, rows.rows.iter().map(|row| row.values().iter().map(cell).collect()));
        writeln!(out, "{table}")?;
    }
    let more = if rows.more { ", and there are more" } else { "" };
    writeln!(out, "({}{more})", counted(rows.rows.len(), "row"))
}

fn cell(value: &SqlValue) -> Text {
    match value {
        SqlValue::Null => Text::left("NULL"),
        SqlValue::Int(_) | SqlValue::Float(_) | SqlValue::Numeric(_) => Text::right(value.to_string()),
        other => Text::left(other.to_string()),
    }
}

/// One array, a row a line, written while they are read: a result may be larger than the memory, and a reader that has enough ends the query.
fn rows_as_json(
    session: &SqlSession,
    id: &str,
    parameter: Value,
    limit: Option<usize>,
    out: &mut impl Write,
) -> Done<()> {
    let mut names = None;
    let more = each_row(session, id, parameter, limit, |row| {
        write!(out, "{}", if names.is_none() { "[\n" } else { ",\n" })?;
        let names = names.get_or_insert_with(|| unique_names(row));
        let row = row.to_row();
        Ok(serde_json::to_writer(&mut *out, &Object { names, values: row.values() })?)
    })?;
    writeln!(out, "{}", if names.is_some() { "\n]" } else { "[]" })?;
    if more {
        let _ = writeln!(io::stderr(), "there are more rows than --limit");
    }
    Ok(())
}

/// The labels of the columns; of equal ones the second is `name_2`, so that no value is lost.
fn unique_names(row: &RowRef<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in row.shape().columns() {
        let mut name = column.name.to_string();
        let mut nth = 2;
        while names.contains(&name) {
            name = format!("{}_{nth}", column.name);
            nth += 1;
        }
        names.push(name);
    }
    names
}

/// A row, or the keys of one.
struct Object<'a> {
    names: &'a [String],
    values: &'a [SqlValue],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_map(Some(self.values.len()))?;
        for (name, value) in self.names.iter().zip(self.values) {
            object.serialize_entry(name, &Column(value))?;
        }
        object.end()
    }
}

/// How many rows were changed, and the keys that the database gave to them.
///
/// The keys of `useGeneratedKeys` come with the statement, one row for each changed one; those of a `<selectKey>` say nothing about the count,
/// which matters more here.
fn change(session: &SqlSession, id: &str, parameter: Value) -> Done<(u64, GeneratedKeys)> {
    let statement = session.configuration().statement(id)?;
    let returned = matches!(&statement.statement().keys, Keys::Generated { properties, .. } if !properties.is_empty());
    if !returned {
        return Ok((session.update(id, parameter)?, GeneratedKeys::default()));
    }
    let keys = session.insert_keys(id, parameter)?;
    Ok((u64::try_from(keys.rows().len()).unwrap_or(u64::MAX), keys))
}

fn change_as_text(changed: u64, keys: &GeneratedKeys, out: &mut impl Write) -> io::Result<()> {
    if !keys.rows().is_empty() {
        let names: Vec<&str> = keys.properties().collect();
        let rows = keys.rows().iter().map(|row| row.iter().map(cell).collect());
        writeln!(out, "generated keys:\n{}", table::render(names, rows))?;
    }
    writeln!(out, "{changed} row{} changed", if changed == 1 { "" } else { "s" })
}

struct Changed<'a> {
    changed: u64,
    keys: &'a GeneratedKeys,
}

impl Serialize for Changed<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let names: Vec<String> = self.keys.properties().map(str::to_owned).collect();
        let keys: Vec<Object<'_>> = self.keys.rows().iter().map(|values| Object { names: &names, values }).collect();
        let mut object = to.serialize_map(Some(2))?;
        object.serialize_entry("changed", &self.changed)?;
        object.serialize_entry("keys", &keys)?;
        object.end()
    }
}
