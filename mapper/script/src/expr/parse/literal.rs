//! What begins with a mark of its own: statics, `new`, maps, variables.

use std::sync::Arc;

use crate::value::Value;

use super::super::ast::{Node, NodeKind};
use super::super::lex::Token;
use super::super::parse_error::ParseError;
use super::{Parsed, Parser};

impl Parser<'_> {
    pub(super) fn dotted_name(&mut self) -> Result<Arc<str>, ParseError> {
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
    pub(super) fn static_reference(&mut self) -> Parsed {
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
    pub(super) fn creation(&mut self) -> Parsed {
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
    pub(super) fn hash(&mut self) -> Parsed {
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
