//! [`Tree`]: the objects that rows were folded into.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use batis_dbc::ValueRef;

use super::cells::Cells;
use super::error::Failure;
use super::plan::ObjectPlan;
use super::values::{self, Values, encode, same};

/// No object.
pub(super) const NONE: u32 = u32::MAX;

/// Objects by number, with their values and the lists of their children, in a few buffers.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    values: Values,
    /// For each node, one list for each child of its plan.
    lists: Vec<List>,
    roots: Vec<u32>,
    /// The first node of each hash of parent, kind and key. The hash is seeded: values come from outside.
    index: HashMap<u64, u32, BuildHasherDefault<AsIs>>,
    seed: RandomState,
    scratch: Vec<u8>,
}

/// An object.
#[derive(Debug)]
struct Node {
    /// Its kind: the number of its plan.
    plan: u32,
    parent: u32,
    /// Where its values and lists begin.
    values: u32,
    lists: u32,
    /// The next of its siblings.
    next: u32,
    /// The next one of the same hash.
    same_hash: u32,
}

/// Children in the order in which they were found; of a nested select the number of its result.
#[derive(Debug, Clone, Copy)]
struct List {
    first: u32,
    last: u32,
}

/// How much of a tree there is.
#[derive(Debug)]
pub(super) struct Mark {
    nodes: usize,
    lists: usize,
    values: values::Mark,
}

/// The key of a row's object, as far as it is the same for all objects of its kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) parent: u32,
    pub(super) plan: u32,
}

pub(super) fn number(length: usize) -> Result<u32, Failure> {
    let number = u32::try_from(length).ok().filter(|number| *number != NONE);
    number.ok_or_else(|| Failure::new("the result is too large: more than 4,294,967,294 values or objects"))
}

impl Tree {
    /// Empties it; what was allocated stays.
    pub(crate) fn clear(&mut self) {
        self.nodes.clear();
        self.lists.clear();
        self.roots.clear();
        self.index.clear();
        self.values.clear();
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { nodes: self.nodes.len(), lists: self.lists.len(), values: self.values.mark() }
    }

    /// Takes back what was added since; none of it may be in a list or in the index.
    pub(super) fn back_to(&mut self, mark: &Mark) {
        self.nodes.truncate(mark.nodes);
        self.lists.truncate(mark.lists);
        self.values.back_to(mark.values);
    }

    /// A new object with the row's values, in no list yet.
    pub(super) fn add(&mut self, place: Place, plan: &ObjectPlan, row: impl Cells) -> Result<u32, Failure> {
        let node = number(self.nodes.len())?;
        self.nodes.push(Node {
            plan: place.plan,
            parent: place.parent,
            values: number(self.values.len())?,
            lists: number(self.lists.len())?,
            next: NONE,
            same_hash: NONE,
        });
        for column in &plan.columns {
            self.values.push(row.value(*column));
        }
        self.lists.extend(plan.children.iter().map(|_| List { first: NONE, last: NONE }));
        Ok(node)
    }

    pub(super) fn add_root(&mut self, node: u32) {
        self.roots.push(node);
    }

    /// Puts an object at the end of a list of its parent.
    pub(super) fn link(&mut self, parent: u32, child: usize, node: u32) {
        let list = self.nodes[parent as usize].lists as usize + child;
        let last = std::mem::replace(&mut self.lists[list].last, node);
        match last {
            NONE => self.lists[list].first = node,
            last => self.nodes[last as usize].next = node,
        }
    }

    pub(crate) fn roots(&self) -> &[u32] {
        &self.roots
    }

    pub(super) fn plan(&self, node: u32) -> usize {
        self.nodes[node as usize].plan as usize
    }

