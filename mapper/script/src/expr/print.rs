//! A tree as text again: one way to write each, with brackets only where they are needed.

use std::fmt::{self, Formatter, Write};

use crate::value::Value;

use super::ast::{Binary, Node, NodeKind, Selection, Subscript, Unary};
use super::operator::operator;

/// How tightly the constructs bind; those between are the levels of the operators.
const SEQUENCE: u8 = 0;
const ASSIGNMENT: u8 = 1;
const CONDITIONAL: u8 = 2;
const OR: u8 = 3;
const AND: u8 = 4;
const UNARY: u8 = 13;
const INSTANCE_OF: u8 = 14;
const CHAIN: u8 = 15;
const PRIMARY: u8 = 16;

impl fmt::Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write(self, SEQUENCE, f)
    }
}

/// A node, in brackets when it binds less tightly than its place asks for.
fn write(node: &Node, least: u8, f: &mut Formatter<'_>) -> fmt::Result {
    if level(node) >= least {
        return write_plain(node, f);
    }
    f.write_char('(')?;
    write_plain(node, f)?;
    f.write_char(')')
}

fn level(node: &Node) -> u8 {
    match &node.kind {
        NodeKind::Sequence(_) => SEQUENCE,
        NodeKind::Assign(..) | NodeKind::SetVariable(..) => ASSIGNMENT,
        NodeKind::Conditional(_) => CONDITIONAL,
        NodeKind::Or(_) => OR,
        NodeKind::And(_) => AND,
        NodeKind::Binary(operator, ..) => binary_level(*operator),
        NodeKind::Unary(..) => UNARY,
        NodeKind::InstanceOf(..) => INSTANCE_OF,
        NodeKind::Chain(_) => CHAIN,
        _ => PRIMARY,
    }
}

/// How tightly it binds: the levels of the parser's table begin behind the conditional.
fn binary_level(binary: Binary) -> u8 {
    // `not in` is read as `in` is.
    let mark = if binary == Binary::NotIn { "in" } else { sign(binary) };
    operator(mark).map_or(PRIMARY, |(level, _)| CONDITIONAL + level)
}

/// How it is written.
fn sign(binary: Binary) -> &'static str {
    match binary {
        Binary::BitOr => "|",
        Binary::BitXor => "^",
        Binary::BitAnd => "&",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::Greater => ">",
        Binary::LessEqual => "<=",
        Binary::GreaterEqual => ">=",
        Binary::In => "in",
        Binary::NotIn => "not in",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
        Binary::UnsignedShiftRight => ">>>",
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Remainder => "%",
    }
}

fn write_plain(node: &Node, f: &mut Formatter<'_>) -> fmt::Result {
    match &node.kind {
        NodeKind::Const(value) => constant(value, f),
        NodeKind::Name(name) => f.write_str(name),
        NodeKind::Index(index) => write!(f, "[{index}]"),
        NodeKind::Subscript(which) => f.write_str(subscript(*which)),
        NodeKind::Call(name, arguments) => {
            f.write_str(name)?;
            within("(", arguments, ")", f)
        }
        NodeKind::StaticCall(name, arguments) => static_call(name, arguments, f),
        NodeKind::StaticField(name) => write!(f, "@{name}"),
        NodeKind::This => f.write_str("#this"),
        NodeKind::Root => f.write_str("#root"),
        NodeKind::Variable(name) => write!(f, "#{name}"),
        NodeKind::Chain(links) => chain(links, f),
        NodeKind::Project(body) => write!(f, "{{{body}}}"),
        NodeKind::Select(which, body) => write!(f, "{{{} {body}}}", selection(*which)),
        NodeKind::List(items) => within("{", items, "}", f),
        NodeKind::Map(pairs) => map(pairs, f),
        NodeKind::Unary(operator, operand) => unary(*operator, operand, f),
        NodeKind::InstanceOf(value, class) => {
            write(value, CHAIN, f)?;
            write!(f, " instanceof {class}")
        }
        NodeKind::Binary(operator, left, right) => {
            let level = binary_level(*operator);
            write(left, level, f)?;
            write!(f, " {} ", sign(*operator))?;
            write(right, level + 1, f)
        }
        NodeKind::And(operands) => joined(operands, " and ", AND + 1, f),
        NodeKind::Or(operands) => joined(operands, " or ", OR + 1, f),
        NodeKind::Conditional(three) => {
            write(&three[0], OR, f)?;
            f.write_str(" ? ")?;
            write(&three[1], CONDITIONAL, f)?;
            f.write_str(" : ")?;
            write(&three[2], CONDITIONAL, f)
        }
        NodeKind::Sequence(all) => joined(all, ", ", ASSIGNMENT, f),
        NodeKind::Assign(name, value) => {
            write!(f, "{name} = ")?;
            write(value, ASSIGNMENT, f)
        }
        NodeKind::SetVariable(name, value) => {
            write!(f, "#{name} = ")?;
            write(value, ASSIGNMENT, f)
        }
        NodeKind::Wrong(message) => write!(f, "<{message}>"),
    }
}

