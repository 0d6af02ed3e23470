use super::{Connection, SharedRunner, wait};
use crate::error::Result;
use crate::metadata::{
    ColumnInfo, ConstraintInfo, DatabaseMetadata as AsyncMetadata, ForeignKey, IndexInfo, PrimaryKey, RoutineInfo,
    SequenceInfo, TableInfo, TypeInfo, ViewInfo,
};

/// What is in a database, for plain threads. See [`batis_dbc::DatabaseMetadata`](crate::DatabaseMetadata).
pub struct DatabaseMetadata<'c> {
    inner: AsyncMetadata<'c>,
    runner: &'c SharedRunner,
}

impl std::fmt::Debug for DatabaseMetadata<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl Connection {
    /// See [`metadata`](crate::Connection::metadata).
    #[must_use]
    pub fn metadata(&mut self) -> DatabaseMetadata<'_> {
        let (inner, runner) = self.parts();
        DatabaseMetadata { inner: inner.metadata(), runner }
    }
}

macro_rules! twins {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl DatabaseMetadata<'_> {$(
            #[doc = concat!("See [`", stringify!($name), "`](AsyncMetadata::", stringify!($name), ").")]
            ///
            /// # Errors
            /// As there.
            pub fn $name(&mut self, $($argument: $type),*) -> Result<$result> {
                wait(self.runner, None, self.inner.$name($($argument),*))
            }
        )*}
    };
}

twins! {
    schemas() -> Vec<String>;
    tables(schema: Option<&str>) -> Vec<TableInfo>;
    columns(schema: Option<&str>, table: &str) -> Vec<ColumnInfo>;
    primary_key(schema: Option<&str>, table: &str) -> Option<PrimaryKey>;
    imported_keys(schema: Option<&str>, table: &str) -> Vec<ForeignKey>;
    exported_keys(schema: Option<&str>, table: &str) -> Vec<ForeignKey>;
    indexes(schema: Option<&str>, table: &str) -> Vec<IndexInfo>;
    constraints(schema: Option<&str>, table: &str) -> Vec<ConstraintInfo>;
    sequences(schema: Option<&str>) -> Vec<SequenceInfo>;
    types(schema: Option<&str>) -> Vec<TypeInfo>;
    routines(schema: Option<&str>) -> Vec<RoutineInfo>;
    views(schema: Option<&str>) -> Vec<ViewInfo>;
}
