//! How rows become values: the plan of a statement's rows ([`Rows`]), the tree that nested results are folded into ([`Tree`]), and the serde
//! deserializers over rows, objects and columns.

mod access;
mod cells;
mod choice;
mod column_de;
mod compile;
mod error;
mod fold;
mod forest;
mod group;
mod java_types;
mod nested;
mod object_de;
mod once_list;
mod owned;
mod plan;
mod result_maps;
mod row_de;
mod tree;
mod values;

pub(crate) use cells::Cells;
pub(crate) use column_de::ColumnDe;
pub(crate) use compile::{AutoMapping, Known, Wanted};
pub(crate) use error::Failure;
pub(crate) use forest::{Asked, Forest, Loaded, Place};
pub(crate) use group::{Group, Reader, Source};
pub(crate) use object_de::Object;
pub(crate) use owned::OwnedRow;
pub use owned::OwnedRows;
pub(crate) use plan::{PlanRef, Plans, Rows};
pub(crate) use result_maps::ResultMaps;
pub(crate) use row_de::RowDe;
pub(crate) use values::encode;
