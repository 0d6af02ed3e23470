//! The tree of an expression.

use std::sync::Arc;

use crate::value::Value;

/// A node, with the bytes of the expression's text it was made from.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Wherever they stand.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// Every construct that is evaluated; what OGNL has beyond these is refused by the parser.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeKind {
    Const(Value),
    /// A property of the current object: at the root a binding or a property of the parameter.
    Name(Arc<str>),
    /// `[e]`; the index is evaluated against the root.
    Index(Box<Node>),
    /// `[^]`, `[|]`, `[$]`, `[*]`.
    Subscript(Subscript),
    /// A method of the current object; arguments are evaluated against the root.
    Call(Arc<str>, Vec<Node>),
    /// `@class@method(..)`, by its full name `class@method`.
    StaticCall(Arc<str>, Vec<Node>),
    /// `@class@FIELD`.
    StaticField(Arc<str>),
    This,
    Root,
    /// `a.b.c`: each link is evaluated on the value of the one before.
    Chain(Vec<Node>),
    /// `{e}` behind a dot.
    Project(Box<Node>),
    /// `{? e}`, `{^ e}`, `{$ e}`.
    Select(Selection, Box<Node>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Unary(Unary, Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    Conditional(Box<[Node; 3]>),
    InstanceOf(Box<Node>, Arc<str>),
    Sequence(Vec<Node>),
    /// `name = e` at the root: writes into the bindings.
    Assign(Arc<str>, Box<Node>),
    /// `#name`: lives as long as the evaluation; null until it is set.
    Variable(Arc<str>),
    /// `#name = e`.
    SetVariable(Arc<str>, Box<Node>),
    /// A text that is no expression: it fails when it is reached, as in MyBatis, so that the rest of its file can be used.
    Wrong(Arc<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subscript {
    First,
    Middle,
    Last,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selection {
    All,
    First,
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    BitNot,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    NotEqual,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    In,
    NotIn,
    ShiftLeft,
    ShiftRight,
    UnsignedShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Node {
    pub(crate) fn new(kind: NodeKind, start: usize, end: usize) -> Self {
        let at = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { kind, start: at(start), end: at(end) }
    }

    /// The nodes directly below, in order.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match &self.kind {
            NodeKind::Const(_)
            | NodeKind::Name(_)
            | NodeKind::Subscript(_)
            | NodeKind::StaticField(_)
            | NodeKind::Variable(_)
            | NodeKind::Wrong(_)
            | NodeKind::This
            | NodeKind::Root => Vec::new(),
            NodeKind::Index(one)
            | NodeKind::Project(one)
            | NodeKind::Select(_, one)
            | NodeKind::Unary(_, one)
            | NodeKind::InstanceOf(one, _)
            | NodeKind::SetVariable(_, one)
            | NodeKind::Assign(_, one) => vec![one],
            NodeKind::Binary(_, left, right) => vec![left, right],
            NodeKind::Conditional(three) => three.iter().collect(),
            NodeKind::Call(_, many)
            | NodeKind::StaticCall(_, many)
            | NodeKind::Chain(many)
            | NodeKind::List(many)
            | NodeKind::And(many)
            | NodeKind::Or(many)
            | NodeKind::Sequence(many) => many.iter().collect(),
            NodeKind::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        }
    }

    /// Collects the names that are read from the root, each once.
    pub(crate) fn root_names<'a>(&'a self, names: &mut Vec<&'a str>) {
        let children = self.children();
        match &self.kind {
            NodeKind::Name(name) if !names.contains(&&**name) => names.push(name),
            // Links after the first read from values; their arguments and indexes read from the root again.
            NodeKind::Chain(_) => {
                for (nth, link) in children.into_iter().enumerate() {
                    match (&link.kind, nth) {
                        (_, 0) | (NodeKind::Index(_) | NodeKind::Call(..), _) => link.root_names(names),
                        _ => {}
                    }
                }
            }
            NodeKind::Project(_) | NodeKind::Select(..) => {}
            _ => children.into_iter().for_each(|child| child.root_names(names)),
        }
    }
}

impl Node {
    /// Collects the static members it uses.
    pub(crate) fn static_names<'a>(&'a self, names: &mut Vec<&'a str>) {
        if let NodeKind::StaticCall(name, _) | NodeKind::StaticField(name) = &self.kind {
            names.push(name);
        }
        self.children().into_iter().for_each(|child| child.static_names(names));
    }
}
