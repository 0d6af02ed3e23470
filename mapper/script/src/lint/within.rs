//! W203, W212: `in` over a collection that may be empty.

use crate::diagnostic::Diagnostic;
use crate::expr::Expression;
use crate::node::{ForEach, SqlNode, TextPart};
use crate::statement::{SqlSource, Statement};

pub(super) fn check(statement: &Statement, found: &mut Vec<Diagnostic>) {
    if let SqlSource::Dynamic { root } = &statement.source {
        visit(root, &mut Vec::new(), found);
    }
}

/// `guards`: the tests that must be true to get here.
fn visit<'a>(nodes: &'a [SqlNode], guards: &mut Vec<&'a Expression>, found: &mut Vec<Diagnostic>) {
    let mut behind_in = false;
    for node in nodes {
        match node {
            SqlNode::Text(text) => behind_in = text.parts().last().is_some_and(ends_with_in),
            SqlNode::If { test, body } => guarded(test, body, guards, found),
            SqlNode::Choose { whens, otherwise } => {
                whens.iter().for_each(|(test, body)| guarded(test, body, guards, found));
                otherwise.iter().for_each(|body| visit(body, guards, found));
            }
            SqlNode::Trim(trim) => visit(trim.body(), guards, found),
            SqlNode::ForEach(each) => {
                if behind_in && !guards.iter().any(|guard| asks_for_elements(guard, each)) {
                    // Who thinks of null has callers that pass no list.
                    let null = guards.iter().any(|guard| guard.text().contains(each.collection().text().trim()));
                    found.push(empty(each, if null { "W203" } else { "W212" }));
                }
                visit(each.body(), guards, found);
            }
            SqlNode::Bind { .. } => {}
        }
    }
}

fn guarded<'a>(
    test: &'a Expression,
    body: &'a [SqlNode],
    guards: &mut Vec<&'a Expression>,
    found: &mut Vec<Diagnostic>,
) {
    guards.push(test);
    visit(body, guards, found);
    guards.pop();
}

fn ends_with_in(part: &TextPart) -> bool {
    let TextPart::Literal(text) = part else { return false };
    let text = text.trim_end().trim_end_matches('(').trim_end().to_lowercase();
    text.strip_suffix("in")
        .is_some_and(|before| !before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_'))
}

/// Whether the test says something about the size of the collection.
fn asks_for_elements(guard: &Expression, each: &ForEach) -> bool {
    let text = guard.text();
    text.contains(each.collection().text().trim())
        && [".size", ".length", "isEmpty", ".empty", "isNotEmpty", "notEmpty"].iter().any(|word| text.contains(word))
}

fn empty(each: &ForEach, code: &'static str) -> Diagnostic {
    let name = each.collection().text();
    let message = format!("`in` without a list when `{name}` is empty, which no database takes");
    let help =
        format!("put it into <if test=\"{name} != null and {name}.size() > 0\">, or never call it with an empty one");
    Diagnostic::warning(code, each.collection().span(), message).help(help)
}
