//! Macros of batis. Use them through `batis` or `batis-mapper`, which re-export them.
#![forbid(unsafe_code)]

mod arguments;
mod ast;
mod attributes;
mod embed;
mod expand;
mod literal;
mod options;
mod returns;
mod statements;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Binds a trait to statements: each method runs the statement of its name in the namespace, which may be written as Java writes names in a
/// mapper file (`find_by_name` runs `findByName`), or stands in an attribute of the method.
///
/// ```text
/// #[mapper("org.example.UserMapper")]
/// pub trait UserMapper {
///     async fn find(&self, id: i64) -> batis::Result<Option<User>>;
///     #[select("select id, name from users where name like #{name} and age >= #{min_age}")]
///     async fn search(&self, name: &str, min_age: i32) -> batis::Result<Vec<User>>;
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
/// ## Statements in attributes
/// `#[select("..")]`, `#[insert("..")]`, `#[update("..")]`, `#[delete("..")]`; dynamic elements stand in `<script>..</script>`, where `<` is written
/// `&lt;`. The *plain* dialect of expressions holds. `UserMapperImpl::STATEMENTS` goes to `ConfigurationBuilder::mapper`. Syntax, expressions and `#{}`
/// are checked by the compiler, what a statement names (result maps, fragments) at load. Errors name the Rust file and line.
///
/// Behind the SQL stand options, `name = value`, or the name alone for `true`:
///
/// | option | in | meaning, as in a mapper file |
/// |---|---|---|
/// | `database_id` | all | for this database; the attribute may be there several times, once without it |
/// | `timeout` | all | seconds |
/// | `flush_cache`, `statement_type` | all | `flushCache`; `"PREPARED"`, `"STATEMENT"` or `"CALLABLE"` |
/// | `use_generated_keys`, `key_property`, `key_column` | `insert`, `update` | keys of new rows |
/// | `result_map`, `fetch_size`, `use_cache`, `result_ordered`, `result_set_type`, `affect_data` | `select` | the same names in camel case |
///
/// `#[select_key("select ..", property = "id", before)]` beside an `insert` or `update` is a query for its key; options: `property`, `column`,
/// `before` (else after), `statement_type`, `database_id`.
///
/// Source: mapper interfaces of MyBatis, with `@Select` and its like, `@Options`, `@SelectKey`, `@MapKey`; its `ResultHandler`
/// and `Cursor` are the stream.
#[proc_macro_attribute]
pub fn mapper(options: TokenStream, item: TokenStream) -> TokenStream {
    let mapper = ast::Mapper::parse(options.into(), item.into());
    mapper.map_or_else(|e| e.to_compile_error(), |m| expand::expand(&m)).into()
}
