//! How columns become fields: the plan of a statement's rows ([`Group`]), and the serde deserializers over a row and a column.

mod access;
mod column_de;
mod error;
mod group;
mod once_list;
mod plan;
mod result_maps;
mod row_de;

pub(crate) use column_de::ColumnDe;
pub(crate) use error::Failure;
pub(crate) use group::{Group, Source};
pub(crate) use plan::{PlanRef, Plans};
pub(crate) use result_maps::ResultMaps;
pub(crate) use row_de::RowDe;
