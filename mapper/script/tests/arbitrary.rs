//! Anything may come as a file: it is told what is wrong with it, at places inside of it.

use batis_script::{ConfigFile, Diagnostics, MapperSet};
use proptest::prelude::*;

fn places_are_inside(found: &Diagnostics) {
    for item in found.items() {
        for span in item.related.iter().map(|(span, _)| *span).chain([item.span]) {
            let text = found.files()[span.file as usize].text();
            let (start, end) = (span.start as usize, span.end as usize);
            assert!(start <= end && text.is_char_boundary(start) && text.is_char_boundary(end), "{}", item.message);
        }
    }
}

fn check(bytes: &[u8]) {
    let checked = MapperSet::builder().file("a.xml", bytes).check();
    places_are_inside(&checked.diagnostics);
    for statement in checked.set.iter().flat_map(MapperSet::statements) {
        assert!(!statement.variants(8).distinct.is_empty() || statement.variants(8).tried > 0);
    }
    match ConfigFile::builder("c.xml", bytes).read() {
        Ok(config) => places_are_inside(&config.warnings),
        Err(found) => places_are_inside(&found),
    }
}

/// Pieces of which mapper files are made, and some that break them.
fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "<mapper namespace=\"a\">",
        "</mapper>",
        "<select id=\"b\">",
        "</select>",
        "<if test=\"x != null\">",
        "</if>",
        "<where>",
        "</where>",
        "<sql id=\"c\">",
        "</sql>",
        "<include refid=\"c\"/>",
        "<choose>",
        "<when test='y'>",
        "</when>",
        "</choose>",
        "<foreach collection=\"l\" item=\"i\">",
        "</foreach>",
        "<!-- c -->",
        "<!--",
        "-->",
        "<![CDATA[ < ]]>",
        "<![CDATA[",
        "]]>",
        "<?p?>",
        "<?xml version='1.0'?>",
        "&lt;",
        "&amp",
        "&x;",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "#{a}",
        "#{",
        "${b}",
        "}",
        "\\",
        " ",
        "\r\n",
        "\u{4e2d}",
        "<resultMap id='m' type='map'>",
        "</resultMap>",
        "<result column='a' property=",
        "<!DOCTYPE mapper [<!ENTITY x 'y'>]>",
        "<!ENTITY",
        "<bind name='n' value='1'/>",
        "/>",
        "<a",
        "</",
    ];
    proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn pieces(pieces in proptest::collection::vec(piece(), 0..40)) {
        check(pieces.concat().as_bytes());
    }

    #[test]
    fn pieces_in_a_statement(pieces in proptest::collection::vec(piece(), 0..20)) {
        let text = format!("<mapper namespace=\"a\"><select id=\"s\">{}</select></mapper>", pieces.concat());
        check(text.as_bytes());
        let utf16: Vec<u8> = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        check(&utf16);
    }
}

/// The text of an entity is longer than the file's text that it is made from, and what stands behind that has letters of several bytes.
#[test]
fn what_an_entity_holds_stands_where_the_entity_is_used() {
    let file =
        "<!DOCTYPE mapper [<!ENTITY a '12345678.9'>]><mapper namespace=\"n\"><sql id=\"&a;\">中中中中</sql></mapper>";
    let checked = MapperSet::builder().file("a.xml", file).check();
    places_are_inside(&checked.diagnostics);
    let spans = checked.diagnostics.items().iter().map(|item| &file[item.span.start as usize..item.span.end as usize]);
    assert_eq!(spans.collect::<Vec<_>>(), ["&a;"]);
}
