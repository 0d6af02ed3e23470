//! The macro of mapper traits, with examples that are compiled: a crate of macros cannot use what they make.

/// Binds a trait to statements: those of a mapper file, and those that stand in its attributes.
///
/// ```no_run
/// use std::collections::HashMap;
/// use batis_mapper::{BatchResult, Configuration, Result, RowStream, SqlSession, mapper};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize)]
/// struct User { id: i64, name: String }
///
/// #[derive(Serialize)]
/// struct NewUser { name: String }
///
/// #[mapper("org.example.UserMapper", crate = ::batis_mapper)] // with the umbrella crate: #[mapper("org.example.UserMapper")]
/// pub trait UserMapper {
///     // These stand in a mapper file of the namespace.
///     async fn find(&self, id: i64) -> Result<Option<User>>;
///     async fn insert(&self, user: &NewUser) -> Result<u64>;
///     #[statement("insert")]
///     async fn insert_all(&self, users: &[NewUser]) -> Result<BatchResult>;
///
///     #[select("select id, name from users where age >= #{min_age} order by id")]
///     fn older(&self, min_age: i32) -> RowStream<User>;
///
///     #[select(r#"
///         <script>
///             select id, name from users
///             <where>
///                 <if test="name != null">name like #{name}</if>
///                 <if test="ids">and id in <foreach collection="ids" item="id" open="(" separator="," close=")">#{id}</foreach></if>
///             </where>
///         </script>"#, timeout = 5)]
///     #[map_key("id")]
///     async fn search(&self, name: Option<&str>, ids: &[i64]) -> Result<HashMap<i64, User>>;
/// }
///
/// # async fn f(source: std::sync::Arc<dyn batis_dbc::DataSource>) -> Result<()> {
/// let configuration = Configuration::builder().mapper_file("mapper/UserMapper.xml").mapper(UserMapperImpl::STATEMENTS).build()?;
/// let users = UserMapper(&SqlSession::new(configuration, source));
/// let ann = users.find(1).await?;
/// # Ok(()) }
/// ```
///
/// What does not fit is an error of the compiler, at its place:
///
/// ```compile_fail
/// #[batis_mapper::mapper(crate = ::batis_mapper)]
/// trait UserMapper {
///     #[select("<script>select name from users <if test='id = 1'>where id = 1</if></script>")] // `=` does not compare: write `==`
///     async fn names(&self, id: i64) -> batis_mapper::Result<Vec<String>>;
/// }
/// ```
#[doc(inline)]
pub use batis_macros::mapper;
