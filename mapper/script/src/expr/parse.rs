//! Tokens to a tree: precedence climbing over OGNL's table of operators.

use std::sync::Arc;

use crate::value::Value;

use super::ast::{Binary, Node, NodeKind, Selection, Unary};
use super::lex::{Lexeme, Token, lex};

/// Why a text is no expression, with the bytes it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl ParseError {
    pub(crate) fn new(start: usize, end: usize, message: String) -> Self {
        Self { start, end, message, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Brackets, operators and links may nest this deep; deeper texts are refused instead of exhausting the stack.
const MAX_DEPTH: usize = 200;

/// Parses a whole expression.
pub(crate) fn parse(text: &str) -> Result<Node, ParseError> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0 };
    let node = parser.sequence()?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Lexeme>,
    at: usize,
    depth: usize,
}

type Parsed = Result<Node, ParseError>;

impl Parser {
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
                NodeKind::Name(_) => NodeKind::Assign,
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

    fn dotted_name(&mut self) -> Result<Arc<str>, ParseError> {
        let mut name = String::new();
        loop {
            let Token::Word(word) = self.peek() else { return Err(self.error("a class name is missing here")) };
            name.push_str(word);
            self.advance();
            if !self.take(".") {
                return Ok(name.into());
            }
            name.push('.');
        }
    }

    /// `@class@FIELD`, `@class@method(..)`, `@@method(..)` of Math.
    fn static_reference(&mut self) -> Parsed {
        let start = self.start();
        self.expect("@")?;
        let class = if self.is("@") { "java.lang.Math".into() } else { self.dotted_name()? };
        self.expect("@")?;
        let Token::Word(member) = self.peek().clone() else { return Err(self.error("a member name is missing here")) };
        self.advance();
        let name: Arc<str> = format!("{class}@{member}").into();
        if self.take("(") {
            let arguments = self.items(")")?;
            return Ok(self.node(NodeKind::StaticCall(name, arguments), start));
        }
        Ok(self.node(NodeKind::StaticField(name), start))
    }

    /// `new class(..)`, `new class[] {..}`, `new class[n]`.
    fn creation(&mut self) -> Parsed {
        let start = self.start();
        self.advance();
        let class = self.dotted_name()?;
        if self.take("(") {
            let arguments = self.items(")")?;
            return Ok(self.node(NodeKind::StaticCall(format!("{class}@new").into(), arguments), start));
        }
        self.expect("[")?;
        if self.take("]") {
            self.expect("{")?;
            let items = self.items("}")?;
            return Ok(self.node(NodeKind::List(items), start));
        }
        let size = self.sequence()?;
        self.expect("]")?;
        Ok(self.node(NodeKind::StaticCall(format!("{class}@new[]").into(), vec![size]), start))
    }

