//! What the parser refuses, and how it says so.

use super::super::rules::MYBATIS;
use super::*;

fn parse(text: &str) -> Parsed {
    super::parse(text, &MYBATIS)
}

fn refused(text: &str) -> String {
    let error = parse(text).unwrap_err();
    format!(
        "{}-{}: {}{}",
        error.start,
        error.end,
        error.message,
        error.help.map(|help| format!("; {help}")).unwrap_or_default()
    )
}

#[test]
fn refuses_with_place_and_advice() {
    assert_eq!(refused("a ="), "3-3: the expression ends too early");
    assert_eq!(refused("a AND b"), "2-5: `AND` does not fit here; operators are lower case: `and`");
    assert_eq!(refused("a <> b"), "3-4: `>` does not fit here; `<>` does not exist; write `!=`");
    assert_eq!(refused("a === b"), "4-5: `=` does not fit here; write `==` to compare");
    assert_eq!(refused("a.b = 1"), "4-5: only a name can be assigned to; write `==` to compare");
    assert_eq!(refused("name is null"), "5-7: `is` does not fit here; write `== null` or `!= null`");
    assert_eq!(refused("a == 'x"), "5-7: the text that begins here has no closing '");
    assert_eq!(refused(""), "0-0: the expression ends too early");
    assert_eq!(refused("new"), "3-3: a class name is missing here");
    assert_eq!(refused("99999999999"), "0-11: `99999999999` is not a number that fits its type");
    assert_eq!(refused(":[#this]"), "0-1: lambda expressions are not supported");
}

#[test]
fn refuses_deep_nesting_instead_of_overflowing() {
    for open in ["(", "!", "-", "a.(", "a[", "{", "a ? ", "f(", "not "] {
        assert!(parse(&open.repeat(100_000)).is_err());
    }
    assert!(parse(&"a + ".repeat(100_000)).is_err());
    assert!(parse(&format!("a{}", ".b".repeat(100_000))).is_err());
    let long = format!("a{}", " and a".repeat(900));
    assert!(parse(&long).is_ok());
}

#[test]
fn knows_the_names_it_reads() {
    let node = parse("a != null and b.c[d].e(f) in {g, @x.Y@Z} or h.{? i > 1}").unwrap();
    let mut names = Vec::new();
    node.root_names(&mut names);
    assert_eq!(names, ["a", "b", "d", "f", "g", "h"]);
}
