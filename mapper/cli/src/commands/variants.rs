//! `batis render --all-variants`: every text a statement can become.

use std::collections::BTreeMap;
use std::io::{self, Write};

use batis_script::{Statement, Variant};
use serde::Serialize;

use super::render::laid_out;
use crate::args::{RenderArgs, RenderOutput};
use crate::failure::{Done, Exit};
use crate::report::counted;

pub(super) fn show(statement: &Statement, args: &RenderArgs, out: &mut impl Write) -> Done {
    let variants = statement.variants(args.max_variants);
    for (nth, variant) in variants.distinct.iter().enumerate() {
        match args.output {
            RenderOutput::Text => text(nth + 1, variant, out)?,
            RenderOutput::Json => json(nth + 1, statement, variant, out)?,
        }
    }
    out.flush()?;
    let how = if variants.complete { "" } else { ", every two tests in all four ways" };
    let summary =
        format!("{} of {}{how}", counted(variants.distinct.len(), "text"), counted(variants.tried, "combination"));
    // Who closed standard error does not want to know.
    let _ = writeln!(io::stderr(), "{summary}");
    Ok(Exit::Clean)
}

/// The SQL below a comment that says which tests were true.
fn text(nth: usize, variant: &Variant, out: &mut impl Write) -> io::Result<()> {
    if nth > 1 {
        writeln!(out)?;
    }
    let truthy: Vec<&str> = variant.tests.iter().filter(|test| test.1).map(|test| &*test.0).collect();
    let told = match truthy.as_slice() {
        [] if variant.tests.is_empty() => "always the same".to_owned(),
        [] => "no test is true".to_owned(),
        some => some.join("; "),
    };
    // A test over several lines must not leave the comment.
    writeln!(out, "-- {nth}: {}", told.split_whitespace().collect::<Vec<_>>().join(" "))?;
    writeln!(out, "{}", laid_out(&variant.sql))?;
    if !variant.parameters.is_empty() {
        writeln!(out, "-- ? = {}", variant.parameters.join(", "))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    statement: &'a str,
    variant: usize,
    tests: BTreeMap<&'a str, bool>,
    sql: &'a str,
    parameters: Vec<&'a str>,
}

fn json(nth: usize, statement: &Statement, variant: &Variant, out: &mut impl Write) -> Done<()> {
    let line = Line {
        statement: &statement.id,
        variant: nth,
        tests: variant.tests.iter().map(|(text, value)| (&**text, *value)).collect(),
        sql: &variant.sql,
        parameters: variant.parameters.iter().map(|name| &**name).collect(),
    };
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)?;
    Ok(())
}
