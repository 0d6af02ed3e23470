//! Expressions that do something else than they seem to say.

use crate::value::Value;

use super::Expression;
use super::ast::{Binary, Node, NodeKind};

/// A trap: code, the bytes of the expression it is about, what happens and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trap {
    pub(crate) code: &'static str,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// All traps in an expression.
pub(crate) fn traps(expression: &Expression) -> Vec<Trap> {
    let mut found = Vec::new();
    visit(expression.root(), &mut found);
    found
}

fn visit(node: &Node, found: &mut Vec<Trap>) {
    let trap = match &node.kind {
        NodeKind::Assign(name, _) => Some(Trap {
            code: "W101",
            start: node.start,
            end: node.end,
            message: format!("`=` assigns to `{name}` and does not compare"),
            help: "write `==`".to_owned(),
        }),
        NodeKind::Binary(operator, left, right) => comparison(node, *operator, left, right),
        NodeKind::Call(name, arguments) if matches!(&**name, "equals" | "contains") => argument(node, name, arguments),
        NodeKind::And(operands) | NodeKind::Or(operands) => operands.iter().find_map(textual),
        _ => None,
    };
    found.extend(trap);
    node.children().into_iter().for_each(|child| visit(child, found));
}

fn char_of(node: &Node) -> Option<char> {
    match node.kind {
        NodeKind::Const(Value::Char(letter)) => Some(letter),
        _ => None,
    }
}

fn comparison(node: &Node, operator: Binary, left: &Node, right: &Node) -> Option<Trap> {
    let equality = matches!(operator, Binary::Equal | Binary::NotEqual);
    let order = matches!(operator, Binary::Less | Binary::Greater | Binary::LessEqual | Binary::GreaterEqual);
    if !equality && !order {
        return None;
    }
    let (letter, other) =
        char_of(left).map(|letter| (letter, right)).or_else(|| char_of(right).map(|letter| (letter, left)))?;
    if matches!(&other.kind, NodeKind::Const(Value::Char(_))) || ends_in_char_at(other) {
        return None;
    }
    Some(Trap {
        code: "W102",
        start: node.start,
        end: node.end,
        message: format!(
            "'{letter}' is a character: compared with text it is compared as a number, which fails or is false"
        ),
        help: format!("write \"{letter}\" or '{letter}'.toString()"),
    })
}

fn ends_in_char_at(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Chain(links) => links.last().is_some_and(ends_in_char_at),
        NodeKind::Call(name, _) => &**name == "charAt",
        _ => false,
    }
}

fn argument(node: &Node, name: &str, arguments: &[Node]) -> Option<Trap> {
    let letter = arguments.first().and_then(char_of)?;
    Some(Trap {
        code: "W102",
        start: node.start,
        end: node.end,
        message: format!("'{letter}' is a character and not text: `.{name}('{letter}')` fails or is false"),
        help: format!("write \"{letter}\""),
    })
}

fn textual(operand: &Node) -> Option<Trap> {
    let text = matches!(&operand.kind, NodeKind::Const(Value::Text(_) | Value::Char(_)));
    text.then(|| Trap {
        code: "W103",
        start: operand.start,
        end: operand.end,
        message: "text as an operand of `and` or `or` is true only when it reads \"true\"".to_owned(),
        help: "compare it with something".to_owned(),
    })
}
