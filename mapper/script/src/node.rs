//! The dynamic tree of a statement.

use std::sync::Arc;

use crate::expr::Expression;
use crate::mapping::ParameterMapping;
use crate::span::Span;

/// A node of a dynamic statement. The set is closed, as in MyBatis.
#[derive(Debug, Clone)]
#[doc(alias = "org.apache.ibatis.scripting.xmltags.SqlNode")]
pub enum SqlNode {
    /// Text with `#{}` and `${}`.
    #[doc(alias = "StaticTextSqlNode")]
    #[doc(alias = "TextSqlNode")]
    Text(TextNode),
    /// `<if>`.
    #[doc(alias = "IfSqlNode")]
    If {
        /// Whether the body is wanted.
        test: Expression,
        /// The body.
        body: Box<[SqlNode]>,
    },
    /// `<choose>`.
    #[doc(alias = "ChooseSqlNode")]
    Choose {
        /// `<when>` elements in order: test and body.
        whens: Box<[(Expression, Box<[SqlNode]>)]>,
        /// `<otherwise>`.
        otherwise: Option<Box<[SqlNode]>>,
    },
    /// `<trim>`, `<where>` and `<set>`.
    #[doc(alias = "TrimSqlNode")]
    #[doc(alias = "WhereSqlNode")]
    #[doc(alias = "SetSqlNode")]
    Trim(Trim),
    /// `<foreach>`.
    #[doc(alias = "ForEachSqlNode")]
    ForEach(Box<ForEach>),
    /// `<bind>`.
    #[doc(alias = "VarDeclSqlNode")]
    Bind {
        /// The name it gives to the value.
        name: Arc<str>,
        /// The value.
        value: Expression,
    },
}

/// A piece of text, cut at its tokens.
#[derive(Debug, Clone, Default)]
pub struct TextNode {
    pub(crate) parts: Box<[TextPart]>,
    /// A `${}` stands inside a `#{}`: the tokens can only be found once the text is made.
    pub(crate) scan_when_rendered: bool,
    /// It holds nothing but white space.
    pub(crate) blank: bool,
    /// It holds a `${}`.
    pub(crate) raw: bool,
    /// The loops around it, outermost first, for tokens that are found at run time.
    pub(crate) loops: Arc<[LoopNames]>,
    pub(crate) span: Span,
}

impl TextNode {
    /// A text of these parts.
    pub(crate) fn of(parts: Vec<TextPart>, span: Span) -> Self {
        let blank = parts.iter().all(|part| matches!(part, TextPart::Literal(text) if crate::token::is_blank(text)));
        let raw = parts.iter().any(|part| matches!(part, TextPart::Raw(_)));
        Self { parts: parts.into(), blank, raw, span, ..Self::default() }
    }

    /// The parts in order.
    #[must_use]
    pub fn parts(&self) -> &[TextPart] {
        &self.parts
    }

    /// Its place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// A part of a text.
#[derive(Debug, Clone)]
pub enum TextPart {
    /// Goes into the SQL as it is.
    Literal(Box<str>),
    /// `#{}`: a `?` and a bind.
    Parameter(Parameter),
    /// `${}`: the value's text goes into the SQL.
    Raw(Expression),
}

/// A `#{}` and where its value comes from.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// What it says.
    pub mapping: ParameterMapping,
    /// Set when its first name is the item or index of a loop around it.
    pub(crate) loop_value: Option<LoopValue>,
    /// Why it is malformed: told when a text with it is sent.
    pub(crate) wrong: Option<Arc<str>>,
}

/// A reference to a value of a loop around.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LoopValue {
    /// Which loop, 0 is the outermost.
    pub(crate) level: usize,
    /// The index instead of the item.
    pub(crate) index: bool,
    /// How many bytes of the property name it; what follows is the path below it.
    pub(crate) name_len: usize,
}

/// The names a loop gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoopNames {
    /// `item`.
    pub item: Option<Arc<str>>,
    /// `index`.
    pub index: Option<Arc<str>>,
}

/// `<trim>`, `<where>` or `<set>`.
#[derive(Debug, Clone, Default)]
pub struct Trim {
    pub(crate) prefix: Option<TextNode>,
    pub(crate) suffix: Option<TextNode>,
    /// Upper case, as split at `|`.
    pub(crate) prefix_overrides: Box<[Box<str>]>,
    pub(crate) suffix_overrides: Box<[Box<str>]>,
    pub(crate) body: Box<[SqlNode]>,
}

impl Trim {
    /// The body.
    #[must_use]
    pub fn body(&self) -> &[SqlNode] {
        &self.body
    }
}

/// `<foreach>`.
#[derive(Debug, Clone)]
pub struct ForEach {
    pub(crate) collection: Expression,
    pub(crate) names: LoopNames,
    pub(crate) open: Option<TextNode>,
    pub(crate) close: Option<TextNode>,
    pub(crate) separator: Option<TextNode>,
    pub(crate) nullable: Option<bool>,
    pub(crate) body: Box<[SqlNode]>,
    /// What one element needs.
    pub(crate) room: Room,
    /// Whether an expression of the body may ask for item and index; `#{}` does not.
    pub(crate) asks: bool,
}

/// How much room the text and the binds of a tree need when all of it is taken, elements of loops and `${}` aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Room {
    pub(crate) text: usize,
    pub(crate) binds: usize,
}

/// What is set aside for a `${}`.
const RAW_TEXT: usize = 16;

impl Room {
    pub(crate) fn of(nodes: &[SqlNode]) -> Self {
        let mut room = Self::default();
        walk(nodes, &mut |node| match node {
            SqlNode::Text(text) => room.add(text),
            SqlNode::Trim(trim) => [&trim.prefix, &trim.suffix].into_iter().flatten().for_each(|text| room.add(text)),
            SqlNode::ForEach(each) => [&each.open, &each.close].into_iter().flatten().for_each(|text| room.add(text)),
            SqlNode::If { .. } | SqlNode::Choose { .. } | SqlNode::Bind { .. } => {}
        });
        room
    }

    /// A text, and the blank that joins it to what is before.
    pub(crate) fn add(&mut self, text: &TextNode) {
        self.text += 1;
        for part in &text.parts {
            match part {
                TextPart::Literal(text) => self.text += text.len(),
                TextPart::Parameter(_) => {
                    self.text += 1;
                    self.binds += 1;
                }
                TextPart::Raw(_) => self.text += RAW_TEXT,
            }
        }
    }
}

impl ForEach {
    /// `collection`.
    #[must_use]
    pub fn collection(&self) -> &Expression {
        &self.collection
    }

    /// `item` and `index`.
    #[must_use]
    pub fn names(&self) -> &LoopNames {
        &self.names
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[SqlNode] {
        &self.body
    }
}

/// Calls `visit` for each node of a tree, parents first.
pub fn walk<'a>(nodes: &'a [SqlNode], visit: &mut dyn FnMut(&'a SqlNode)) {
    for node in nodes {
        visit(node);
        match node {
            SqlNode::Text(_) | SqlNode::Bind { .. } => {}
            SqlNode::If { body, .. } => walk(body, visit),
            SqlNode::Choose { whens, otherwise } => {
                whens.iter().for_each(|(_, body)| walk(body, visit));
                if let Some(body) = otherwise {
                    walk(body, visit);
                }
            }
            SqlNode::Trim(trim) => walk(&trim.body, visit),
            SqlNode::ForEach(each) => walk(&each.body, visit),
        }
    }
}
