//! Rows into a tree: which object a row belongs to, and what it adds to it.

use super::cells::Cells;
use super::error::Failure;
use super::plan::{Joined, ObjectPlan, TreePlan};
use super::tree::{NONE, Place, Tree};

/// One row on its way into the tree.
///
/// Source: `handleRowValuesForNestedResultMap`, `applyNestedResultMappings` and `createRowKey` of MyBatis.
struct Fold<'a, R> {
    plan: &'a TreePlan,
    tree: &'a mut Tree,
    row: R,
}

impl TreePlan {
    /// Adds a row to the tree.
    pub(crate) fn fold(&self, tree: &mut Tree, row: impl Cells) -> Result<(), Failure> {
        self.check()?;
        Fold { plan: self, tree, row }.root()
    }

    /// Whether the row begins another object than the last one.
    pub(crate) fn begins(&self, tree: &Tree, row: impl Cells) -> Result<bool, Failure> {
        let Some(last) = tree.roots().last() else { return Ok(false) };
        self.check()?;
        let object = self.root.resolve(row)?;
        let plan = &self.objects[object];
        Ok(!(plan.has_key(row, self.keeps_empty) && tree.is(*last, place(NONE, object)?, plan, row)))
    }
}

impl ObjectPlan {
    /// Whether the row's object can be told from others at all.
    fn has_key(&self, row: impl Cells, nulls_count: bool) -> bool {
        self.key.iter().any(|column| nulls_count || !row.value(self.columns[*column]).is_null())
    }

    fn has_values(&self, row: impl Cells) -> bool {
        self.any(&self.found, row)
    }

    /// Source: `createParameterizedResultObject` of MyBatis makes no object of nulls alone.
    fn can_be_made(&self, row: impl Cells) -> bool {
        self.made_of.is_empty() || self.any(&self.made_of, row)
    }

    /// Whether one of these columns is not null.
    fn any(&self, columns: &[usize], row: impl Cells) -> bool {
        columns.iter().any(|column| !row.value(self.columns[*column]).is_null())
    }
}

fn place(parent: u32, object: usize) -> Result<Place, Failure> {
    let plan = u32::try_from(object).map_err(|_| Failure::new("the result map has too many parts"))?;
    Ok(Place { parent, plan })
}

/// What is known of a row's object before it is in the tree.
enum Seen {
    /// It is there.
    Before(u32),
    /// It is new, with the hash of its key.
    Now(u64),
    /// It has no key: it is new and will never be found again.
    Unknown,
}

impl<R: Cells> Fold<'_, R> {
    fn root(&mut self) -> Result<(), Failure> {
        let object = self.plan.root.resolve(self.row)?;
        let last = self.tree.roots().last().copied();
        let place = place(NONE, object)?;
        let seen = if self.plan.grouped { self.seen(place, last, self.plan.ordered) } else { Seen::Unknown };
        if let Seen::Before(node) = seen {
            return self.children(node, object).map(drop);
        }
        let node = self.tree.add(place, &self.plan.objects[object], self.row)?;
        self.tree.add_root(node);
        if let Seen::Now(hash) = seen {
            self.tree.remember(hash, node);
        }
        self.children(node, object).map(drop)
    }

    /// Rows of one object mostly follow each other, so the last one is looked at first.
    fn seen(&mut self, place: Place, last: Option<u32>, only_last: bool) -> Seen {
        let plan = &self.plan.objects[place.plan as usize];
        if !plan.has_key(self.row, self.plan.keeps_empty) {
            return Seen::Unknown;
        }
        match last {
            Some(last) if self.tree.is(last, place, plan, self.row) => return Seen::Before(last),
            _ if only_last => return Seen::Unknown,
            _ => {}
        }
        let hash = self.tree.hash(place, plan, self.row);
        self.tree.find(hash, place, plan, self.row).map_or(Seen::Now(hash), Seen::Before)
    }

    /// Adds what the row has for the objects inside; says whether there was anything new.
    fn children(&mut self, node: u32, object: usize) -> Result<bool, Failure> {
        let plan = self.plan;
        let mut new = false;
        for (child, joined) in plan.objects[object].joined() {
            new |= self.child(node, child, joined)?;
        }
        Ok(new)
    }

    fn child(&mut self, parent: u32, child: usize, joined: &Joined) -> Result<bool, Failure> {
        if !joined.is_possible(self.row) {
            return Ok(false);
        }
        let object = joined.choice.resolve(self.row)?;
        let place = place(parent, object)?;
        let seen = self.seen(place, self.tree.ends(parent, child).1, false);
        if let Seen::Before(node) = seen {
            return self.children(node, object).map(|_| false);
        }
        let plan = self.plan;
        let object_plan = &plan.objects[object];
        if !object_plan.can_be_made(self.row) {
            return Ok(false);
        }
        let found = plan.keeps_empty || object_plan.has_values(self.row);
        if !found && object_plan.joined().next().is_none() {
            return Ok(false);
        }
        let mark = self.tree.mark();
        let node = self.tree.add(place, object_plan, self.row)?;
        if !self.children(node, object)? && !found {
            self.tree.back_to(&mark);
            return Ok(false);
        }
        self.tree.link(parent, child, node);
        if let Seen::Now(hash) = seen {
            self.tree.remember(hash, node);
        }
        Ok(true)
    }
}
