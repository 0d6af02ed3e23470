//! [`TypeHandler`]: how a named handler writes a parameter and reads a column; [`TypeHandlers`], the registry.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use batis_dbc::{Result, ToSqlOutput, ValueRef};
use batis_script::Value;

use crate::java_name::class_of;
use crate::type_handlers::{JsonHandler, OrdinalHandler};

/// Writes parameters and reads columns in a way of its own, where a mapper file says `typeHandler="name"`.
///
/// Everything else is done without a handler, by the kind of the value (parameters) and the type of the field (columns).
///
/// ```
/// use batis_dbc::{Result, ToSqlOutput, Value as SqlValue, ValueRef};
/// use batis_mapper::{ParamValue, TypeHandler};
///
/// /// `true` and `false` as `Y` and `N`.
/// struct YesNo;
///
/// impl TypeHandler for YesNo {
///     fn to_sql<'v>(&self, value: &'v ParamValue, _: Option<&str>) -> Result<ToSqlOutput<'v>> {
///         Ok(ValueRef::Text(if *value == ParamValue::Bool(true) { "Y" } else { "N" }).into())
///     }
///     fn from_sql<'v>(&self, value: ValueRef<'v>) -> Result<ToSqlOutput<'v>> {
///         Ok(ToSqlOutput::Owned(SqlValue::Bool(value == ValueRef::Text("Y"))))
///     }
/// }
/// ```
///
/// Source: `TypeHandler` of MyBatis (`setParameter`, `getResult`).
#[doc(alias = "setParameter")]
#[doc(alias = "getResult")]
pub trait TypeHandler: Send + Sync + 'static {
    /// The value to bind. `jdbc_type` is what the `#{}` says, in MyBatis' upper-case names.
    ///
    /// # Errors
    /// If the value has no SQL form; statement and place are added by the caller.
    fn to_sql<'v>(&self, value: &'v Value, jdbc_type: Option<&str>) -> Result<ToSqlOutput<'v>>;

    /// What a column is read as, before it goes into the field. Provided: the column as it is.
    ///
    /// # Errors
    /// If the column's value cannot be read; statement, row and column are added by the caller.
    #[allow(clippy::wrong_self_convention)] // the name that ToSql and FromSql have; the handler is a value
    fn from_sql<'v>(&self, value: ValueRef<'v>) -> Result<ToSqlOutput<'v>> {
        Ok(value.into())
    }

    /// Whether an enum is read by the place of its variant (from 0) instead of its name.
    fn reads_ordinals(&self) -> bool {
        false
    }
}

/// The handlers by name. A mapper file may write the full Java name or only the class: `org.x.YesNo` finds `YesNo`.
#[derive(Clone)]
pub(crate) struct TypeHandlers {
    by_name: HashMap<Box<str>, Arc<dyn TypeHandler>>,
}

impl Default for TypeHandlers {
    fn default() -> Self {
        let mut handlers = Self { by_name: HashMap::new() };
        handlers.insert("EnumOrdinalTypeHandler", Arc::new(OrdinalHandler));
        let json: Arc<dyn TypeHandler> = Arc::new(JsonHandler);
        for name in ["json", "JsonTypeHandler", "JacksonTypeHandler", "FastjsonTypeHandler", "GsonTypeHandler"] {
            handlers.insert(name, Arc::clone(&json));
        }
        handlers
    }
}

impl TypeHandlers {
    pub(crate) fn insert(&mut self, name: &str, handler: Arc<dyn TypeHandler>) {
        self.by_name.insert(name.into(), handler);
    }

    /// None for handlers nobody registered: a Java class that means the default here.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<dyn TypeHandler>> {
        self.by_name.get(name).or_else(|| self.by_name.get(class_of(name)))
    }
}

impl fmt::Debug for TypeHandlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_name.keys()).finish()
    }
}
