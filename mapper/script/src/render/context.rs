//! One run of a dynamic statement.

use std::borrow::Cow;

use crate::bound_sql::{Bind, BoundSql};
use crate::error::{BindError, BindErrorKind};
use crate::expr::{Evaluated, ExprError, Expression, Scope};
use crate::mapping::{ParameterMapping, ParameterMode};
use crate::node::{Parameter, SqlNode, TextNode, TextPart};
use crate::parameter;
use crate::path;
use crate::statement::Statement;
use crate::token::{Piece, scan};
use crate::value::Value;

use super::output::{Frame, Output, Pending};

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
        let mut output = Output::with_room(self.statement.room);
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
        let Pending { parameter, from_loop } = pending;
        let Parameter { mapping, loop_value, .. } = &*parameter;
        let property = &*mapping.property;
        let value = if mapping.mode == ParameterMode::Out {
            Ok(Cow::Owned(Value::Null))
        } else if let Some(value) = from_loop {
            match property[loop_value.map_or(0, |from| from.name_len)..].strip_prefix('.') {
                Some(rest) => path::below(value, rest),
                None => Ok(value),
            }
        } else {
            self.named(property)
        };
        let value = value.map_err(|error| self.statement.failed(error, mapping.span))?;
        Ok(Bind { mapping: parameter.into(), value })
    }

    /// The value of a path: of a binding, else of the parameter.
    fn named(&self, property: &str) -> Evaluated<'a> {
        let name = path::first_name(property);
        if let Some(value) = self.scope.binding(name) {
            return path::from_first(value, name, property);
        }
        // A binding whose name holds a dot.
        if name.len() < property.len()
            && let Some(value) = self.scope.binding(property)
        {
            return Ok(value);
        }
        path::read_parameter(self.scope.parameter, property)
    }

    pub(super) fn failed(&self, mut error: ExprError, expression: &Expression) -> BindError {
        error.message = format!("in `{}`: {}", expression.text(), error.message);
        self.statement.failed(error, expression.span())
    }

    /// A text with `${}`: one piece, blank or not as it turns out.
    pub(super) fn raw_text(&mut self, node: &'a TextNode, output: &mut Output<'a>) -> Result<(), BindError> {
        let piece = output.open(&self.frames);
        for part in &node.parts {
            match part {
                TextPart::Literal(text) => output.sql.push_str(text),
                TextPart::Parameter(parameter) => output.push_param(Pending::of(parameter, &self.frames)),
                TextPart::Raw(expression) => self.paste(node, expression, output)?,
            }
        }
        if node.scan_when_rendered {
            let made = output.sql.split_off(piece.start);
            self.scan_tokens(node, &made, output)?;
        }
        output.close(piece, &self.frames);
        Ok(())
    }

    /// `${}`: the value's text, whose own `#{}` count.
    fn paste(
        &mut self,
        node: &'a TextNode,
        expression: &'a Expression,
        output: &mut Output<'a>,
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
            output.sql.push_str(&text);
            return Ok(());
        }
        self.scan_tokens(node, &text, output)
    }

    /// Finds `#{}` in text that was made just now.
    fn scan_tokens(&self, node: &TextNode, text: &str, output: &mut Output<'a>) -> Result<(), BindError> {
        for found in scan(text, "#{") {
            match found {
                Piece::Text(range) => output.sql.push_str(&text[range]),
                Piece::Token { content, .. } => output.push_param(self.found(node, &content)),
            }
        }
        Ok(())
    }
}

impl<'a> Context<'a> {
    /// A `#{}` that came in through `${}`.
    fn found(&self, node: &TextNode, content: &str) -> Pending<'a> {
        let parameter = match parameter::parse(content, node.span) {
            Ok(mapping) => {
                let loop_value = crate::body::loop_value_of(content, &mapping.property, &node.loops);
                Parameter { mapping, loop_value, wrong: None }
            }
            Err((message, _)) => {
                let mapping = ParameterMapping { property: content.into(), span: node.span, ..Default::default() };
                let wrong = Some(format!("which came in through `${{}}`: {message}").into());
                Parameter { mapping, loop_value: None, wrong }
            }
        };
        Pending::made(parameter, &self.frames)
    }

    /// Malformed tokens are found before any value is read.
    fn check<'p>(&self, params: &'p [Pending<'_>]) -> Result<(), BindError> {
        let wrong = |pending: &'p Pending<'_>| Some((&pending.parameter.mapping, pending.parameter.wrong.as_ref()?));
        let Some((mapping, wrong)) = params.iter().find_map(wrong) else { return Ok(()) };
        let message = format!("in `#{{{}}}`, {wrong}", mapping.property);
        Err(self.statement.error(BindErrorKind::Load, message, mapping.span))
    }
}

/// The text without blanks around it.
fn finished(mut sql: String, shrink: bool) -> String {
    if shrink {
        return shrunk(&sql);
    }
    sql.truncate(sql.trim_end_matches(|letter| letter <= ' ').len());
    let blanks = sql.len() - sql.trim_start_matches(|letter| letter <= ' ').len();
    sql.drain(..blanks);
    sql
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
