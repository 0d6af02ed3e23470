//! A tree with all its questions answered.

use std::sync::Arc;

use crate::expr::{self, Expression};
use crate::mapping::ParameterMode;
use crate::node::{ForEach, Parameter, SqlNode, TextNode, TextPart, Trim};

/// The texts of what is asked, each once.
pub(super) type Questions = Vec<Arc<str>>;

/// A test's text, what it asks, and whether it asks for the opposite: `x == null` asks for the opposite of `x != null`. However it is written,
/// it is one question.
fn question(test: &Expression) -> (String, Arc<str>, bool) {
    let text = test.to_string();
    let joined = [" and ", " or ", "?"].iter().any(|word| text.contains(word));
    match text.strip_suffix(" == null").filter(|_| !joined) {
        Some(subject) => {
            let asked = format!("{subject} != null").into();
            (text, asked, true)
        }
        None => {
            let asked = text.as_str().into();
            (text, asked, false)
        }
    }
}

fn emptiness(each: &ForEach) -> Arc<str> {
    format!("{} is not empty", each.collection.text().trim()).into()
}

/// All that is asked in a tree.
pub(super) fn questions(nodes: &[SqlNode]) -> Questions {
    let mut found = Questions::new();
    let mut ask = |text: Arc<str>| {
        if !found.contains(&text) {
            found.push(text);
        }
    };
    crate::node::walk(nodes, &mut |node| match node {
        SqlNode::If { test, .. } => ask(question(test).1),
        SqlNode::Choose { whens, .. } => whens.iter().for_each(|(test, _)| ask(question(test).1)),
        SqlNode::ForEach(each) => ask(emptiness(each)),
        SqlNode::Text(_) | SqlNode::Trim(_) | SqlNode::Bind { .. } => {}
    });
    found
}

/// The tree with these answers, and the answers that were needed for it.
pub(super) fn resolve(
    nodes: &[SqlNode],
    questions: &Questions,
    answers: &[bool],
) -> (Vec<SqlNode>, Vec<(Arc<str>, bool)>) {
    let mut resolver = Resolver { questions, answers, used: Vec::new() };
    let nodes = resolver.nodes(nodes);
    (nodes, resolver.used)
}

struct Resolver<'r> {
    questions: &'r Questions,
    answers: &'r [bool],
    used: Vec<(Arc<str>, bool)>,
}

impl Resolver<'_> {
    fn answer(&mut self, asked: &Arc<str>, opposite: bool, text: &str) -> bool {
        let at = self.questions.iter().position(|known| known == asked);
        let answer = at.and_then(|at| self.answers.get(at)).copied().unwrap_or_default() != opposite;
        if !self.used.iter().any(|(known, _)| **known == *text) {
            self.used.push((text.into(), answer));
        }
        answer
    }

    fn test(&mut self, test: &Expression) -> bool {
        let (text, asked, opposite) = question(test);
        self.answer(&asked, opposite, &text)
    }

    fn nodes(&mut self, nodes: &[SqlNode]) -> Vec<SqlNode> {
        nodes.iter().flat_map(|node| self.node(node)).collect()
    }

    fn node(&mut self, node: &SqlNode) -> Vec<SqlNode> {
        match node {
            SqlNode::Text(text) => vec![SqlNode::Text(fixed(text))],
            SqlNode::If { test, body } if self.test(test) => self.nodes(body),
            SqlNode::If { .. } | SqlNode::Bind { .. } => Vec::new(),
            SqlNode::Choose { whens, otherwise } => {
                let taken = whens.iter().find(|(test, _)| self.test(test)).map(|(_, body)| body);
                taken.or(otherwise.as_ref()).map(|body| self.nodes(body)).unwrap_or_default()
            }
            SqlNode::Trim(trim) => vec![SqlNode::Trim(Trim {
                prefix: trim.prefix.as_ref().map(fixed),
                suffix: trim.suffix.as_ref().map(fixed),
                body: self.nodes(&trim.body).into(),
                ..trim.clone()
            })],
            SqlNode::ForEach(each) => self.each(each).into_iter().collect(),
        }
    }

    /// A loop over two elements, or none.
    fn each(&mut self, each: &ForEach) -> Option<SqlNode> {
        let asked = emptiness(each);
        if !self.answer(&asked, false, &asked) {
            return None;
        }
        let two = expr::parse("{null, null}", &expr::MYBATIS).ok()?;
        Some(SqlNode::ForEach(Box::new(ForEach {
            collection: Expression::new("two elements", each.collection.span(), two),
            open: each.open.as_ref().map(fixed),
            close: each.close.as_ref().map(fixed),
            separator: each.separator.as_ref().map(fixed),
            body: self.nodes(&each.body).into(),
            ..each.clone()
        })))
    }
}

/// The text without anything that needs a value: OUT parameters are not read, `${}` stays as written.
fn fixed(text: &TextNode) -> TextNode {
    let part = |part: &TextPart| match part {
        TextPart::Raw(expression) => TextPart::Literal(format!("${{{}}}", expression.text()).into()),
        TextPart::Parameter(parameter) => {
            let mut parameter: Parameter = parameter.clone();
            parameter.mapping.mode = ParameterMode::Out;
            parameter.loop_value = None;
            TextPart::Parameter(parameter)
        }
        TextPart::Literal(text) => TextPart::Literal(text.clone()),
    };
    TextNode { parts: text.parts.iter().map(part).collect(), scan_when_rendered: false, ..text.clone() }
}
