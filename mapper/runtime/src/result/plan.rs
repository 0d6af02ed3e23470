//! The plans of a statement, one for each shape its rows were seen in.

use std::sync::Arc;

use batis_dbc::Shape;

use super::cells::Cells;
use super::choice::Choice;
use super::error::Failure;
use super::group::Group;
use super::once_list::{Kept, OnceList};

/// Where the columns of a shape go.
#[derive(Debug)]
pub(crate) struct Plan {
    shape: Arc<Shape>,
    pub(crate) rows: Rows,
}

/// How rows become objects.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Each row is an object, read where it is.
    Flat(Group),
    /// Rows are folded into a tree first.
    Tree(Arc<TreePlan>),
}

/// How rows become a tree: a result map with nested maps, nested selects or a discriminator.
#[derive(Debug, Default)]
pub(crate) struct TreePlan {
    pub(crate) root: Choice,
    /// All objects that rows may hold, those of the discriminators' cases too.
    pub(crate) objects: Vec<ObjectPlan>,
    /// Several rows may be one object.
    pub(crate) grouped: bool,
    /// The rows of one object stand together (`resultOrdered`).
    pub(crate) ordered: bool,
    /// An object may have properties that are loaded by a select of their own.
    pub(crate) selects: bool,
    /// An object inside without any value is an object all the same (`returnInstanceForEmptyRow`).
    pub(crate) keeps_empty: bool,
    /// Why rows of this shape cannot be read.
    pub(crate) problem: Option<Problem>,
}

/// What is wrong with a result map for this result.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) map: Arc<str>,
    pub(crate) message: String,
    pub(crate) hint: String,
}

/// One kind of object. Its columns are numbered on their own: only those are kept.
#[derive(Debug)]
pub(crate) struct ObjectPlan {
    /// The full id of its result map; empty without one.
    pub(crate) map: Arc<str>,
    pub(crate) group: Group,
    /// For each column of its own, the index in the row.
    pub(crate) columns: Vec<usize>,
    /// The columns that tell objects apart; without one every row is an object of its own.
    pub(crate) key: Vec<usize>,
    /// The columns that make the object exist when one of them is not null.
    pub(crate) found: Vec<usize>,
    /// The columns of its constructor, or the one of its value: where all of them are null there is no object, whatever else there is.
    pub(crate) made_of: Vec<usize>,
    pub(crate) children: Vec<Child>,
    pub(crate) tags: Tags,
}

/// The names of an object as a variant of an enum, the best first; none where no discriminator chose it.
pub(crate) type Tags = Vec<Arc<str>>;

/// A property that rows of its own fill.
#[derive(Debug)]
pub(crate) struct Child {
    /// It is a list, as far as the mapper file says.
    pub(crate) many: bool,
    pub(crate) source: ChildSource,
}

#[derive(Debug)]
pub(crate) enum ChildSource {
    /// Nothing ever: the columns are not there, or it refers back to what it is a part of.
    Nothing,
    /// Columns of the same row.
    Joined(Joined),
    /// The rows of another statement.
    Select(Select),
}

/// An object inside of the row.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) choice: Choice,
    /// Columns of the row (`notNullColumn`): one of them must not be null, if there are some.
    pub(crate) not_null: Vec<usize>,
}

/// A nested select.
#[derive(Debug)]
pub(crate) struct Select {
    /// The full id.
    pub(crate) statement: Arc<str>,
    pub(crate) argument: Argument,
}

/// What a nested select is called with: columns of the object that it is for. Nothing is asked where they are null.
#[derive(Debug)]
pub(crate) enum Argument {
    One(usize),
    Named(Vec<(Arc<str>, usize)>),
}

impl Joined {
    /// Whether the row may hold the object at all.
    pub(crate) fn is_possible(&self, row: impl Cells) -> bool {
        self.not_null.is_empty() || self.not_null.iter().any(|column| !row.value(*column).is_null())
    }
}

impl ObjectPlan {
    pub(crate) fn joined(&self) -> impl Iterator<Item = (usize, &Joined)> {
        self.children.iter().enumerate().filter_map(|(at, child)| match &child.source {
            ChildSource::Joined(joined) => Some((at, joined)),
            ChildSource::Nothing | ChildSource::Select(_) => None,
        })
    }

    pub(crate) fn selects(&self) -> impl Iterator<Item = (usize, &Select)> {
        self.children.iter().enumerate().filter_map(|(at, child)| match &child.source {
            ChildSource::Select(select) => Some((at, select)),
            ChildSource::Nothing | ChildSource::Joined(_) => None,
        })
    }
}

impl TreePlan {
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match &self.problem {
            None => Ok(()),
            Some(problem) => Err(Failure::new(problem.message.clone()).hint(problem.hint.clone()).in_map(&problem.map)),
        }
    }
}

/// A plan, remembered or made for this call.
pub(crate) type PlanRef<'s> = Kept<'s, Plan>;

#[derive(Debug, Default)]
pub(crate) struct Plans(OnceList<Plan>);

impl Plans {
    #[inline]
    pub(crate) fn of(&self, shape: &Arc<Shape>, make: impl FnOnce(&Shape) -> Rows) -> PlanRef<'_> {
        // A connection gives the same `Arc` each time; another connection's is equal.
        let same = |plan: &Plan| Arc::ptr_eq(&plan.shape, shape) || plan.shape == *shape;
        self.0.find(same, || Plan { shape: Arc::clone(shape), rows: make(shape) })
    }
}

impl Plan {
    pub(crate) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }
}
