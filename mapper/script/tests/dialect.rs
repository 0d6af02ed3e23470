//! The plain dialect against MyBatis': the table of the documentation is made of what both answer.

#[path = "../../../jdbc-like/testkit/shared/doc_table.rs"]
mod doc_table;

use std::fmt::Write as _;

use batis_script::{BindError, ConfigFile, Dialect, EnumConstant, Map, MapperSet, Settings, TypedValue, Value};

/// A day, as type handlers know it.
#[derive(Debug)]
struct Day;

impl TypedValue for Day {
    fn to_text(&self) -> String {
        "2024-05-01".to_owned()
    }

    fn type_name(&self) -> &'static str {
        "date"
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// The names of the table's expressions.
fn names() -> Map {
    let red = EnumConstant { type_name: "Color".into(), name: "RED".into(), ordinal: 0 };
    Map::new()
        .with("s", "Y")
        .with("word", "abc")
        .with("one", "1")
        .with("blank", "")
        .with("n", 5)
        .with("zero", 0)
        .with("yes", true)
        .with("letter", 'Y')
        .with("list", Value::from(vec![Value::from("a"), Value::from("b")]))
        .with("none", Value::from(Vec::<Value>::new()))
        .with("map", Map::new())
        .with("color", red)
        .with("day", Value::typed(Day))
        .with("nothing", Value::Null)
}

/// What each rule is about, and expressions that show it. `test: ` asks for the truth of a whole `test`, the others for the value.
const RULES: &[(&str, &[&str])] = &[
    (
        "`'x'` is text, and so are characters and constants of enums",
        &[
            "s == 'Y'",
            "s != 'N'",
            "one == '1'",
            "'1' == '1'",
            "'a' + 'b'",
            "'1' + 1",
            "letter == 'Y'",
            "s.charAt(0) == 'Y'",
            "list.contains('a')",
            "word.contains('b')",
            "'b' in list",
            "\"x\".equals('x')",
            "color == 'RED'",
            "color in {'RED', 'BLUE'}",
        ],
    ),
    (
        "null, false, 0, `\"\"` and empty collections are false, everything else is true, everywhere",
        &[
            "test: word",
            "test: blank",
            "test: !word",
            "test: word and yes",
            "test: word and false",
            "test: word or false",
            "test: blank or false",
            "test: nothing or word",
            "word ? 1 : 2",
            "test: list",
            "test: none",
            "test: map",
            "test: !none",
            "test: zero",
            "test: n",
            "test: day",
            "list.{? #this}",
        ],
    ),
    (
        "text and numbers do not mix; only the empty text may be asked for, and equals nothing else",
        &[
            "n != ''",
            "n == ''",
            "zero == ''",
            "zero != ''",
            "false == ''",
            "day != ''",
            "nothing == ''",
            "one == 1",
            "word == 0",
            "word != 0",
            "one < 2",
            "yes == \"true\"",
            "n in {'5', '6'}",
            "\"3\" * \"2\"",
            "one - 1",
            "-one",
            "one + 1",
            "'%' + word + '%'",
        ],
    ),
    ("`=` is no comparison, and refused", &["test: s = 'N'", "test: n = 1"]),
];

fn answer(dialect: Dialect, expression: &str) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let body = match expression.strip_prefix("test: ") {
        Some(test) => {
            format!("<choose><when test=\"{}\">true</when><otherwise>false</otherwise></choose>", escaped(test))
        }
        None => format!("<bind name=\"v\" value=\"{}\"/>#{{v}}", escaped(expression)),
    };
    let xml = format!("<mapper namespace=\"m\"><select id=\"s\">{body}</select></mapper>");
    let set =
        MapperSet::builder().file("m.xml", xml).settings(Settings::new().dialect(dialect)).link().expect("it loads");
    let parameter = Value::from(names());
    let statement = set.statement("m.s").expect("it is there");
    match statement.bind(&parameter) {
        Ok(bound) if bound.binds.is_empty() => bound.sql.to_string(),
        Ok(bound) => match &*bound.binds[0].value {
            text @ (Value::Text(_) | Value::Char(_)) => format!("\"{text}\""),
            other => other.to_string(),
        },
        Err(error) => failure(&error),
    }
}

fn failure(error: &BindError) -> String {
    let message = error.message();
    let said = message.rsplit_once("`: ").map_or(message, |(_, said)| said);
    format!("error: {said}")
}

