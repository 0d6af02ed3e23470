//! `batis render`: a statement and a parameter become SQL and values.

use std::io::Write;

use batis_script::{BoundSql, LookupError};
use serde::Serialize;

use super::{cases, variants};
use crate::args::{RenderArgs, RenderOutput};
use crate::failure::{Done, Exit, Failure};
use crate::json::Param;
use crate::table::{self, Text};
use crate::{parameter, project};

pub(crate) fn render(args: &RenderArgs, out: &mut impl Write) -> Done {
    if let Some(file) = &args.cases {
        return cases::answer(&args.project, file, out);
    }
    // One of the two is there: the command line was checked for it.
    let id = args.statement.as_deref().unwrap_or_default();
    let parameter = parameter::read(&args.params)?;
    let configuration = project::load(project::builder(&args.project, &[])?)?;
    let statement = configuration.mappers().statement(id).map_err(|e: LookupError| Failure::usage(e.to_string()))?;
    if args.all_variants {
        return variants::show(statement, args, out);
    }
    let bound = statement.bind(&parameter).map_err(|e| Failure::Told(Exit::Findings, e.to_string()))?;
    match args.output {
        RenderOutput::Text => text(&bound, out)?,
        RenderOutput::Json => {
            serde_json::to_writer(
                &mut *out,
                &Rendered { statement: &statement.id, sql: &bound.sql, binds: binds(&bound) },
            )?;
            writeln!(out)?;
        }
    }
    Ok(Exit::Clean)
}

#[derive(Serialize)]
struct Rendered<'a> {
    statement: &'a str,
    sql: &'a str,
    binds: Vec<Bind<'a>>,
}

/// One value of a rendered statement, under the names that the file of cases uses.
#[derive(Serialize)]
pub(super) struct Bind<'a> {
    /// The value.
    v: Param<'a>,
    /// The property.
    p: &'a str,
    /// The jdbcType, if the mapper file names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    j: Option<&'a str>,
}

pub(super) fn binds<'a>(bound: &'a BoundSql<'_>) -> Vec<Bind<'a>> {
    let one = |bind: &'a batis_script::Bind<'_>| Bind {
        v: Param(&bind.value),
        p: &bind.mapping.property,
        j: bind.mapping.jdbc_type,
    };
    bound.binds.iter().map(one).collect()
}

fn text(bound: &BoundSql<'_>, out: &mut impl Write) -> Done<()> {
    writeln!(out, "{}", laid_out(&bound.sql))?;
    if bound.binds.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::with_capacity(bound.binds.len());
    for (nth, bind) in binds(bound).into_iter().enumerate() {
        let value = serde_json::to_string(&bind.v)?;
        let number = Text::right((nth + 1).to_string());
        rows.push(vec![number, Text::left(bind.p), Text::left(value), Text::left(bind.j.unwrap_or_default())]);
    }
    writeln!(out, "\n{}", table::render(["#", "property", "value", "jdbcType"], rows))?;
    Ok(())
}

/// The SQL without blank lines and without the margin it has from the mapper file. SQL whose literals go over several lines stays as it is.
pub(super) fn laid_out(sql: &str) -> String {
    let sql = sql.trim();
    let breaks_literal = |line: &str| line.matches('\'').count() % 2 == 1 || line.contains("$$");
    if sql.lines().any(breaks_literal) {
        return sql.to_owned();
    }
    let lines: Vec<&str> = sql.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let margin = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    // The first line lost its margin when the SQL was trimmed.
    let common = lines.iter().skip(1).map(margin).min().unwrap_or(0);
    let cut = lines.iter().enumerate().map(|(nth, line)| if nth == 0 { line } else { &line[common..] });
    cut.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_loses_its_margin_but_no_literal_changes() {
        let sql = "select *\n        from t\n\n          where a = ?\n        order by b";
        assert_eq!(laid_out(sql), "select *\nfrom t\n  where a = ?\norder by b");
        let literal = "select 'a\n\n   b'\n   from t";
        assert_eq!(laid_out(literal), literal);
        assert_eq!(laid_out("select\n\u{a0} x"), "select\n\u{a0} x");
    }
}
