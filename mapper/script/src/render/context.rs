//! One run of a dynamic statement.

use std::borrow::Cow;

use crate::bound_sql::{Bind, BoundSql};
use crate::error::{BindError, BindErrorKind};
use crate::expr::{ExprError, Expression, Scope};
use crate::mapping::{ParameterMapping, ParameterMode};
use crate::node::{SqlNode, TextNode, TextPart};
use crate::parameter;
use crate::path;
use crate::statement::Statement;
use crate::token::{Piece, scan};
use crate::value::Value;

use super::output::{Frame, Output, Pending, loop_value};

#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) statement: &'a Statement,
    pub(super) scope: Scope<'a>,
    pub(super) frames: Vec<Frame<'a>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(statement: &'a Statement, parameter: &'a Value) -> Self {
        Self { statement, scope: Scope::new(parameter, &statement.environment), frames: Vec::new() }
    }

    pub(super) fn render(mut self, root: &'a [SqlNode]) -> Result<BoundSql<'a>, BindError> {
        let mut output = Output::spaced();
        self.apply_all(root, &mut output)?;
        self.check(&output.params)?;
        let binds = if output.params.is_empty() {
            self.statement.fixed_binds(&self.statement.parameter_map, self.scope.parameter)?
        } else {
            output.params.into_iter().map(|pending| self.bound(pending)).collect::<Result<_, _>>()?
        };
        let sql = finished(output.sql, self.statement.environment.settings.shrink_whitespaces_in_sql);
        Ok(BoundSql { sql: Cow::Owned(sql), binds })
    }

    fn bound(&self, pending: Pending<'a>) -> Result<Bind<'a>, BindError> {
        let Pending { mapping, from_loop, .. } = pending;
        let property = &mapping.property;
        let value = if mapping.mode == ParameterMode::Out {
            Ok(Cow::Owned(Value::Null))
        } else if let Some((value, name_len)) = from_loop {
            match property[name_len..].strip_prefix('.') {
                Some(rest) => path::below(value, rest),
                None => Ok(value),
            }
        } else if let Some(value) = self.scope.binding(path::first_name(property)) {
            path::from_first(value, property)
        } else if let Some(value) = property.contains('.').then(|| self.scope.binding(property)).flatten() {
            // A binding whose name holds a dot.
            Ok(value)
        } else {
            path::read_parameter(self.scope.parameter, property)
        };
        let value = value.map_err(|error| self.statement.failed(error, mapping.span))?;
        Ok(Bind { mapping, value })
    }

    pub(super) fn failed(&self, error: ExprError, expression: &Expression) -> BindError {
        let message = format!("in `{}`: {}", expression.text(), error.message);
        self.statement.failed(ExprError { message, ..error }, expression.span())
    }

    /// A text with `${}`: made first, then appended as one piece.
    pub(super) fn raw_text(&mut self, node: &'a TextNode, output: &mut Output<'a>) -> Result<(), BindError> {
        let mut piece = Output::default();
        for part in &node.parts {
            match part {
                TextPart::Literal(text) => piece.sql.push_str(text),
                TextPart::Parameter(parameter) => piece.push_param(Pending::of(parameter, &self.frames)),
                TextPart::Raw(expression) => self.paste(node, expression, &mut piece)?,
            }
        }
        if node.scan_when_rendered {
            let made = std::mem::take(&mut piece.sql);
            self.scan_tokens(node, &made, &mut piece)?;
        }
        output.append(piece, &self.frames);
        Ok(())
    }

    /// `${}`: the value's text, whose own `#{}` count.
    fn paste(
        &mut self,
        node: &'a TextNode,
        expression: &'a Expression,
        piece: &mut Output<'a>,
    ) -> Result<(), BindError> {
        let parameter = self.scope.parameter;
        if parameter.is_null() || parameter.is_scalar() {
            self.scope.bind("value", Cow::Borrowed(parameter));
        }
        let value =
            crate::expr::evaluate(expression, &mut self.scope).map_err(|error| self.failed(error, expression))?;
        if value.is_null() {
            return Ok(());
        }
        let text = match &*value {
            Value::Text(text) => Cow::Borrowed(&**text),
            other => Cow::Owned(other.to_string()),
        };
        if node.scan_when_rendered || !text.contains("#{") {
            piece.sql.push_str(&text);
            return Ok(());
        }
        self.scan_tokens(node, &text, piece)
    }

    /// Finds `#{}` in text that was made just now.
    fn scan_tokens(&self, node: &TextNode, text: &str, piece: &mut Output<'a>) -> Result<(), BindError> {
        for found in scan(text, "#{") {
            match found {
                Piece::Text(range) => piece.sql.push_str(&text[range]),
                Piece::Token { content, .. } => piece.push_param(self.found(node, &content)),
            }
        }
        Ok(())
    }
}

impl<'a> Context<'a> {
    /// A `#{}` that came in through `${}`.
    fn found(&self, node: &TextNode, content: &str) -> Pending<'a> {
        match parameter::parse(content, node.span) {
            Ok(mapping) => {
                let from_loop = crate::body::loop_value_of(content, &mapping.property, &node.loops)
                    .and_then(|from| loop_value(from, &self.frames));
                Pending { mapping: mapping.into(), from_loop, wrong: None }
            }
            Err((message, _)) => {
                let mapping = ParameterMapping { property: content.into(), span: node.span, ..Default::default() };
                let wrong = Some(format!("which came in through `${{}}`: {message}").into());
                Pending { mapping: mapping.into(), from_loop: None, wrong }
            }
        }
    }

    /// Malformed tokens are found before any value is read.
    fn check(&self, params: &[Pending<'_>]) -> Result<(), BindError> {
        let Some((mapping, wrong)) =
            params.iter().find_map(|pending| Some((&pending.mapping, pending.wrong.as_ref()?)))
        else {
            return Ok(());
        };
        let message = format!("in `#{{{}}}`, {wrong}", mapping.property);
        Err(self.statement.error(BindErrorKind::Load, message, mapping.span))
    }
}

/// The text without blanks around it, in its own allocation when it has none.
fn finished(sql: String, shrink: bool) -> String {
    if shrink {
        return shrunk(&sql);
    }
    let trimmed = sql.trim_matches(|letter| letter <= ' ');
    if trimmed.len() == sql.len() { sql } else { trimmed.to_owned() }
}

/// Every run of white space as one blank.
pub(crate) fn shrunk(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    for word in sql.split([' ', '\t', '\n', '\r', '\u{c}']).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