fn table() -> String {
    let mut out = String::new();
    for (rule, expressions) in RULES {
        let _ = write!(out, "\n{rule}:\n\n| expression | MyBatis | plain |\n|---|---|---|\n");
        for expression in *expressions {
            let (mybatis, plain) = (answer(Dialect::MyBatis, expression), answer(Dialect::Plain, expression));
            let shown =
                expression.strip_prefix("test: ").map_or((*expression).to_owned(), |test| format!("test=\"{test}\""));
            let same = if mybatis == plain { " (the same)" } else { "" };
            let cell = |text: &str| text.replace('|', "\\|");
            let _ = writeln!(out, "| `{}` | {} | {}{same} |", cell(&shown), cell(&mybatis), cell(&plain));
        }
    }
    out.push('\n');
    out
}

/// `BATIS_BLESS=1 cargo test -p batis-script --test dialect` writes the table.
#[test]
fn the_table_of_differences_is_what_both_dialects_answer() {
    doc_table::check("docs/plain-dialect.md", "differences", &table());
}

const QUESTION: &str = r#"<select id="s">x <if test="s == 'Y'">y</if></select>"#;

/// What a file answers, when the program asks for a dialect.
fn asked(top: &str, dialect: Dialect) -> bool {
    let xml = format!("<mapper namespace=\"m\">{top}{QUESTION}</mapper>");
    let set =
        MapperSet::builder().file("m.xml", xml).settings(Settings::new().dialect(dialect)).link().expect("it loads");
    assert_eq!(set.warnings().items().iter().any(|warning| warning.code == "W102"), !is_plain(&set));
    is_plain(&set)
}

fn is_plain(set: &MapperSet) -> bool {
    set.statement("m.s").expect("it is there").bind(&Value::from(names())).is_ok()
}

#[test]
fn the_nearest_choice_counts() {
    assert!(!asked("", Dialect::MyBatis));
    assert!(asked("", Dialect::Plain));
    assert!(asked("<!-- batis: dialect(plain) -->", Dialect::MyBatis));
    assert!(!asked("<!-- batis: dialect(mybatis) -->", Dialect::Plain));
    assert!(!asked("<!-- batis: dialect(pain) -->", Dialect::MyBatis));
    assert!(!asked("<sql id=\"f\"/><!-- batis: dialect(plain) -->", Dialect::MyBatis), "it comes too late");
}

#[test]
fn a_choice_that_is_none_is_told() {
    let told = |top: &str| {
        let xml = format!(
            "<mapper namespace=\"m\">{top}<sql id=\"f\"/><!-- batis: dialect(plain) --><select id=\"s\">x</select></mapper>"
        );
        let set = MapperSet::builder().file("m.xml", xml).link().expect("it loads");
        set.warnings().items().iter().map(|item| item.message.clone()).collect::<Vec<_>>()
    };
    let late = "a dialect is chosen for a whole file, at its top";
    assert_eq!(told(""), [late]);
    assert_eq!(told("<!-- batis: dialect(pain) -->"), ["there is no dialect `pain`; there are: mybatis, plain", late]);
    assert_eq!(told("<!-- batis: dialect plain -->"), ["this chooses no dialect", late]);
}

#[test]
fn a_file_of_its_own_dialect_stands_beside_others() {
    let own = format!("<!-- batis: dialect(plain) --><mapper namespace=\"own\">{QUESTION}</mapper>");
    let other = format!("<mapper namespace=\"m\">{QUESTION}</mapper>");
    let set = MapperSet::builder().file("own.xml", own).file("m.xml", other).link().expect("they load");
    let parameter = Value::from(names());
    assert_eq!(set.statement("own.s").expect("it is there").bind(&parameter).expect("it is plain").sql, "x  y");
    assert!(!is_plain(&set));
}

#[test]
fn a_configuration_file_chooses_by_a_property() {
    let config = |value: &str| {
        let xml = format!(
            "<configuration><properties><property name=\"batis.dialect\" value=\"{value}\"/></properties></configuration>"
        );
        ConfigFile::builder("mybatis-config.xml", xml).read()
    };
    assert_eq!(config("plain").expect("right").language_settings().dialect, Dialect::Plain);
    assert_eq!(config("mybatis").expect("right").language_settings().dialect, Dialect::MyBatis);
    let wrong = config("ognl").expect_err("there is none");
    assert_eq!(
        wrong.items()[0].message,
        "the property `batis.dialect`: there is no dialect `ognl`; there are: mybatis, plain"
    );
}
