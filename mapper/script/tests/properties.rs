//! Whatever stands in a mapper file, loading and rendering end, in good time and without a panic.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use batis_script::{Diagnostics, Map, MapperSet, Value};
use proptest::prelude::*;

fn load(xml: impl Into<Vec<u8>>) -> Result<MapperSet, Diagnostics> {
    MapperSet::builder().file("m.xml", xml).link()
}

/// A file with one statement of this body.
fn statement(body: &str) -> String {
    format!("<mapper namespace=\"m\"><select id=\"s\" resultType=\"map\">{body}</select></mapper>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\u{0}', "")
}

/// Renders all statements of a file that loads, with a few parameters.
fn run(xml: &str) {
    let Ok(set) = load(xml) else { return };
    let map = Map::new().with("a", 1).with("b", "x").with("l", Value::from(vec![Value::from(1), Value::Null]));
    for parameter in [Value::Null, Value::from("x"), Value::from(map)] {
        for statement in set.statements() {
            let _ = statement.bind(&parameter);
        }
    }
}

/// Texts made of what the languages are made of, which find more than letters do.
fn pieces(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(of), 0..30).prop_map(|parts| parts.concat())
}

const EXPRESSION: &[&str] = &[
    "a",
    "b",
    "l",
    ".",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "#",
    "$",
    "@",
    ",",
    "?",
    ":",
    "==",
    "!=",
    "<",
    ">",
    "+",
    "-",
    "*",
    "/",
    "%",
    "!",
    "~",
    "^",
    "|",
    "&",
    "&&",
    "||",
    "=",
    "'x'",
    "\"y\"",
    "'",
    "\"",
    "`",
    "\\",
    "1",
    "2.5",
    "0x1F",
    "1e9",
    "9h",
    "1b",
    " ",
    " and ",
    " or ",
    " not ",
    " in ",
    " instanceof ",
    "new ",
    "#this",
    "#root",
    "size()",
    "null",
    "true",
    "substring(1)",
    "split(\",\")",
    "matches(\"a*\")",
    "repeat(3)",
    "9223372036854775807",
    ">>>",
    "<<",
    "é",
    "中",
    "😀",
];

const TEXT: &[&str] = &[
    "select ",
    "#{",
    "${",
    "}",
    "\\",
    "a",
    "b.c",
    "[0]",
    ":INTEGER",
    ",",
    "jdbcType=",
    "VARCHAR",
    "mode=OUT",
    "=",
    " ",
    "'",
    "--",
    "\n",
    "(",
    "<if test=\"a != null\">",
    "</if>",
    "<where>",
    "</where>",
    "<trim suffixOverrides=\",|and\">",
    "</trim>",
    "<foreach collection=\"l\" item=\"i\" index=\"n\" separator=\",\">",
    "</foreach>",
    "#{i}",
    "${n}",
    "<bind name=\"b\" value=\"a\"/>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "&lt;",
    "&#65;",
    "&",
    "<",
    "é",
    "😀",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_load_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = load(bytes);
    }

    #[test]
    fn any_text_in_a_file_loads_or_is_refused(text in "\\PC{0,80}") {
        let _ = load(statement(&text));
        let _ = load(format!("<mapper namespace=\"m\">{text}</mapper>"));
    }

    #[test]
    fn any_expression_ends(text in pieces(EXPRESSION)) {
        let text = escaped(&text);
        run(&statement(&format!("x<if test=\"{text}\">y</if>")));
        run(&statement(&format!("<bind name=\"v\" value=\"{text}\"/>#{{v}}<foreach collection=\"{text}\" item=\"i\">#{{i}}</foreach>")));
    }

    #[test]
    fn any_statement_ends(text in pieces(TEXT)) {
        run(&statement(&text));
    }

    #[test]
    fn any_token_ends(text in "[a-z\\[\\]\\.,:= (){}#$\\\\é]{0,40}") {
        run(&statement(&format!("#{{{text}}}")));
        run(&statement(&format!("<if test=\"true\">#{{{text}}} ${{{text}}}</if>")));
    }
}

/// Files and expressions that nest without end are refused, not followed until the stack is gone.
#[test]
fn deep_nesting_is_told() {
    for (open, close) in [("<if test=\"true\">", "</if>"), ("<where>", "</where>"), ("<trim>", "</trim>")] {
        let body = open.repeat(20_000) + "x" + &close.repeat(20_000);
        assert!(load(statement(&body)).is_err());
    }
    for (open, close) in
        [("(", ")"), ("!", ""), ("a[", "]"), ("{", "}"), ("-", ""), ("a ? b : ", ""), ("a.b(", ")"), ("#{1:", "}")]
    {
        let expression = open.repeat(20_000) + "a" + &close.repeat(20_000);
        run(&statement(&format!("x<if test=\"{}\">y</if>", escaped(&expression))));
    }
    for operator in [" + a", " and a", " == a", ".a", ", a", " or !a"] {
        let expression = "a".to_owned() + &operator.repeat(20_000);
        run(&statement(&format!("x<if test=\"{}\">y</if>", escaped(&expression))));
    }
}

/// The processor's time of this thread, which a busy machine does not lengthen; the clock's where the system does not tell.
fn now(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|text| text.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
    spent.unwrap_or_else(|| start.elapsed())
}

fn took(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    let before = now(start);
    work();
    now(start) - before
}

/// Ten times the text takes about ten times as long: far from the hundred times of work that is done again and again.
#[test]
fn time_grows_with_the_text() {
    let texts: [fn(usize) -> String; 10] = [
        |n| "select #{a}, ${b} ".repeat(n),
        |n| "#{ ${ ".repeat(n),
        |n| "\\#{a} \\${b} ".repeat(n),
        |n| "<if test=\"a != null\">and a = #{a}</if>".repeat(n),
        |n| "&lt; &#65; <!-- c --> <![CDATA[ < ]]>".repeat(n),
        |n| {
            (0..n).fold("<where>".to_owned(), |mut all, at| {
                let _ = write!(all, " and c{at} = #{{a}}");
                all
            }) + "</where>"
        },
        |n| format!("<if test=\"{{{}1}} != null\">a</if>", "1, ".repeat(n)),
        |n| format!("<if test=\"a == '{}'\">a</if>", "x\\n".repeat(n)),
        |n| format!("<if test=\"{}\">a</if>", "a + (b ".repeat(n)),
        |n| format!("<bind name=\"v\" value=\"{}\"/>#{{v}}", "#v = #v, ".repeat(n) + "1"),
    ];
    for text in texts {
        let (small, large) = (statement(&text(1_000)), statement(&text(10_000)));
        run(&small);
        // As much text on both sides, and long enough for systems that count in steps of ten milliseconds.
        let grows_alike = || {
            let small_ones = took(|| (0..10).for_each(|_| run(&small))).max(Duration::from_millis(20));
            took(|| run(&large)) < small_ones * 4
        };
        // What else the machine does may take time once, but not each time.
        assert!((0..5).any(|_| grows_alike()), "{}", &text(1));
    }
}
