//! Tokens to a tree: precedence climbing over OGNL's table of operators.

use std::sync::Arc;

use crate::value::Value;

use super::ast::{Binary, Node, NodeKind, Selection, Unary};
use super::lex::{Lexeme, Token, lex};
use super::operator::{Operator, chain_depth, flat, operator};
use super::parse_error::ParseError;
use super::rules::Rules;

mod literal;

/// Brackets, operators and links may nest this deep; deeper texts are refused instead of exhausting the stack.
const MAX_DEPTH: usize = 200;

/// Parses a whole expression.
pub(crate) fn parse(text: &str, rules: &Rules) -> Result<Node, ParseError> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0, rules };
    let node = parser.sequence()?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'r> {
    tokens: Vec<Lexeme>,
    at: usize,
    depth: usize,
    rules: &'r Rules,
}

type Parsed = Result<Node, ParseError>;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].token
    }

    fn peek_second(&self) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[(self.at + 1).min(last)].token
    }

    fn start(&self) -> usize {
        self.tokens[self.at].start
    }

    /// Where the last consumed token ended.
    fn end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |before| self.tokens[before].end)
    }

    fn advance(&mut self) {
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Punct(found) if *found == mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if &**found == word)
    }

    fn take(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, mark: &str) -> Result<(), ParseError> {
        if self.take(mark) { Ok(()) } else { Err(self.unexpected().help(format!("`{mark}` is missing here"))) }
    }

    fn node(&self, kind: NodeKind, start: usize) -> Node {
        Node::new(kind, start, self.end())
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        let Lexeme { start, end, .. } = self.tokens[self.at];
        ParseError::new(start, end, message.into())
    }

    fn unexpected(&self) -> ParseError {
        match self.peek() {
            Token::End => self.error("the expression ends too early"),
            Token::Word(word) => self.error(format!("`{word}` does not fit here")).help_word(word),
            Token::Const(_) => self.error("a value does not fit here: an operator is missing"),
            Token::Subscript(_) => self.error("a subscript does not fit here"),
            Token::Punct(mark) => self.error(format!("`{mark}` does not fit here")).help_mark(mark),
        }
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ParseError>) -> Result<T, ParseError> {
        self.depth += 1;
        let result = if self.depth > MAX_DEPTH {
            Err(self.error(format!("the expression is nested deeper than {MAX_DEPTH} levels")))
        } else {
            inner(self)
        };
        self.depth -= 1;
        result
    }

    /// `a, b`.
    fn sequence(&mut self) -> Parsed {
        self.nested(|parser| {
            let start = parser.start();
            let first = parser.assignment()?;
            if !parser.is(",") {
                return Ok(first);
            }
            let mut all = vec![first];
            while parser.take(",") {
                all.push(parser.assignment()?);
            }
            Ok(parser.node(NodeKind::Sequence(all), start))
        })
    }

    /// `name = e`: OGNL writes into the bindings, so a `=` meant as `==` is always true.
    fn assignment(&mut self) -> Parsed {
        self.nested(|parser| {
            let start = parser.start();
            let target = parser.conditional()?;
            if !parser.is("=") {
                return Ok(target);
            }
            let kind: fn(Arc<str>, Box<Node>) -> NodeKind = match &target.kind {
                NodeKind::Name(_) if parser.rules.assignment => NodeKind::Assign,
                NodeKind::Name(_) => return Err(parser.error("`=` does not compare").help("write `==` to compare")),
                NodeKind::Variable(_) => NodeKind::SetVariable,
                _ => return Err(parser.error("only a name can be assigned to").help("write `==` to compare")),
            };
            let (NodeKind::Name(name) | NodeKind::Variable(name)) = target.kind else {
                return Err(parser.unexpected());
            };
            parser.advance();
            let value = parser.assignment()?;
            Ok(parser.node(kind(name, Box::new(value)), start))
        })
    }

    fn conditional(&mut self) -> Parsed {
        self.nested(|parser| {
            let start = parser.start();
            let test = parser.binary(0)?;
            if !parser.take("?") {
                return Ok(test);
            }
            let then = parser.conditional()?;
            parser.expect(":")?;
            let otherwise = parser.conditional()?;
            Ok(parser.node(NodeKind::Conditional(Box::new([test, then, otherwise])), start))
        })
    }

    /// The operator at hand, if it binds at least this tightly: level and how many tokens it takes.
    fn operator(&self) -> Option<(u8, Operator, usize)> {
        let mark = match self.peek() {
            Token::Punct(mark) => mark,
            Token::Word(word) => &**word,
            _ => return None,
        };
        if mark == "not" {
            let follows = matches!(self.peek_second(), Token::Word(word) if &**word == "in");
            return follows.then_some((7, Operator::Binary(Binary::NotIn), 2));
        }
        let (level, operator) = operator(mark)?;
        Some((level, operator, 1))
    }

    fn binary(&mut self, least: u8) -> Parsed {
        let start = self.start();
        let mut left = self.unary()?;
        let mut links = 0;
        while let Some((level, operator, tokens)) = self.operator().filter(|(level, ..)| *level >= least) {
            links += 1;
            if links > MAX_DEPTH * 5 {
                return Err(self.error("the expression has too many operators"));
            }
            (0..tokens).for_each(|_| self.advance());
            let right = self.nested(|parser| parser.binary(level + 1))?;
            left = self.joined(operator, left, right, start)?;
        }
        Ok(left)
    }

    fn joined(&self, operator: Operator, left: Node, right: Node, start: usize) -> Parsed {
        let kind = match operator {
            Operator::Binary(binary) => {
                let depth = chain_depth(&left);
                if depth > MAX_DEPTH {
                    return Err(self.error("the expression has too many operators"));
                }
                NodeKind::Binary(binary, Box::new(left), Box::new(right))
            }
            Operator::And => NodeKind::And(flat(left, right, |kind| match kind {
                NodeKind::And(all) => Ok(all),
                other => Err(other),
            })),
            Operator::Or => NodeKind::Or(flat(left, right, |kind| match kind {
                NodeKind::Or(all) => Ok(all),
                other => Err(other),
            })),
        };
        Ok(self.node(kind, start))
    }

    fn unary(&mut self) -> Parsed {
        let start = self.start();
        let operator = match self.peek() {
            Token::Punct("-") => Some(Unary::Negate),
            Token::Punct("+") => {
                self.advance();
                return self.nested(Self::unary);
            }
            Token::Punct("~") => Some(Unary::BitNot),
            Token::Punct("!") => Some(Unary::Not),
            Token::Word(word) if &**word == "not" => Some(Unary::Not),
            _ => None,
        };
        if let Some(operator) = operator {
            self.advance();
            let operand = self.nested(Self::unary)?;
            return Ok(self.node(NodeKind::Unary(operator, Box::new(operand)), start));
        }
        let value = self.chain()?;
        if !self.is_word("instanceof") {
            return Ok(value);
        }
        self.advance();
        let class = self.dotted_name()?;
        Ok(self.node(NodeKind::InstanceOf(Box::new(value), class), start))
    }

    /// `a.b(c)[d].{e}`.
    fn chain(&mut self) -> Parsed {
        let start = self.start();
        // `(a.b).c` is one chain: a null in it ends all of it.
        let mut links = match self.primary()? {
            Node { kind: NodeKind::Chain(links), .. } => links,
            first => vec![first],
        };
        loop {
            if links.len() > MAX_DEPTH {
                return Err(self.error("the expression has too many links"));
            }
            if self.is(".") || self.is("?.") {
                self.advance();
                links.push(self.link()?);
            } else if self.is("[") || matches!(self.peek(), Token::Subscript(_)) {
                links.push(self.index()?);
            } else if self.is("(") {
                return Err(self.error("calling the value of an expression is not supported"));
            } else {
                break;
            }
        }
        if links.len() == 1 {
            return Ok(links.swap_remove(0));
        }
        Ok(self.node(NodeKind::Chain(links), start))
    }

    /// What may stand behind a dot.
    fn link(&mut self) -> Parsed {
        if self.is("{") {
            return self.nested(Self::projection);
        }
        if self.is("(") {
            self.advance();
            let inner = self.sequence()?;
            self.expect(")")?;
            return Ok(inner);
        }
        match self.peek() {
            Token::Word(word) if matches!(&**word, "true" | "false" | "null" | "new") => {
                Err(self.unexpected().help("a word of the language is no name: write it in brackets, `a['null']`"))
            }
            Token::Word(_) => self.word(),
            Token::End => Err(self.error("a name is missing behind the dot")),
            _ => Err(self.unexpected().help("a name is missing behind the dot")),
        }
    }

    fn projection(&mut self) -> Parsed {
        let start = self.start();
        self.expect("{")?;
        let selection = match self.peek() {
            Token::Punct("?") => Some(Selection::All),
            Token::Punct("^") => Some(Selection::First),
            Token::Word(word) if &**word == "$" => Some(Selection::Last),
            _ => None,
        };
        if selection.is_some() {
            self.advance();
        }
        let body = Box::new(self.sequence()?);
        self.expect("}")?;
        let kind =
            selection.map_or_else(|| NodeKind::Project(body.clone()), |which| NodeKind::Select(which, body.clone()));
        Ok(self.node(kind, start))
    }

    fn index(&mut self) -> Parsed {
        let start = self.start();
        if let Token::Subscript(which) = *self.peek() {
            self.advance();
            return Ok(self.node(NodeKind::Subscript(which), start));
        }
        self.expect("[")?;
        let inner = self.sequence()?;
        self.expect("]")?;
        Ok(self.node(NodeKind::Index(Box::new(inner)), start))
    }

    fn primary(&mut self) -> Parsed {
        let start = self.start();
        match self.peek().clone() {
            Token::Const(value) => {
                self.advance();
                let value = match value {
                    Value::Char(letter) if !self.rules.characters => {
                        Value::from(letter.encode_utf8(&mut [0; 4]) as &str)
                    }
                    other => other,
                };
                Ok(self.node(NodeKind::Const(value), start))
            }
            Token::Word(_) => self.word(),
            Token::Subscript(_) | Token::Punct("[") => self.index(),
            Token::Punct("(") => {
                self.advance();
                let inner = self.sequence()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Punct("{") => {
                self.advance();
                let items = self.items("}")?;
                Ok(self.node(NodeKind::List(items), start))
            }
            Token::Punct("@") => self.static_reference(),
            Token::Punct("#") => self.hash(),
            Token::Punct(":") if matches!(self.peek_second(), Token::Punct("[")) => {
                Err(self.error("lambda expressions are not supported"))
            }
            _ => Err(self.unexpected()),
        }
    }

    /// A keyword constant, a name or a method call.
    fn word(&mut self) -> Parsed {
        let start = self.start();
        let Token::Word(word) = self.peek().clone() else { return Err(self.unexpected()) };
        if &*word == "new" {
            return self.nested(Self::creation);
        }
        let constant = match &*word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            reserved if operator(reserved).is_some() || matches!(reserved, "not" | "instanceof" | "$") => {
                return Err(self.unexpected());
            }
            _ => None,
        };
        self.advance();
        if let Some(value) = constant {
            return Ok(self.node(NodeKind::Const(value), start));
        }
        if self.take("(") {
            let arguments = self.items(")")?;
            return Ok(self.node(NodeKind::Call(word, arguments), start));
        }
        Ok(self.node(NodeKind::Name(word), start))
    }

    /// Expressions up to the closing bracket.
    fn items(&mut self, close: &str) -> Result<Vec<Node>, ParseError> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(self.assignment()?);
            if self.take(close) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }
}

#[cfg(test)]
mod tests;
