//! An object of a tree, and a property that holds such objects, as serde sees them.

use batis_dbc::{Shape, ValueRef};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::cells::Cells;
use super::column_de::ColumnDe;
use super::error::Failure;
use super::forest::{DEEPEST, Forest, Loaded, too_deep};
use super::plan::{Child, ChildSource, ObjectPlan, Tags};
use super::row_de::RowDe;

/// An object of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Object<'t> {
    forest: &'t Forest,
    loaded: &'t Loaded,
    node: u32,
    /// The results that it is read in.
    open: Open<'t>,
}

/// The results on the way to an object, the innermost first.
#[derive(Clone, Copy)]
struct Open<'t> {
    result: usize,
    outer: Option<&'t Open<'t>>,
    /// How many selects led here: more than led to the result when it was loaded, where others asked for it first.
    depth: usize,
}

impl<'t> Open<'t> {
    const ROOT: Self = Self { result: 0, outer: None, depth: 0 };

    fn inside(result: usize, outer: &'t Self) -> Self {
        Self { result, outer: Some(outer), depth: outer.depth + 1 }
    }

    fn has(&self, result: usize) -> bool {
        let mut open = Some(self);
        while let Some(inner) = open {
            if inner.result == result {
                return true;
            }
            open = inner.outer;
        }
        false
    }
}

impl<'t> Object<'t> {
    /// A root of the statement's own result.
    pub(crate) fn root(forest: &'t Forest, nth: usize) -> Option<Self> {
        let loaded = forest.get(0)?;
        let node = *loaded.tree.roots().get(nth)?;
        Some(Self { forest, loaded, node, open: Open::ROOT })
    }

    pub(crate) fn plan(&self) -> &'t ObjectPlan {
        &self.loaded.plan.objects[self.loaded.tree.plan(self.node)]
    }

    /// Reads it; failures name its result map.
    pub(crate) fn read<T>(self, read: impl FnOnce(RowDe<'t, Self>) -> Result<T, Failure>) -> Result<T, Failure> {
        let plan = self.plan();
        read(RowDe::object(self, &plan.group)).map_err(|failure| failure.in_map(&plan.map))
    }

    fn at(self, node: u32) -> Self {
        Self { node, ..self }
    }

    fn child_plan(&self, child: usize) -> Option<&'t Child> {
        self.plan().children.get(child)
    }

    /// The result of a nested select, if it was asked for.
    fn result(&self, child: usize) -> Option<usize> {
        self.loaded.tree.ends(self.node, child).0.map(|result| result as usize)
    }
}

impl Cells for Object<'_> {
    fn value(&self, column: usize) -> ValueRef<'_> {
        self.loaded.tree.value(self.node, column)
    }

    fn place(&self, column: usize) -> usize {
        self.plan().columns.get(column).copied().unwrap_or(column)
    }

    fn shape(&self) -> &Shape {
        &self.loaded.shape
    }

    fn is_empty(&self, child: usize) -> bool {
        let found = self.loaded.tree.ends(self.node, child).0;
        match self.child_plan(child).map(|child| &child.source) {
            Some(ChildSource::Select(_)) => {
                let loaded = found.and_then(|result| self.forest.get(result as usize));
                loaded.is_none_or(|loaded| loaded.tree.roots().is_empty())
            }
            _ => found.is_none(),
        }
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
        self.owner.child_plan(self.child).is_some_and(|child| child.many)
    }

    fn is_select(&self) -> bool {
        self.owner.child_plan(self.child).is_some_and(|child| matches!(child.source, ChildSource::Select(_)))
    }

    /// Whether there is a value: an object, or a list that may be empty. A select whose argument is null was not asked.
    fn is_there(&self) -> bool {
        let has_list = self.is_list() && (!self.is_select() || self.owner.result(self.child).is_some());
        has_list || !self.owner.is_empty(self.child)
    }

    fn items<T>(self, read: impl FnOnce(Items<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let owner = self.owner;
        if !self.is_select() {
            let (next, last) = owner.loaded.tree.ends(owner.node, self.child);
            return read(Items { owner, next, last, roots: &[], at: 0 });
        }
        let result = owner.result(self.child);
        let Some((result, loaded)) = result.and_then(|result| Some((result, owner.forest.get(result)?))) else {
            return read(Items { owner, next: None, last: None, roots: &[], at: 0 });
        };
        if owner.open.has(result) {
            let message =
                format!("the nested select `{}` leads back to an object that this one is a part of", loaded.statement);
            return Err(Failure::new(message).hint("leave the way back out of the type, or out of the result map"));
        }
        let outer = owner.open;
        let open = Open::inside(result, &outer);
        if open.depth > DEEPEST {
            return Err(too_deep(&loaded.statement));
        }
        let roots = loaded.tree.roots();
        owner.forest.count_read(roots.len(), &loaded.statement)?;
        let owner = Object { loaded, open, ..owner };
        let items = Items { owner, next: None, last: roots.last().copied(), roots, at: 0 };
        read(items).map_err(|failure| failure.in_select(&loaded.statement, &loaded.shape))
    }

    fn all<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.items(|items| visitor.visit_seq(items))
    }
}

/// The objects of a property: children in their list, or the roots of another result.
struct Items<'t> {
    owner: Object<'t>,
    next: Option<u32>,
    last: Option<u32>,
    roots: &'t [u32],
    at: usize,
}

impl<'t> Items<'t> {
    /// The one object: of those that rows were folded into the last, of a nested select the only one.
    fn one(&self) -> Result<Option<Object<'t>>, Failure> {
        if self.roots.len() > 1 {
            let message = format!("the nested select gave {} objects where one was expected", self.roots.len());
            return Err(Failure::new(message).hint("make the field a list, or add a condition to the select"));
        }
        Ok(self.last.map(|last| self.owner.at(last)))
    }

    fn step(&mut self) -> Option<Object<'t>> {
        let node = self.next.or_else(|| self.roots.get(self.at).copied())?;
        self.next = self.next.and_then(|node| self.owner.loaded.tree.next(node));
        self.at += 1;
        Some(self.owner.at(node))
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let at = self.at;
        let Some(object) = self.step() else { return Ok(None) };
        let read = object.read(|object| seed.deserialize(object));
        read.map(Some).map_err(|failure| failure.in_element(at))
    }
}

macro_rules! from_the_object {
    ($($method:ident($($argument:ident: $type:ty),*)),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Failure> {
            self.items(|items| match items.one()? {
                Some(object) => object.read(|object| object.$method($($argument,)* visitor)),
                None => ColumnDe::new(ValueRef::Null).$method($($argument,)* visitor),
            })
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
        if !self.is_there() {
            return visitor.visit_unit();
        }
        self.items(|items| match items.one() {
            _ if self.is_list() => visitor.visit_seq(items),
            Ok(Some(object)) => object.read(|object| object.deserialize_any(visitor)),
            Ok(None) => visitor.visit_unit(),
            Err(several) => Err(several),
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.is_there() { visitor.visit_some(self) } else { visitor.visit_none() }
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
