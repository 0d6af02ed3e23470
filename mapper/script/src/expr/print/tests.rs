//! What is printed parses to the tree it was printed from.

use proptest::prelude::*;

use super::super::parse::parse;
use super::super::rules::{MYBATIS, Rules};
use crate::dialect::Dialect;

#[test]
fn there_is_one_way_to_write_each() {
    let cases = [
        ("name!=null&&name!=\"\"", "name != null and name != ''"),
        ("a eq 'Y' || b==\"x\"", "a == 'Y' or b == \"x\""),
        ("((a)+(b))*c - (d - e)", "(a + b) * c - (d - e)"),
        ("not a == b", "!a == b"),
        ("!(a == b)", "!(a == b)"),
        ("- - 5", "- -5"),
        ("!a instanceof java.util.List", "!a instanceof java.util.List"),
        ("(a instanceof b.C).x", "(a instanceof b.C).x"),
        ("a?b:c?d:e", "a ? b : c ? d : e"),
        ("(a?b:c)?d:e", "(a ? b : c) ? d : e"),
        ("(a, b).c", "(a, b).c"),
        ("a?.b[0]['k'][^].{? #this > 1}.{#this * 2}", "a.b[0]['k'][^].{? #this > 1}.{#this * 2}"),
        (
            "@@max(1, 2L) + 3h + 0x1F + 1.50b + 1e3 + 2f",
            "@java.lang.Math@max(1, 2L) + 3h + 31 + 150e-2b + 1000.0 + 2.0f",
        ),
        ("new java.util.ArrayList() == new int[3]", "new java.util.ArrayList() == new int[3]"),
        ("#{'k' : 1, \"kk\" : {2, 3}}", "#{'k': 1, 'kk': {2, 3}}"),
        ("#v = 1, #v + 1", "#v = 1, #v + 1"),
        ("a = b = c", "a = b = c"),
        ("x not in {1}", "x not in {1}"),
        ("a and (b and c) and d", "a and (b and c) and d"),
        ("'it\\'s \"so\"\\n'", "'it\\'s \"so\"\\n'"),
        ("1.0.intValue()", "1.0 .intValue()"),
    ];
    for (text, printed) in cases {
        assert_eq!(parse(text, &MYBATIS).unwrap().to_string(), printed, "{text}");
    }
}

/// Texts by the grammar: nearly all of them parse.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(
        &[
            "a",
            "b.c",
            "_x1",
            "null",
            "true",
            "1",
            "2L",
            "3h",
            "1.5",
            ".5",
            "2f",
            "1.25b",
            "1e400",
            "017",
            "0xFF",
            "'x'",
            "'xy'",
            "\"q\"",
            "''",
            "'\\''",
            "\"\\\\\\u0041\"",
            "#this",
            "#root",
            "#v",
            "@a.B@C",
            "@@abs(1)",
            "new a.B()",
            "{}",
            "#{}",
            "'中'",
            "\"😀\"",
        ][..],
    );
    leaf.prop_map(str::to_owned).prop_recursive(6, 60, 4, |inner| {
        let binary = prop::sample::select(
            &[
                "+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", " in ", " not in ", " and ", " or ", "&",
                "|", "^", "<<", ">>", ">>>", ", ",
            ][..],
        );
        let link = prop::sample::select(&[".", "?."][..]);
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("{a}{op}{b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            (prop::sample::select(&["-", "!", "~", "not ", "+"][..]), inner.clone())
                .prop_map(|(op, a)| format!("{op} {a}")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
            (inner.clone(), link, inner.clone()).prop_map(|(a, dot, b)| format!("({a}){dot}({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), prop::sample::select(&["[^]", "[|]", "[$]", "[*]"][..]))
                .prop_map(|(a, s)| format!("({a}){s}")),
            (inner.clone(), prop::sample::select(&["", "? ", "^ ", "$ "][..]), inner.clone())
                .prop_map(|(a, w, b)| format!("({a}).{{{w}{b}}}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("f(({a}), ({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{({a}), {b}}}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("#{{{a} : {b}}}")),
            inner.clone().prop_map(|a| format!("({a}) instanceof x.Y")),
            inner.clone().prop_map(|a| format!("(z = {a})")),
            inner.clone().prop_map(|a| format!("(#w = {a})")),
            inner.prop_map(|a| format!("new int[{a}]")),
        ]
    })
}

/// Whether a text that parses prints to one that parses to the same tree, and prints the same.
fn comes_back(text: &str, rules: &Rules) -> Result<bool, TestCaseError> {
    let Ok(tree) = parse(text, rules) else { return Ok(false) };
    let printed = tree.to_string();
    match parse(&printed, rules) {
        Ok(again) => {
            prop_assert_eq!(&again, &tree, "{} -> {}", text, &printed);
            prop_assert_eq!(again.to_string(), printed);
        }
        Err(error) => prop_assert!(false, "{} -> {}: {}", text, printed, error.message),
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_parses_to_the_same_tree(text in expression()) {
        comes_back(&text, &MYBATIS)?;
        comes_back(&text, Rules::of(Dialect::Plain))?;
    }

    #[test]
    fn so_does_what_parses_by_chance(parts in prop::collection::vec(prop::sample::select(&[
        "a", ".", "(", ")", "[", "]", "{", "}", "#", "@", ",", "?", ":", "==", "<", "+", "-", "!", "^", "$", "|", "&", "=", "'x'", "\"y\"", "1", "2.5",
        "1b", " ", " and ", " not ", " in ", " instanceof ", "new ", "#this", "null", "f(",
    ][..]), 0..12)) {
        comes_back(&parts.concat(), &MYBATIS)?;
    }
}

#[test]
fn most_of_the_generated_texts_parse() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let texts: Vec<String> = (0..200).map(|_| expression().new_tree(&mut runner).unwrap().current()).collect();
    let parsed = texts.iter().filter(|text| parse(text, &MYBATIS).is_ok()).count();
    assert!(parsed > 100, "{parsed} of 200");
}
