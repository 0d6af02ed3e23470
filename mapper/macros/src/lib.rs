//! Macros of batis. Use them through `batis` or `batis-mapper`, which re-export them.
#![forbid(unsafe_code)]

mod arguments;
mod ast;
mod attributes;
mod expand;
mod options;
mod returns;
#[cfg(test)]
mod tests;

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
/// - The return type says what is done (table below), by the last name in its path: an alias is taken as a row type.
/// - `#[statement("id")]` on a method names another statement than the method's name; a method with a body is left as it is.
/// - A trait whose methods are not `async` works on the blocking session.
///
/// | a method returns | what is done |
/// |---|---|
/// | `Result<()>` | the statement is run |
/// | `Result<u64>`, any whole number, `bool` | a select: the value of its only row; otherwise the count of changed rows, or whether there were any |
/// | `Result<Option<T>>`, `Result<T>` | none or one row; exactly one row |
/// | `Result<Vec<T>>`, `VecDeque`, `LinkedList`, `HashSet`, `BTreeSet` | all rows |
/// | `Result<HashMap<K, T>>`, `BTreeMap`, with `#[map_key("property")]` | all rows by one of their properties; of several with one key the last stays |
/// | `RowStream<T>`, from a method that is not `async` | the rows one at a time; in async traits only |
/// | `Result<GeneratedKeys>` | an insert: the keys of its rows |
/// | `Result<BatchResult>` | the only argument, a slice or anything that can be iterated, holds the parameter objects of a batch |
///
/// An only argument `&mut P` with `()`, a number or `BatchResult` as result takes the keys of its new row (`P: SetKey + Serialize`), or those of a
/// list of objects. A statement with `statementType="CALLABLE"` is called: what comes back by parameters of mode OUT and INOUT is the one row.
///
/// Source: mapper interfaces of MyBatis, with `@MapKey`; its `ResultHandler` and `Cursor` are the stream.
#[proc_macro_attribute]
pub fn mapper(options: TokenStream, item: TokenStream) -> TokenStream {
    let mapper = ast::Mapper::parse(options.into(), item.into());
    mapper.map_or_else(|e| e.to_compile_error(), |m| expand::expand(&m)).into()
}