    /// `#this`, `#root`, `#{..}`, `#variable`.
    fn hash(&mut self) -> Parsed {
        let start = self.start();
        self.expect("#")?;
        match self.peek().clone() {
            Token::Word(word) if &*word == "this" => {
                self.advance();
                Ok(self.node(NodeKind::This, start))
            }
            Token::Word(word) if &*word == "root" => {
                self.advance();
                Ok(self.node(NodeKind::Root, start))
            }
            Token::Word(name) => {
                self.advance();
                if self.is("(") {
                    return Err(self.error("lambda expressions are not supported"));
                }
                Ok(self.node(NodeKind::Variable(name), start))
            }
            Token::Punct("{") => {
                self.advance();
                let pairs = self.pairs()?;
                Ok(self.node(NodeKind::Map(pairs), start))
            }
            Token::Punct("@") => {
                self.advance();
                self.dotted_name()?;
                self.expect("@")?;
                self.expect("{")?;
                let pairs = self.pairs()?;
                Ok(self.node(NodeKind::Map(pairs), start))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn pairs(&mut self) -> Result<Vec<(Node, Node)>, ParseError> {
        let mut pairs = Vec::new();
        if self.take("}") {
            return Ok(pairs);
        }
        loop {
            let key = self.assignment()?;
            let value =
                if self.take(":") { self.assignment()? } else { self.node(NodeKind::Const(Value::Null), self.start()) };
            pairs.push((key, value));
            if self.take("}") {
                return Ok(pairs);
            }
            self.expect(",")?;
        }
    }
}

#[derive(Clone, Copy)]
enum Operator {
    Binary(Binary),
    And,
    Or,
}

/// Level (higher binds tighter) and meaning of an operator that stands between two operands.
fn operator(mark: &str) -> Option<(u8, Operator)> {
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
fn flat(left: Node, right: Node, open: impl Fn(NodeKind) -> Result<Vec<Node>, NodeKind>) -> Vec<Node> {
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
fn chain_depth(node: &Node) -> usize {
    let (mut depth, mut at) = (0, node);
    while let NodeKind::Binary(_, left, _) = &at.kind {
        depth += 1;
        at = left;
    }
    depth
}

impl ParseError {
    /// SQL habits that are no expressions.
    fn help_word(self, word: &str) -> Self {
        match word {
            "AND" | "OR" | "NOT" | "IN" | "EQ" | "And" | "Or" => {
                let lower = word.to_lowercase();
                self.help(format!("operators are lower case: `{lower}`"))
            }
            "is" | "IS" | "Is" => self.help("write `== null` or `!= null`"),
            "like" | "LIKE" => self.help("there is no LIKE; use `.contains(..)`, `.startsWith(..)` or `.endsWith(..)`"),
            _ => self,
        }
    }

    fn help_mark(self, mark: &str) -> Self {
        match mark {
            ">" => self.help("`<>` does not exist; write `!=`"),
            "=" => self.help("write `==` to compare"),
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!(
            "{}-{}: {}{}",
            error.start,
            error.end,
            error.message,
            error.help.map(|help| format!("; {help}")).unwrap_or_default()
        )
    }

    #[test]
    fn refuses_with_place_and_advice() {
        assert_eq!(refused("a ="), "3-3: the expression ends too early");
        assert_eq!(refused("a AND b"), "2-5: `AND` does not fit here; operators are lower case: `and`");
        assert_eq!(refused("a <> b"), "3-4: `>` does not fit here; `<>` does not exist; write `!=`");
        assert_eq!(refused("a === b"), "4-5: `=` does not fit here; write `==` to compare");
        assert_eq!(refused("a.b = 1"), "4-5: only a name can be assigned to; write `==` to compare");
        assert_eq!(refused("name is null"), "5-7: `is` does not fit here; write `== null` or `!= null`");
        assert_eq!(refused("a == 'x"), "5-7: the text that begins here has no closing '");
        assert_eq!(refused(""), "0-0: the expression ends too early");
        assert_eq!(refused("new"), "3-3: a class name is missing here");
        assert_eq!(refused("99999999999"), "0-11: `99999999999` is not a number that fits its type");
        assert_eq!(refused(":[#this]"), "0-1: lambda expressions are not supported");
    }

    #[test]
    fn refuses_deep_nesting_instead_of_overflowing() {
        for open in ["(", "!", "-", "a.(", "a[", "{", "a ? ", "f(", "not "] {
            assert!(parse(&open.repeat(100_000)).is_err());
        }
        assert!(parse(&"a + ".repeat(100_000)).is_err());
        assert!(parse(&format!("a{}", ".b".repeat(100_000))).is_err());
        let long = format!("a{}", " and a".repeat(900));
        assert!(parse(&long).is_ok());
    }

    #[test]
    fn knows_the_names_it_reads() {
        let node = parse("a != null and b.c[d].e(f) in {g, @x.Y@Z} or h.{? i > 1}").unwrap();
        let mut names = Vec::new();
        node.root_names(&mut names);
        assert_eq!(names, ["a", "b", "d", "f", "g", "h"]);
    }
}
