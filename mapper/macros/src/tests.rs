//! What is refused: where, and with which words.

use crate::ast::Mapper;

/// The mistake of a trait with this method: the text that it points to, and the message.
fn mistake(method: &str) -> String {
    let source = format!("trait T {{\n{method}\n}}");
    let Err(error) = Mapper::parse("\"t\"".parse().unwrap(), source.parse().unwrap()) else {
        return "no mistake".to_owned();
    };
    let (from, to) = (error.span().start(), error.span().end());
    let lines: Vec<&str> = source.lines().collect();
    assert_eq!(from.line, to.line, "one line each here");
    format!("{}: {error}", &lines[from.line - 1][from.column..to.column])
}

macro_rules! refused {
    ($($name:ident: $($method:literal => $told:literal),+;)*) => {$(
        #[test]
        fn $name() {
            $(assert_eq!(mistake($method), $told);)+
        }
    )*};
}

refused! {
    a_map_names_its_key:
        "async fn a(&self) -> Result<HashMap<i64, User>>;"
            => "Result<HashMap<i64, User>>: a map of rows needs the property that is the key: write `#[map_key(\"id\")]` above the method; \
                for one row as a map return `Result<Option<..>>` of it",
        "#[map_key(\"id\")] async fn a(&self) -> Result<Vec<User>>;"
            => "\"id\": `#[map_key]` goes with `Result<HashMap<K, T>>` and `Result<BTreeMap<K, T>>`";
    a_stream_is_a_plain_function_of_an_async_trait:
        "async fn a(&self) -> RowStream<User>;"
            => "async: a stream is returned by a method that is not `async`: it begins when it is polled",
        "fn a(&self) -> Result<RowStream<User>>;"
            => "RowStream<User>: a stream is returned without a `Result` around it: each of its rows has one",
        "fn a(&self) -> RowStream<User>; fn b(&self) -> Result<User>;"
            => "RowStream<User>: a blocking mapper has no streams: return `Result<Vec<T>>`, or make a trait with `async` methods for it",
        "fn a(&self) -> impl Stream<Item = User>;"
            => "impl Stream<Item = User>: a mapper method returns a `Result<..>`, or a `RowStream<T>` for rows one at a time";
    a_batch_has_one_argument:
        "async fn a(&self) -> Result<BatchResult>;"
            => "&self: a batch has one argument, the parameter objects of its items: `items: &[T]`",
        "async fn a(&self, x: &[i64], y: i64) -> Result<BatchResult>;"
            => "&self, x: &[i64], y: i64: a batch has one argument, the parameter objects of its items: `items: &[T]`";
    an_object_that_takes_keys_is_alone:
        "async fn a(&self, x: &mut User, y: i64) -> Result<u64>;"
            => "&mut User: `&mut` is for an object that takes the keys of its new row, and that is the only argument; take `&`",
        "async fn a(&self, x: &mut User) -> Result<Vec<User>>;"
            => "&mut User: an object that takes the keys of its new row goes with `()`, a number or `BatchResult` as result; take `&`";
    results_are_owned:
        "async fn a(&self) -> Option<User>;" => "Option<User>: a mapper method returns a `Result<..>`",
        "async fn a(&self);" => "a: a mapper method returns a `Result<..>`",
        "async fn a(&self) -> Result<Vec<&str>>;"
            => "&str: a row is read into a value of its own: return `String` or `Vec<u8>`, not a reference",
        "async fn a(&self) -> Result<impl User>;" => "impl User: name the type that a row is read into";
    methods_are_of_one_kind:
        "async fn a(&self) -> Result<u64>; fn b(&self) -> Result<u64>;"
            => "b: the methods of a mapper trait are all `async` or all blocking; make two traits",
        "async fn a(&mut self) -> Result<u64>;" => "&mut self: a mapper method takes `&self`",
        "async fn a<T>(&self, x: T) -> Result<u64>;" => "<T>: a mapper method has no generic parameters",
        "async fn a(&self, (x, y): (i64, i64)) -> Result<u64>;"
            => "(x, y): an argument needs a plain name: it is the parameter's name",
        "const A: u8 = 1;" => "const A: u8 = 1;: a mapper trait has methods only";
    attributes_belong_to_methods_that_run_a_statement:
        "#[statement(\"a\")] async fn a(&self) -> Result<u64> { Ok(1) }"
            => "\"a\": a method with a body runs no statement: take the attribute or the body away",
        "#[statement(\"a\")] #[statement(\"b\")] async fn a(&self) -> Result<u64>;"
            => "#[statement(\"b\")]: the attribute is there twice";
}
