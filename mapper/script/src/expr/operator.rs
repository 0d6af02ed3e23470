//! The operators between two operands: how tightly they bind and what they make.

use super::ast::{Binary, Node, NodeKind};

/// An operator between two operands.
#[derive(Clone, Copy)]
pub(super) enum Operator {
    Binary(Binary),
    And,
    Or,
}

/// Level (higher binds tighter) and meaning of an operator that stands between two operands.
pub(super) fn operator(mark: &str) -> Option<(u8, Operator)> {
    Some(match mark {
        "or" | "||" => (1, Operator::Or),
        "and" | "&&" => (2, Operator::And),
        _ => {
            let (level, binary) = match mark {
                "bor" | "|" => (3, Binary::BitOr),
                "xor" | "^" => (4, Binary::BitXor),
                "band" | "&" => (5, Binary::BitAnd),
                "eq" | "==" => (6, Binary::Equal),
                "neq" | "!=" => (6, Binary::NotEqual),
                "lt" | "<" => (7, Binary::Less),
                "gt" | ">" => (7, Binary::Greater),
                "lte" | "<=" => (7, Binary::LessEqual),
                "gte" | ">=" => (7, Binary::GreaterEqual),
                "in" => (7, Binary::In),
                "shl" | "<<" => (8, Binary::ShiftLeft),
                "shr" | ">>" => (8, Binary::ShiftRight),
                "ushr" | ">>>" => (8, Binary::UnsignedShiftRight),
                "+" => (9, Binary::Add),
                "-" => (9, Binary::Subtract),
                "*" => (10, Binary::Multiply),
                "/" => (10, Binary::Divide),
                "%" => (10, Binary::Remainder),
                _ => return None,
            };
            (level, Operator::Binary(binary))
        }
    })
}

/// `a and b and c` is one node of three, so long conditions do not nest.
pub(super) fn flat(left: Node, right: Node, open: impl Fn(NodeKind) -> Result<Vec<Node>, NodeKind>) -> Vec<Node> {
    let (start, end) = (left.start as usize, left.end as usize);
    match open(left.kind) {
        Ok(mut all) => {
            all.push(right);
            all
        }
        Err(kind) => vec![Node::new(kind, start, end), right],
    }
}

/// How deep the left operands nest: `a + b + c` makes a tree that leans left.
pub(super) fn chain_depth(node: &Node) -> usize {
    let (mut depth, mut at) = (0, node);
    while let NodeKind::Binary(_, left, _) = &at.kind {
        depth += 1;
        at = left;
    }
    depth
}
