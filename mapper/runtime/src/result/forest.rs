//! [`Forest`]: the tree of a statement's rows, and those of its nested selects.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use batis_dbc::{Shape, ValueRef};
use batis_script::{Map, Value};

use super::error::Failure;
use super::plan::{Argument, Select, TreePlan};
use super::tree::{Tree, number};
use super::values::encode;
use crate::params::from_sql_value;

/// Selects inside of selects that go deeper than this are an error: reading such a value needs as much stack.
pub(crate) const DEEPEST: usize = 100;

#[cold]
pub(crate) fn too_deep(statement: &str) -> Failure {
    Failure::new(format!("nested selects go deeper than {DEEPEST} levels, at `{statement}`"))
        .hint("read such rows by one recursive query (with recursive ..)")
}

/// Equal selects share a result, and each way to it reads its objects anew, since values are owned. So many are read in any case, ..
const FEW: usize = 100_000;
/// .. and so many for each object that was loaded. Data of which each object leads to the next by two ways would have no end.
const WAYS: usize = 1000;

#[cold]
fn too_many(statement: &str) -> Failure {
    Failure::new(format!("nested selects lead to the same objects by too many ways, at `{statement}`"))
        .hint("leave one of the ways out of the type, or read such rows by a join or a recursive query")
}

/// Results by number; the first is the statement's own. Equal selects share one.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    results: Vec<Loaded>,
    /// How many objects of nested selects were read.
    read: AtomicUsize,
    /// How many may be, if that was asked already.
    limit: OnceLock<usize>,
}

/// The objects of one result.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The id of the statement.
    pub(crate) statement: Arc<str>,
    pub(crate) plan: Arc<TreePlan>,
    pub(crate) shape: Arc<Shape>,
    pub(crate) tree: Tree,
    /// How many selects led to it.
    pub(crate) depth: usize,
}

/// A nested select that an object asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The object.
    pub(crate) place: Place,
    pub(crate) statement: Arc<str>,
    /// Equal for equal arguments of a statement.
    pub(crate) key: Box<[u8]>,
    pub(crate) argument: Value,
}

/// A property of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) result: usize,
    node: u32,
    child: usize,
}

impl Loaded {
    /// A result without rows.
    pub(crate) fn empty(statement: &str) -> Self {
        Self::new(statement, Arc::default(), Arc::default())
    }

    pub(crate) fn new(statement: &str, plan: Arc<TreePlan>, shape: Arc<Shape>) -> Self {
        Self { statement: statement.into(), plan, shape, tree: Tree::default(), depth: 0 }
    }
}

impl Forest {
    pub(crate) fn get(&self, result: usize) -> Option<&Loaded> {
        self.results.get(result)
    }

    /// Counts objects of a nested select that are read.
    pub(crate) fn count_read(&self, objects: usize, statement: &str) -> Result<(), Failure> {
        let read = self.read.fetch_add(objects, Ordering::Relaxed).saturating_add(objects);
        if read <= FEW {
            return Ok(());
        }
        let loaded = || self.results.iter().map(|loaded| loaded.tree.len()).sum::<usize>().saturating_mul(WAYS);
        if read <= *self.limit.get_or_init(loaded) { Ok(()) } else { Err(too_many(statement)) }
    }

    pub(crate) fn first_mut(&mut self) -> Option<&mut Loaded> {
        self.results.first_mut()
    }

    pub(crate) fn take_first(&mut self) -> Option<Loaded> {
        self.results.drain(..).next()
    }

    /// Adds a result; gives its number.
    pub(crate) fn add(&mut self, loaded: Loaded) -> Result<u32, Failure> {
        let result = number(self.results.len())?;
        self.results.push(loaded);
        Ok(result)
    }

    /// Adds a result that another one asks for.
    pub(crate) fn add_nested(&mut self, mut loaded: Loaded, by: usize) -> Result<u32, Failure> {
        loaded.depth = self.get(by).map_or(0, |by| by.depth) + 1;
        if loaded.depth > DEEPEST { Err(too_deep(&loaded.statement)) } else { self.add(loaded) }
    }

    /// Says which result a property has.
    pub(crate) fn link(&mut self, place: Place, result: u32) {
        if let Some(loaded) = self.results.get_mut(place.result) {
            loaded.tree.set_result(place.node, place.child, result);
        }
    }

    /// The selects that an object of a result asks for; none behind its last object.
    pub(crate) fn asked(&self, result: usize, node: usize) -> Option<Vec<Asked>> {
        let loaded = self.results.get(result)?;
        let node = u32::try_from(node).ok().filter(|node| (*node as usize) < loaded.tree.len())?;
        let plan = loaded.plan.objects.get(loaded.tree.plan(node))?;
        let asked = plan.selects().filter_map(|(child, select)| {
            let (key, argument) = select.argument(|column| loaded.tree.value(node, column))?;
            let place = Place { result, node, child };
            Some(Asked { place, statement: Arc::clone(&select.statement), key, argument })
        });
        Some(asked.collect())
    }
}

impl Select {
    /// The argument and its key; none where nothing is to be asked.
    ///
    /// Source: `prepareParameterForNestedQuery` of MyBatis: nulls of several columns are left out.
    fn argument<'v>(&self, value: impl Fn(usize) -> ValueRef<'v>) -> Option<(Box<[u8]>, Value)> {
        let mut key = Vec::new();
        let argument = match &self.argument {
            Argument::One(column) => {
                let value = Some(value(*column)).filter(|value| !value.is_null())?;
                encode(value, &mut key);
                from_sql_value(value.to_owned()).wrap_collection(None)
            }
            Argument::Named(columns) => {
                let mut map = Map::new();
                for (name, column) in columns {
                    let value = value(*column);
                    if !value.is_null() {
                        encode(ValueRef::Text(name), &mut key);
                        encode(value, &mut key);
                        map.insert(&**name, from_sql_value(value.to_owned()));
                    }
                }
                Some(map).filter(|map| !map.is_empty()).map(Value::from)?
            }
        };
        Some((key.into(), argument))
    }
}
