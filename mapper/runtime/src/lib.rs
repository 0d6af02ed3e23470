//! The mapper of batis: what MyBatis is to Java. SQL stands in mapper files, results go into any [`serde::Deserialize`] type, parameters come
//! from any [`serde::Serialize`] value.
//!
//! ```text
//! SqlSession -> MappedStatement + parameter object -> BoundSql
//!     |                                                  |
//!     +-> Executor -> StatementHandler -> ParameterHandler (TypeHandler) -> PreparedStatement
//!                                                                                |
//!         struct / Vec<struct> / map / stream <- ResultSetHandler (TypeHandler) <- ResultSet
//! ```
//!
//! ```no_run
//! use std::sync::Arc;
//! use batis_mapper::{Configuration, SqlSession, params};
//!
//! #[derive(serde::Deserialize)]
//! struct User { id: i64, user_name: String }
//!
//! # async fn f(source: Arc<dyn batis_dbc::DataSource>) -> Result<(), batis_mapper::Error> {
//! let configuration = Configuration::builder().mapper_xml("users.xml", r#"
//!     <mapper namespace="users">
//!       <select id="search">
//!         select id, user_name from users
//!         <where>
//!           <if test="name != null">user_name like #{name}</if>
//!           <if test="ids != null">and id in <foreach collection="ids" item="id" open="(" separator="," close=")">#{id}</foreach></if>
//!         </where>
//!       </select>
//!     </mapper>"#).build()?;
//! let session = SqlSession::new(configuration, source);
//! let users: Vec<User> = session.select_list("users.search", params! { name: "A%", ids: vec![1, 2, 3] }).await?;
//! # Ok(()) }
//! ```
//!
//! | MyBatis | here |
//! |---|---|
//! | `SqlSessionFactoryBuilder`, `Configuration` | [`Configuration::builder`] |
//! | `openSession()`, `commit()`, `rollback()` | [`SqlSession::begin`], [`SqlSession::commit`], [`SqlSession::rollback`], or [`SqlSession::tx`] |
//! | `selectOne` | [`SqlSession::select_one`], [`SqlSession::select_opt`] |
//! | `selectList`, `selectMap`, `selectCursor` | [`SqlSession::select_list`], [`SqlSession::select_map`], [`SqlSession::stream`] |
//! | `insert`, `update`, `delete` | the same; keys by [`SqlSession::insert_returning_key`] and [`SqlSession::insert_with_keys`] |
//! | `ExecutorType.BATCH`, `flushStatements` | [`SqlSession::execute_batch`] |
//! | `statementType="CALLABLE"`, parameters of mode OUT | [`SqlSession::call`] |
//! | mapper interfaces | [`macro@mapper`] |
//! | `@Select`, `@Insert`, `@Update`, `@Delete` | attributes of the methods, and [`ConfigurationBuilder::mapper`] |
//! | `@Param` | [`params!`] |
//! | `TypeHandler` | [`TypeHandler`] |
//! | `Cache`, `Configuration.getCache` | [`Cache`], [`SqlSession::cache`] |
//! | `Interceptor`, `@Intercepts` | [`Interceptor`] |
//!
//! The mapper knows [`DataSource`](batis_dbc::DataSource), and neither pools nor databases. The same for plain threads is in [`blocking`].
#![forbid(unsafe_code)]

mod batch_result;
pub mod blocking;
mod cache;
mod configuration;
mod counted;
mod error;
mod executor;
mod interceptor;
mod java_name;
mod keys;
mod mapped_statement;
mod mapper_trait;
mod parameter_handler;
mod params;
mod private;
mod result;
mod result_set_handler;
mod run;
mod session;
mod sql_value;
mod statement_handler;
mod type_handler;
mod type_handlers;

pub use batch_result::BatchResult;
pub use batis_script as script;
pub use batis_script::{BoundSql, EmbeddedMapper, Settings, Value as ParamValue};
pub use cache::{Cache, CacheHandle, CacheKey};
pub use configuration::{Configuration, ConfigurationBuilder, LocalCacheScope, ReloadableConfiguration};
pub use error::{Error, ErrorKind, Result};
pub use interceptor::{Finished, Interceptor, Outcome};
pub use keys::{GeneratedKeys, SetKey};
pub use mapped_statement::MappedStatement;
pub use mapper_trait::mapper;
pub use params::{IntoParams, Params};
pub use result::OwnedRows;
pub use session::{RowStream, SqlSession, ToMappedStatement};
pub use sql_value::SqlValue;
pub use type_handler::TypeHandler;

#[doc(hidden)]
pub mod __private {
    //! What the macros call. Not part of the public interface.
    pub use crate::private::*;
}
