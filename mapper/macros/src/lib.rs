//! Macros of batis. Use them through `batis` or `batis-mapper`, which re-export them.
#![forbid(unsafe_code)]

mod ast;
mod expand;
mod returns;

use proc_macro::TokenStream;

/// Binds a trait to the statements of a mapper file: each method runs the statement of its name in the namespace, which may be written as Java
/// writes names there (`find_by_name` runs `findByName`).
///
/// ```text
/// #[mapper("org.example.UserMapper")]
/// pub trait UserMapper {
///     async fn find(&self, id: i64) -> batis::Result<Option<User>>;
///     async fn search(&self, name: Option<&str>, min_age: i32) -> batis::Result<Vec<User>>;
///     async fn insert(&self, user: &NewUser) -> batis::Result<u64>;
/// }
///
/// let user = UserMapper(&session).find(1).await?;
/// ```
///
/// - Options: the namespace (default: the trait's name), `crate = path` where `batis-mapper` is found (default `::batis::mapper`).
/// - It makes `UserMapperImpl` (owned, cheap to clone) and a function of the trait's own name; futures are `Send`.
/// - One argument is the parameter object itself; several are named arguments (also `param1`, `param2`, ..), as in MyBatis.
/// - The return type says what is done: `Option<T>` none or one row, `Vec<T>` all rows, `()` runs the statement; a number or `bool` is the row of a
///   select and the count of changed rows of the others; any other type is exactly one row. An alias is taken as a row type.
/// - `#[statement("id")]` on a method names another statement than the method's name; a method with a body is left as it is.
/// - A trait whose methods are not `async` works on the blocking session.
///
/// Source: mapper interfaces of MyBatis.
#[proc_macro_attribute]
pub fn mapper(options: TokenStream, item: TokenStream) -> TokenStream {
    let mapper = ast::Mapper::parse(options.into(), item.into());
    mapper.map_or_else(|e| e.to_compile_error(), |m| expand::expand(&m)).into()
}
