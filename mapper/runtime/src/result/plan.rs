//! The plans of a statement, one for each shape its rows were seen in.

use std::sync::Arc;

use batis_dbc::Shape;

use super::group::Group;
use super::once_list::{Kept, OnceList};

/// Where the columns of a shape go.
#[derive(Debug)]
pub(crate) struct Plan {
    shape: Arc<Shape>,
    pub(crate) group: Group,
}

/// A plan, remembered or made for this call.
pub(crate) type PlanRef<'s> = Kept<'s, Plan>;

#[derive(Debug, Default)]
pub(crate) struct Plans(OnceList<Plan>);

impl Plans {
    #[inline]
    pub(crate) fn of(&self, shape: &Arc<Shape>, make: impl FnOnce(&Shape) -> Group) -> PlanRef<'_> {
        // A connection gives the same `Arc` each time; another connection's is equal.
        let same = |plan: &Plan| Arc::ptr_eq(&plan.shape, shape) || plan.shape == *shape;
        self.0.find(same, || Plan { shape: Arc::clone(shape), group: make(shape) })
    }
}

impl Plan {
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }
}
