//! `batis render --cases`: a file of cases, answered line by line.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::{fs, io};

use batis_script::MapperSet;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::render::{Bind, binds};
use crate::args::ProjectArgs;
use crate::failure::{Done, Exit, Failure};
use crate::{parameter, project};

/// One line of the file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    statement: String,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(default)]
    strict: bool,
    /// The mapper files that are loaded; all of them when there are none here.
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    database_id: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    #[serde(flatten)]
    outcome: Outcome<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<'a> {
    Rendered { sql: &'a str, binds: Vec<Bind<'a>> },
    Failed { error: Refusal<'a> },
}

#[derive(Serialize)]
struct Refusal<'a> {
    kind: &'a str,
    message: String,
}

impl<'a> Refusal<'a> {
    fn new(kind: &'a str, message: impl ToString) -> Self {
        Self { kind, message: message.to_string() }
    }
}

/// What a set of files became: statements, or the text of their mistakes.
type Loaded = Result<MapperSet, String>;
/// Files and `databaseId`.
type Group = (Vec<String>, Option<String>);

/// Answers each case of the file.
pub(super) fn answer(args: &ProjectArgs, file: &Path, out: &mut impl Write) -> Done {
    let text = if file == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(file) };
    let text = text.map_err(|e| Failure::usage(format!("cannot read {}: {e}", file.display())))?;
    let mut loaded: HashMap<Group, Loaded> = HashMap::new();
    let mut exit = Exit::Clean;
    for (nth, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |e: serde_json::Error| Failure::usage(format!("{}:{}: not a case: {e}", file.display(), nth + 1));
        let mut case: Case<'_> = serde_json::from_str(line).map_err(wrong)?;
        let group = (std::mem::take(&mut case.files), case.database_id.take());
        if !loaded.contains_key(&group) {
            let set = load(args, &group)?;
            loaded.insert(group.clone(), set);
        }
        let set = &loaded[&group];
        if !one(set, &case, out)? {
            exit = Exit::Findings;
        }
    }
    Ok(exit)
}

/// Loads one set of files. Mistakes in them are answers; files that are not there are mistakes of the command line.
fn load(args: &ProjectArgs, (files, database_id): &Group) -> Done<Loaded> {
    let mut builder = if files.is_empty() { project::builder(args, &[])? } else { project::builder_of(args, files)? };
    if let Some(id) = database_id {
        builder = builder.database_id(id);
    }
    match project::load(builder) {
        Ok(configuration) => Ok(Ok(configuration.mappers().clone())),
        Err(Failure::Load(diagnostics)) => Ok(Err(diagnostics.to_string())),
        Err(other) => Err(other),
    }
}

/// Writes the answer to one case; whether it was rendered.
fn one(set: &Loaded, case: &Case<'_>, out: &mut impl Write) -> Done<bool> {
    let params = case.params.map_or(Ok(batis_script::Value::Null), |raw| parameter::parse(raw.get(), case.strict));
    let bound = match (set, &params) {
        (Err(mistakes), _) => Err(Refusal::new("load", mistakes)),
        (_, Err(error)) => Err(Refusal::new("other", format!("params: {error}"))),
        (Ok(set), Ok(params)) => set
            .statement(&case.statement)
            .map_err(|e| Refusal::new("other", e))
            .and_then(|statement| statement.bind(params).map_err(|e| Refusal::new(e.kind().as_str(), e))),
    };
    let rendered = bound.is_ok();
    let write = |outcome, out: &mut _| write(&Answer { id: case.id, outcome }, out);
    match bound {
        Ok(bound) => write(Outcome::Rendered { sql: &bound.sql, binds: binds(&bound) }, out)?,
        Err(error) => write(Outcome::Failed { error }, out)?,
    }
    Ok(rendered)
}

fn write(answer: &Answer<'_>, out: &mut impl Write) -> Done<()> {
    serde_json::to_writer(&mut *out, answer)?;
    writeln!(out)?;
    Ok(())
}