    pub(super) fn value(&self, node: u32, column: usize) -> ValueRef<'_> {
        self.values.get(self.nodes[node as usize].values as usize + column)
    }

    /// The first and the last of a list.
    pub(super) fn ends(&self, node: u32, child: usize) -> (Option<u32>, Option<u32>) {
        let List { first, last } = self.lists[self.nodes[node as usize].lists as usize + child];
        (some(first), some(last))
    }

    /// Says which result a nested select has.
    pub(super) fn set_result(&mut self, node: u32, child: usize, result: u32) {
        let list = self.nodes[node as usize].lists as usize + child;
        self.lists[list] = List { first: result, last: result };
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn next(&self, node: u32) -> Option<u32> {
        some(self.nodes[node as usize].next)
    }

    /// The hash of the row's object; none without a value in its key: then it is an object of its own.
    pub(super) fn hash(&mut self, place: Place, plan: &ObjectPlan, row: impl Cells) -> u64 {
        self.scratch.clear();
        for column in &plan.key {
            encode(row.value(plan.columns[*column]), &mut self.scratch);
        }
        let mut hasher = self.seed.build_hasher();
        hasher.write_u32(place.parent);
        hasher.write_u32(place.plan);
        hasher.write(&self.scratch);
        hasher.finish()
    }

    /// Whether the row's object is this one.
    pub(super) fn is(&self, node: u32, place: Place, plan: &ObjectPlan, row: impl Cells) -> bool {
        let known = &self.nodes[node as usize];
        let values = known.values as usize;
        let equal = |column: &usize| same(self.values.get(values + column), row.value(plan.columns[*column]));
        known.plan == place.plan && known.parent == place.parent && plan.key.iter().all(equal)
    }

    /// The object of this key, if it was there before.
    pub(super) fn find(&self, hash: u64, place: Place, plan: &ObjectPlan, row: impl Cells) -> Option<u32> {
        let mut next = self.index.get(&hash).copied();
        while let Some(node) = next {
            if self.is(node, place, plan, row) {
                return Some(node);
            }
            next = some(self.nodes[node as usize].same_hash);
        }
        None
    }

    pub(super) fn remember(&mut self, hash: u64, node: u32) {
        if let Some(before) = self.index.insert(hash, node) {
            self.nodes[node as usize].same_hash = before;
        }
    }
}

fn some(node: u32) -> Option<u32> {
    (node != NONE).then_some(node)
}

/// Takes a hash for its own hash.
#[derive(Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::result::Group;
    use crate::result::plan::Tags;
    use batis_dbc::Shape;
    use serde::de::DeserializeSeed;

    /// A row of one text.
    #[derive(Clone, Copy)]
    struct Row(&'static str);

    impl Cells for Row {
        fn value(&self, _: usize) -> ValueRef<'_> {
            ValueRef::Text(self.0)
        }

        fn place(&self, column: usize) -> usize {
            column
        }

        fn shape(&self) -> &Shape {
            panic!("nobody asks")
        }

        fn is_empty(&self, _: usize) -> bool {
            true
        }

        fn child<'de, S: DeserializeSeed<'de>>(&self, _: usize, _: S) -> Result<S::Value, Failure> {
            panic!("it has none")
        }

        fn tags(&self) -> Option<&Tags> {
            None
        }
    }

    #[test]
    fn objects_of_one_hash_are_told_apart() {
        let plan = ObjectPlan {
            map: "".into(),
            group: Group::default(),
            columns: vec![0],
            key: vec![0],
            found: Vec::new(),
            made_of: Vec::new(),
            children: Vec::new(),
            tags: Tags::new(),
        };
        let mut tree = Tree::default();
        let place = |parent| Place { parent, plan: 0 };
        for (row, expected) in [("a", None), ("b", None), ("a", Some(0)), ("c", None), ("b", Some(1))] {
            let found = tree.find(7, place(NONE), &plan, Row(row));
            assert_eq!(found, expected, "{row}");
            assert_eq!(tree.find(7, place(0), &plan, Row(row)), None, "the same key of another parent");
            if found.is_none() {
                let node = tree.add(place(NONE), &plan, Row(row)).unwrap();
                tree.remember(7, node);
            }
        }
    }
}
