//! The content of a statement element to a text or a tree.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::dialect::Dialect;
use crate::expr::{self, Expression, Rules};
use crate::mapping::ParameterMapping;
use crate::node::{ForEach, LoopNames, LoopValue, Parameter, Room, SqlNode, TextNode, TextPart, Trim};
use crate::parameter;
use crate::settings::Environment;
use crate::statement::SqlSource;
use crate::text::SpannedText;
use crate::token::{Piece, has_token, scan};
use crate::xml::{Child, Element};

/// Elements that may stand in a statement.
const ELEMENTS: [&str; 10] =
    ["if", "choose", "when", "otherwise", "trim", "where", "set", "foreach", "bind", "include"];

/// Compiles statement bodies and collects what is wrong with them.
#[derive(Debug)]
pub(crate) struct Compiler<'c> {
    environment: &'c Environment,
    diagnostics: &'c mut Vec<Diagnostic>,
    loops: Vec<LoopNames>,
}

/// Static or dynamic, decided by what the body holds.
pub(crate) fn compile(children: &[Child], environment: &Environment, diagnostics: &mut Vec<Diagnostic>) -> SqlSource {
    let mut compiler = Compiler { environment, diagnostics, loops: Vec::new() };
    let dynamic = children.iter().any(|child| match child {
        Child::Element(element) => element.name != "selectKey",
        Child::Text(text) => has_token(text.as_str(), "${"),
    });
    if dynamic {
        return SqlSource::Dynamic { root: compiler.nodes(children) };
    }
    let mut joined: Option<SpannedText> = None;
    for child in children {
        let Child::Text(text) = child else { continue };
        match &mut joined {
            None => joined = Some(text.clone()),
            Some(all) => {
                let span = text.span();
                all.push(" ", span.start as usize, 0);
                all.push_part(text, 0..text.as_str().len());
            }
        }
    }
    compiler.fixed(&joined.unwrap_or_default())
}

