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

refused! {
    sql_is_checked:
        "#[select(\"select #{id\")] fn a(&self) -> Result<u64>;" => "no mistake", // as in MyBatis: text
        "#[select(\"select #{id,jdbcType=NIX}\")] fn a(&self) -> Result<u64>;"
            => "\"select #{id,jdbcType=NIX}\": `NIX` is no JDBC type [E020]\nat line 2, column 18",
        "#[select(\"<script>select 1 <if test=\\\"a = 1\\\">x</if></script>\")] fn a(&self) -> Result<u64>;"
            => "\"<script>select 1 <if test=\\\"a = 1\\\">x</if></script>\": in the expression `a = 1`: `=` does not compare [E030]\nat line 2, column 41\nhelp: write `==` to compare",
        "#[select(\"<script>select 1 <iff test='a'>x</iff></script>\")] fn a(&self) -> Result<u64>;"
            => "\"<script>select 1 <iff test='a'>x</iff></script>\": <iff> is no element of a mapper file [E010]\nat line 2, column 29\nhelp: did you mean `if`?",
        "#[select(\"<script>select 1 where 1 < 2</script>\")] fn a(&self) -> Result<u64>;"
            => "\"<script>select 1 where 1 < 2</script>\": `<` begins a tag, and this is none [E001]\nat line 2, column 36\nhelp: write &lt;, or put the SQL into <![CDATA[ .. ]]>",
        "#[select(\"<script>select 1\")] fn a(&self) -> Result<u64>;"
            => "\"<script>select 1\": <script> is not closed [E001] (opened here)\nat line 2, column 12",
        "#[select(\"<where>a = 1</where>\")] fn a(&self) -> Result<u64>;"
            => "\"<where>a = 1</where>\": <where> counts inside of <script>..</script> only: put the statement into it";
    what_files_may_have_is_not_asked_for:
        "#[select(\"<script><include refid='a'/></script>\", result_map = \"b\")] fn a(&self) -> Result<u64>;" => "no mistake";
    options_have_names_and_kinds:
        "#[delete(\"delete\", use_cache)] fn a(&self) -> Result<u64>;"
            => "use_cache: there is no option `use_cache` here; there are: database_id, timeout, flush_cache, statement_type",
        "#[select(\"select 1\", timeout = \"5\")] fn a(&self) -> Result<u64>;" => "\"5\": `timeout` is a whole number",
        "#[select(\"select 1\", timeout = 5, timeout = 6)] fn a(&self) -> Result<u64>;" => "6: the option is there twice",
        "#[insert(\"insert\", key_property)] fn a(&self) -> Result<u64>;" => "key_property: write `key_property = \"..\"`",
        "#[select(\"select 1\", use_cache = 1)] fn a(&self) -> Result<u64>;" => "1: `use_cache` is `true` or `false`",
        "#[select(\"select 1\", statement_type = \"CALL\")] fn a(&self) -> Result<u64>;"
            => "\"CALL\": `CALL` is no value of `statementType` [E014]\nat line 2, column 39\nhelp: values are PREPARED, STATEMENT, CALLABLE",
        "#[select] fn a(&self) -> Result<u64>;" => "select: expected attribute arguments in parentheses: `select(...)`",
        "#[select()] fn a(&self) -> Result<u64>;" => "#[select()]: unexpected end of input, the SQL comes first, as text: `\"select ..\"`",
        "#[select(sql)] fn a(&self) -> Result<u64>;" => "sql: the SQL comes first, as text: `\"select ..\"`";
    statements_fit_each_other:
        "#[select(\"select 1\")] #[insert(\"insert\")] fn a(&self) -> Result<u64>;"
            => "\"insert\": a method runs one kind of statement; several on a method are for several databases (`database_id`)",
        "#[select(\"select 1\")] #[select(\"select 2\")] fn a(&self) -> Result<u64>;"
            => "\"select 2\": the method has a statement for this database already: say for which one each is by `database_id`",
        "#[select(\"select 1\")] #[select_key(\"select 2\")] fn a(&self) -> Result<u64>;"
            => "\"select 2\": `#[select_key]` goes with `#[insert]` and `#[update]`",
        "#[select(\"select 1\")] fn a(&self) -> Result<u64> { Ok(1) }"
            => "\"select 1\": a method with a body runs no statement: take the attribute or the body away";
    each_database_is_checked:
        "#[select(\"select 1\")] #[select(\"select #{a,jdbcType=NIX}\", database_id = \"x\")] fn a(&self) -> Result<u64>;"
            => "\"select #{a,jdbcType=NIX}\": `NIX` is no JDBC type [E020]\nat line 2, column 40";
}