fn joined(nodes: &[Node], by: &str, least: u8, f: &mut Formatter<'_>) -> fmt::Result {
    for (nth, node) in nodes.iter().enumerate() {
        if nth > 0 {
            f.write_str(by)?;
        }
        write(node, least, f)?;
    }
    Ok(())
}

fn within(open: &str, nodes: &[Node], close: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(open)?;
    joined(nodes, ", ", ASSIGNMENT, f)?;
    f.write_str(close)
}

/// `new X(..)` and `new X[n]` are calls of static members that no class has.
fn static_call(name: &str, arguments: &[Node], f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(class) = name.strip_suffix("@new") {
        write!(f, "new {class}")?;
        return within("(", arguments, ")", f);
    }
    if let (Some(class), [size]) = (name.strip_suffix("@new[]"), arguments) {
        return write!(f, "new {class}[{size}]");
    }
    write!(f, "@{name}")?;
    within("(", arguments, ")", f)
}

fn map(pairs: &[(Node, Node)], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("#{")?;
    for (nth, (key, value)) in pairs.iter().enumerate() {
        if nth > 0 {
            f.write_str(", ")?;
        }
        write(key, ASSIGNMENT, f)?;
        f.write_str(": ")?;
        write(value, ASSIGNMENT, f)?;
    }
    f.write_char('}')
}

/// The blank keeps two marks apart.
fn unary(operator: Unary, operand: &Node, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str(match operator {
        Unary::Negate => "-",
        Unary::BitNot => "~",
        Unary::Not => "!",
    })?;
    if matches!(operand.kind, NodeKind::Unary(..)) {
        f.write_char(' ')?;
    }
    write(operand, UNARY, f)
}

fn chain(links: &[Node], f: &mut Formatter<'_>) -> fmt::Result {
    for (nth, link) in links.iter().enumerate() {
        if nth == 0 {
            write(link, PRIMARY, f)?;
            // A dot right behind a number is part of it.
            if matches!(link.kind, NodeKind::Const(_)) {
                f.write_char(' ')?;
            }
            continue;
        }
        match &link.kind {
            NodeKind::Index(_) | NodeKind::Subscript(_) => write_plain(link, f)?,
            NodeKind::Name(_) | NodeKind::Call(..) | NodeKind::Project(_) | NodeKind::Select(..) => {
                f.write_char('.')?;
                write_plain(link, f)?;
            }
            _ => write!(f, ".({link})")?,
        }
    }
    Ok(())
}

fn subscript(which: Subscript) -> &'static str {
    match which {
        Subscript::First => "[^]",
        Subscript::Middle => "[|]",
        Subscript::Last => "[$]",
        Subscript::All => "[*]",
    }
}

fn selection(which: Selection) -> char {
    match which {
        Selection::All => '?',
        Selection::First => '^',
        Selection::Last => '$',
    }
}

fn constant(value: &Value, f: &mut Formatter<'_>) -> fmt::Result {
    match value {
        Value::Char(letter) => quoted('\'', letter.encode_utf8(&mut [0; 4]), f),
        // One letter between `'` is a character.
        Value::Text(text) if text.encode_utf16().count() == 1 => quoted('"', text, f),
        Value::Text(text) => quoted('\'', text, f),
        Value::Long(value) => write!(f, "{value}L"),
        Value::BigInt(value) => write!(f, "{value}h"),
        Value::Decimal(value) => write!(f, "{}e{}b", value.unscaled(), -value.scale()),
        // Too large for its type: what was written is gone, but reads the same.
        Value::Float(value) if value.is_infinite() => f.write_str("1e999f"),
        Value::Double(value) if value.is_infinite() => f.write_str("1e999"),
        Value::Float(value) => write!(f, "{value:?}f"),
        Value::Double(value) => write!(f, "{value:?}"),
        other => write!(f, "{other}"),
    }
}

fn quoted(quote: char, text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char(quote)?;
    for letter in text.chars() {
        match letter {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            '\\' => f.write_str("\\\\")?,
            _ if letter == quote => write!(f, "\\{letter}")?,
            _ => f.write_char(letter)?,
        }
    }
    f.write_char(quote)
}

#[cfg(test)]
mod tests;