impl Compiler<'_> {
    /// One text with its parameters.
    fn fixed(&mut self, text: &SpannedText) -> SqlSource {
        let (mut sql, mut mappings) = (String::new(), Vec::new());
        for piece in scan(text.as_str(), "#{") {
            match piece {
                Piece::Text(range) => sql.push_str(&text.as_str()[range]),
                Piece::Token { range, content } => {
                    sql.push('?');
                    mappings.extend(self.mapping(text, range, &content));
                }
            }
        }
        let sql = if self.environment.settings.shrink_whitespaces_in_sql {
            crate::render::shrunk(&sql)
        } else {
            sql.trim_matches(|letter| letter <= ' ').to_owned()
        };
        SqlSource::Static { sql: sql.into(), mappings: mappings.into() }
    }

    fn mapping(
        &mut self,
        text: &SpannedText,
        range: std::ops::Range<usize>,
        content: &str,
    ) -> Option<ParameterMapping> {
        let span = text.span_of(range);
        match parameter::parse(content, span) {
            Ok(mapping) => Some(mapping),
            Err((message, help)) => {
                self.diagnostics.push(Diagnostic::error("E020", span, message).help_opt(help));
                None
            }
        }
    }

    /// A `#{}` of a dynamic statement: one that is malformed only matters where its text is used.
    fn parameter(&mut self, text: &SpannedText, range: std::ops::Range<usize>, content: &str) -> Parameter {
        let span = text.span_of(range);
        match parameter::parse(content, span) {
            Ok(mapping) => {
                let loop_value = loop_value_of(content, &mapping.property, &self.loops);
                Parameter { mapping, loop_value, wrong: None }
            }
            Err((message, help)) => {
                let told = format!("in `#{{{content}}}`: {message}");
                self.diagnostics.push(Diagnostic::error("E021", span, told).help_opt(help));
                let mapping = ParameterMapping { property: content.into(), span, ..ParameterMapping::default() };
                Parameter { mapping, loop_value: None, wrong: Some(message.into()) }
            }
        }
    }

    fn nodes(&mut self, children: &[Child]) -> Box<[SqlNode]> {
        let mut nodes = Vec::with_capacity(children.len());
        for child in children {
            match child {
                Child::Text(text) => nodes.push(SqlNode::Text(self.text(text))),
                Child::Element(element) if element.name == "selectKey" && self.loops.is_empty() => {}
                Child::Element(element) => nodes.extend(self.element(element)),
            }
        }
        nodes.into()
    }

    fn element(&mut self, element: &Element) -> Option<SqlNode> {
        match element.name.as_str() {
            "if" => {
                let test = self.expression(element, "test")?;
                Some(SqlNode::If { test, body: self.nodes(&element.children) })
            }
            "choose" => Some(self.choose(element)),
            "trim" => Some(SqlNode::Trim(self.trim(element))),
            "where" => Some(SqlNode::Trim(self.clause(element, "WHERE", &WHERE_OVERRIDES, &[]))),
            "set" => Some(SqlNode::Trim(self.clause(element, "SET", &[","], &[","]))),
            "foreach" => self.foreach(element).map(|each| SqlNode::ForEach(Box::new(each))),
            "bind" => self.bind(element),
            "when" | "otherwise" => {
                let message = format!("<{}> stands outside <choose>", element.name);
                self.diagnostics.push(Diagnostic::error("E031", element.name_span, message));
                None
            }
            name => {
                let message = format!("<{name}> is no element of a statement");
                let help = did_you_mean(name, ELEMENTS);
                self.diagnostics.push(Diagnostic::error("E010", element.name_span, message).help_opt(help));
                None
            }
        }
    }

    fn choose(&mut self, element: &Element) -> SqlNode {
        let (mut whens, mut otherwise) = (Vec::new(), None);
        for child in element.elements() {
            match child.name.as_str() {
                "when" => {
                    if let Some(test) = self.expression(child, "test") {
                        whens.push((test, self.nodes(&child.children)));
                    }
                }
                "otherwise" if otherwise.is_none() => otherwise = Some(self.nodes(&child.children)),
                "otherwise" => {
                    let message = "<choose> has more than one <otherwise>";
                    self.diagnostics.push(Diagnostic::error("E032", child.name_span, message));
                }
                name => {
                    let message = format!("<{name}> is no element of <choose>");
                    let help =
                        did_you_mean(name, ["when", "otherwise"]).or_else(|| Some("put it inside <when>".into()));
                    self.diagnostics.push(Diagnostic::error("E010", child.name_span, message).help_opt(help));
                }
            }
        }
        SqlNode::Choose { whens: whens.into(), otherwise }
    }

    fn trim(&mut self, element: &Element) -> Trim {
        let overrides = |name: &str| -> Box<[Box<str>]> {
            let entries = element.attribute(name).map_or("", SpannedText::as_str);
            entries.split('|').filter(|entry| !entry.is_empty()).map(|entry| entry.to_uppercase().into()).collect()
        };
        let (prefix_overrides, suffix_overrides) = (overrides("prefixOverrides"), overrides("suffixOverrides"));
        Trim {
            prefix: self.attribute_text(element, "prefix"),
            suffix: self.attribute_text(element, "suffix"),
            prefix_overrides,
            suffix_overrides,
            body: self.nodes(&element.children),
        }
    }

    fn clause(&mut self, element: &Element, prefix: &str, front: &[&str], back: &[&str]) -> Trim {
        let boxed = |entries: &[&str]| entries.iter().map(|entry| (*entry).into()).collect();
        let literal = TextNode::of(vec![TextPart::Literal(prefix.into())], element.name_span);
        Trim {
            prefix: Some(literal),
            suffix: None,
            prefix_overrides: boxed(front),
            suffix_overrides: boxed(back),
            body: self.nodes(&element.children),
        }
    }

    /// An attribute whose text goes into the SQL: `#{}` counts, `${}` does not.
    fn attribute_text(&mut self, element: &Element, name: &str) -> Option<TextNode> {
        let text = element.attribute(name)?;
        Some(self.parts(text, &[Piece::Text(0..text.as_str().len())]))
    }

    fn foreach(&mut self, element: &Element) -> Option<ForEach> {
        let collection = self.expression(element, "collection");
        let name = |name: &str| element.attribute(name).map(|text| Arc::<str>::from(text.as_str()));
        let names = LoopNames { item: name("item"), index: name("index") };
        let nullable = element.attribute("nullable").map(|text| text.as_str() == "true");
        let open = self.attribute_text(element, "open");
        let close = self.attribute_text(element, "close");
        let separator = self.attribute_text(element, "separator");
        self.loops.push(names.clone());
        let body = self.nodes(&element.children);
        self.loops.pop();
        let mut room = Room::of(&body);
        separator.iter().for_each(|text| room.add(text));
        let asks = !body.iter().all(|node| matches!(node, SqlNode::Text(text) if !text.raw));
        Some(ForEach { collection: collection?, names, open, close, separator, nullable, body, room, asks })
    }

    fn bind(&mut self, element: &Element) -> Option<SqlNode> {
        let name: Arc<str> = element.attribute("name")?.as_str().into();
        let value = self.expression(element, "value")?;
        if !self.loops.is_empty() {
            let message =
                format!("`{name}` is bound inside <foreach>: every `#{{{name}}}` gets the value of the last round");
            let help = "write the expression where it is needed as ${..}, or pass lists that hold the values";
            self.diagnostics.push(Diagnostic::warning("W030", element.span, message).help(help));
        }
        Some(SqlNode::Bind { name, value })
    }

    fn expression(&mut self, element: &Element, attribute: &str) -> Option<Expression> {
        let text = element.attribute(attribute)?;
        Some(self.parsed(text, 0..text.as_str().len(), text.as_str()))
    }

    fn parsed(&mut self, text: &SpannedText, range: std::ops::Range<usize>, source: &str) -> Expression {
        let span = text.span_of(range.clone());
        // Offsets in the expression are offsets in the text unless something was unescaped in between.
        let place = |start: usize, end: usize| {
            if source.len() == range.len() {
                text.span_of(range.start + start..(range.start + end).min(range.end))
            } else {
                span
            }
        };
        let dialect = self.environment.settings.dialect;
        match expr::parse(source, Rules::of(dialect)) {
            Ok(root) => {
                let expression = Expression::new(source, span, root);
                let traps = if dialect == Dialect::MyBatis { expr::traps(&expression) } else { Vec::new() };
                for trap in traps {
                    let at = place(trap.start as usize, trap.end as usize);
                    self.diagnostics.push(Diagnostic::warning(trap.code, at, trap.message).help(trap.help));
                }
                for name in
                    expression.statics().into_iter().filter(|name| !expr::is_known_static(name, self.environment))
                {
                    let message = format!("`@{name}` is not known: the expression fails when it is reached");
                    let help = format!("register it: MapperSet::builder().function(\"{name}\", ..)");
                    self.diagnostics.push(Diagnostic::warning("W104", span, message).help(help));
                }
                expression
            }
            Err(error) => {
                let message = format!("in the expression `{source}`: {}", error.message);
                let diagnostic = Diagnostic::error("E030", place(error.start, error.end), message);
                self.diagnostics.push(diagnostic.help_opt(error.help));
                let wrong = expr::Node::new(expr::NodeKind::Wrong(error.message.into()), error.start, error.end);
                Expression::new(source, span, wrong)
            }
        }
    }

    /// A text node cut at its tokens. `${}` is found first; `#{}` that hold a `${}` wait for run time.
    fn text(&mut self, text: &SpannedText) -> TextNode {
        let source = text.as_str();
        if !has_token(source, "${") {
            return self.parts(text, &[Piece::Text(0..source.len())]);
        }
        let pieces = scan(source, "${");
        let shape: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(range) => &source[range.clone()],
                Piece::Token { .. } => "\0",
            })
            .collect();
        let spans_raw = scan(&shape, "#{").iter().any(|piece| match piece {
            Piece::Token { content, .. } => content.contains('\0'),
            Piece::Text(range) => {
                let text = &shape[range.clone()];
                text.rfind("#{").is_some_and(|open| text[open..].contains('\0') && text != "#{")
            }
        });
        if !spans_raw {
            return self.parts(text, &pieces);
        }
        let mut parts = Vec::new();
        for piece in &pieces {
            match piece {
                Piece::Text(range) => parts.push(TextPart::Literal(source[range.clone()].into())),
                Piece::Token { range, content } => parts.push(self.raw(text, range, content)),
            }
        }
        TextNode { scan_when_rendered: true, loops: self.loops.as_slice().into(), ..TextNode::of(parts, text.span()) }
    }

    fn raw(&mut self, text: &SpannedText, range: &std::ops::Range<usize>, content: &str) -> TextPart {
        TextPart::Raw(self.parsed(text, range.start + 2..range.end - 1, content))
    }

    fn parts(&mut self, text: &SpannedText, pieces: &[Piece<'_>]) -> TextNode {
        let (source, mut parts, mut literal) = (text.as_str(), Vec::new(), String::new());
        let flush = |literal: &mut String, parts: &mut Vec<TextPart>| {
            if !literal.is_empty() {
                parts.push(TextPart::Literal(std::mem::take(literal).into()));
            }
        };
        for piece in pieces {
            match piece {
                Piece::Token { range, content } => {
                    flush(&mut literal, &mut parts);
                    parts.push(self.raw(text, range, content));
                }
                Piece::Text(range) => {
                    for inner in scan(&source[range.clone()], "#{") {
                        match inner {
                            Piece::Text(inner) => literal.push_str(&source[range.clone()][inner]),
                            Piece::Token { range: token, content } => {
                                flush(&mut literal, &mut parts);
                                let token = range.start + token.start..range.start + token.end;
                                parts.push(TextPart::Parameter(self.parameter(text, token, &content)));
                            }
                        }
                    }
                }
            }
        }
        flush(&mut literal, &mut parts);
        let node = TextNode::of(parts, text.span());
        let loops = if node.raw { self.loops.as_slice().into() } else { Arc::default() };
        TextNode { loops, ..node }
    }
}

/// What `<where>` takes off: only these, each with its white space.
const WHERE_OVERRIDES: [&str; 8] = ["AND ", "OR ", "AND\n", "OR\n", "AND\r", "OR\r", "AND\t", "OR\t"];

/// The innermost loop whose item or index a `#{}` begins with. A name counts when it ends the token or is followed by
/// `.`, `,`, `:` or white space, so `#{item[0]}` does not count, as in MyBatis.
pub(crate) fn loop_value_of(content: &str, property: &str, loops: &[LoopNames]) -> Option<LoopValue> {
    let content = content.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let names = |name: &Option<Arc<str>>| {
        let name = name.as_deref().filter(|name| !name.is_empty())?;
        let rest = content.strip_prefix(name)?;
        let ends = rest.is_empty() || rest.starts_with(['.', ',', ':', ' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
        let path = property.get(name.len()..)?;
        (ends && (path.is_empty() || path.starts_with('.'))).then_some(name.len())
    };
    loops.iter().enumerate().rev().find_map(|(level, loop_names)| {
        let item = names(&loop_names.item).map(|name_len| LoopValue { level, index: false, name_len });
        item.or_else(|| names(&loop_names.index).map(|name_len| LoopValue { level, index: true, name_len }))
    })
}
