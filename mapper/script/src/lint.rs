//! Doubtful places that load all the same: one file for each family of rules.
//!
//! Rules look at the linked set and at the trees of the files; they need no database. Statements with mistakes are left out.

mod keys;
mod literal;
mod names;
mod raw;
mod results;
mod suppress;
mod unused;
mod where_clause;
mod within;

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::document::Document;
use crate::mapper_set::Inner;
use crate::span::Span;
use crate::statement::Statement;

pub(crate) use suppress::Suppressions;

/// What the rules look at.
#[derive(Debug)]
pub(crate) struct Input<'i> {
    pub(crate) documents: &'i [Document],
    pub(crate) inner: &'i Inner,
    /// Whether the database to be used is known: then a statement for another one is meant to be absent.
    pub(crate) database_known: bool,
}

/// All findings of all rules.
pub(crate) fn run(input: &Input<'_>, mistakes: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let errors: Vec<Span> =
        mistakes.iter().filter(|item| item.severity == Severity::Error).map(|item| item.span).collect();
    let broken = |statement: &Statement| {
        errors.iter().any(|at| at.file == statement.span.file && statement.span.to(*at) == statement.span)
    };
    for statement in input.inner.statements.items().iter().filter(|statement| !broken(statement)) {
        raw::check(statement, &mut found);
        where_clause::check(statement, &mut found);
        within::check(statement, &mut found);
        names::check(statement, &mut found);
        literal::check(statement, &mut found);
        keys::check(statement, &mut found);
        // The method of an attribute says its type.
        if !input.inner.files[statement.span.file as usize].is_of_parts() {
            results::untyped(statement, &mut found);
        }
    }
    results::check(input.documents, &mut found);
    if errors.is_empty() {
        unused::check(input, &mut found);
    }
    // A fragment that is included often is told about once.
    let mut seen = HashSet::new();
    found.retain(|item| seen.insert((item.code, item.span)));
    found
}
