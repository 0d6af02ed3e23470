//! The one recursive match over the nodes.

use std::borrow::Cow;

use crate::error::BindError;
use crate::expr::{evaluate, is_true};
use crate::node::{SqlNode, TextNode};

use super::context::Context;
use super::output::Output;
use super::{foreach, trim};

impl<'a> Context<'a> {
    pub(super) fn apply_all(&mut self, nodes: &'a [SqlNode], output: &mut Output<'a>) -> Result<(), BindError> {
        nodes.iter().try_for_each(|node| self.apply(node, output))
    }

    fn apply(&mut self, node: &'a SqlNode, output: &mut Output<'a>) -> Result<(), BindError> {
        match node {
            SqlNode::Text(text) => self.text(text, output),
            SqlNode::If { test, body } => {
                if is_true(test, &mut self.scope).map_err(|error| self.failed(error, test))? {
                    self.apply_all(body, output)?;
                }
                Ok(())
            }
            SqlNode::Choose { whens, otherwise } => {
                for (test, body) in whens {
                    if is_true(test, &mut self.scope).map_err(|error| self.failed(error, test))? {
                        return self.apply_all(body, output);
                    }
                }
                otherwise.as_ref().map_or(Ok(()), |body| self.apply_all(body, output))
            }
            SqlNode::Trim(node) => trim::apply(self, node, output),
            SqlNode::ForEach(each) => foreach::apply(self, each, output),
            SqlNode::Bind { name, value } => {
                let bound = evaluate(value, &mut self.scope).map_err(|error| self.failed(error, value))?;
                let bound = Cow::Owned(bound.into_owned());
                self.scope.bind(name, bound);
                Ok(())
            }
        }
    }

    fn text(&mut self, node: &'a TextNode, output: &mut Output<'a>) -> Result<(), BindError> {
        if node.raw {
            return self.raw_text(node, output);
        }
        output.append_node(node, &self.frames);
        Ok(())
    }
}
