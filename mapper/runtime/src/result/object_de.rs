//! An object of a tree, and a property that holds such objects, as serde sees them.

use batis_dbc::{Shape, ValueRef};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::cells::Cells;
use super::column_de::ColumnDe;
use super::error::Failure;
use super::plan::{ObjectPlan, Tags, TreePlan};
use super::row_de::RowDe;
use super::tree::Tree;

/// An object of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Object<'t> {
    tree: &'t Tree,
    plan: &'t TreePlan,
    shape: &'t Shape,
    node: u32,
}

impl<'t> Object<'t> {
    pub(crate) fn new(tree: &'t Tree, plan: &'t TreePlan, shape: &'t Shape, node: u32) -> Self {
        Self { tree, plan, shape, node }
    }

    pub(crate) fn plan(&self) -> &'t ObjectPlan {
        &self.plan.objects[self.tree.plan(self.node)]
    }

    /// Reads it; failures name its result map.
    pub(crate) fn read<T>(self, read: impl FnOnce(RowDe<'t, Self>) -> Result<T, Failure>) -> Result<T, Failure> {
        let plan = self.plan();
        read(RowDe::object(self, &plan.group)).map_err(|failure| failure.in_map(&plan.map))
    }

    fn at(self, node: u32) -> Self {
        Self { node, ..self }
    }
}

impl Cells for Object<'_> {
    fn value(&self, column: usize) -> ValueRef<'_> {
        self.tree.value(self.node, column)
    }

    fn place(&self, column: usize) -> usize {
        self.plan().columns.get(column).copied().unwrap_or(column)
    }

    fn shape(&self) -> &Shape {
        self.shape
    }

    fn is_empty(&self, child: usize) -> bool {
        self.tree.ends(self.node, child).0.is_none()
    }

    fn child<'de, S: DeserializeSeed<'de>>(&self, child: usize, seed: S) -> Result<S::Value, Failure> {
        seed.deserialize(ChildDe { owner: *self, child })
    }

    fn tags(&self) -> Option<&Tags> {
        Some(&self.plan().tags).filter(|tags| !tags.is_empty())
    }
}

/// A property that holds objects: a list, or one object or null. What the field asks for decides, then what the mapper file says.
///
/// Source: MyBatis goes by the property's type too; an association that is found again with other values is replaced.
#[derive(Clone, Copy)]
struct ChildDe<'t> {
    owner: Object<'t>,
    child: usize,
}

impl<'t> ChildDe<'t> {
    fn is_list(&self) -> bool {
        self.owner.plan().children.get(self.child).is_some_and(|child| child.many)
    }

    /// The object; the last one that was found.
    fn one(self) -> Option<Object<'t>> {
        self.owner.tree.ends(self.owner.node, self.child).1.map(|last| self.owner.at(last))
    }

    fn all<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let next = self.owner.tree.ends(self.owner.node, self.child).0;
        visitor.visit_seq(All { owner: self.owner, next, at: 0 })
    }
}

/// The objects of a list.
struct All<'t> {
    owner: Object<'t>,
    next: Option<u32>,
    at: usize,
}

impl<'de> SeqAccess<'de> for All<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(node) = self.next else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        self.next = self.owner.tree.next(node);
        let read = self.owner.at(node).read(|object| seed.deserialize(object));
        read.map(Some).map_err(|failure| failure.in_element(at))
    }
}

macro_rules! from_the_object {
    ($($method:ident($($argument:ident: $type:ty),*)),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Failure> {
            match self.one() {
                Some(object) => object.read(|object| object.$method($($argument,)* visitor)),
                None => ColumnDe::new(ValueRef::Null).$method($($argument,)* visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ChildDe<'_> {
    type Error = Failure;

    from_the_object!(
        deserialize_bool(),
        deserialize_i8(),
        deserialize_i16(),
        deserialize_i32(),
        deserialize_i64(),
        deserialize_i128(),
        deserialize_u8(),
        deserialize_u16(),
        deserialize_u32(),
        deserialize_u64(),
        deserialize_u128(),
        deserialize_f32(),
        deserialize_f64(),
        deserialize_char(),
        deserialize_str(),
        deserialize_string(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_identifier(),
        deserialize_map(),
        deserialize_struct(name: &'static str, fields: &'static [&'static str]),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
    );

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.one() {
            _ if self.is_list() => self.all(visitor),
            Some(object) => object.read(|object| object.deserialize_any(visitor)),
            None => visitor.visit_unit(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        // A list is there even when it is empty.
        if self.is_list() || self.one().is_some() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.all(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.all(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.all(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}
