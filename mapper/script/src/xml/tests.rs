use super::*;

fn known(name: &str) -> bool {
    crate::schema::is_element(name)
}

/// The tree with text in quotes; the mistakes by place.
fn shown(text: &str) -> (String, Vec<String>) {
    let parsed = parse(0, text, known);
    let mistakes = parsed.mistakes.iter().map(|m| format!("{}..{} {}", m.span.start, m.span.end, m.message));
    (parsed.root.as_ref().map(tree).unwrap_or_default(), mistakes.collect())
}

fn tree(element: &Element) -> String {
    let attributes: String = element.attributes.iter().map(|a| format!(" {}={:?}", a.name, a.value.as_str())).collect();
    let children: Vec<String> = element
        .children
        .iter()
        .map(|child| match child {
            Child::Element(element) => tree(element),
            Child::Text(text) => format!("{:?}", text.as_str()),
        })
        .collect();
    format!("{}{attributes}[{}]", element.name, children.join(" "))
}

fn fine(text: &str) -> String {
    let (tree, mistakes) = shown(text);
    assert_eq!(mistakes, [""; 0], "{text}");
    tree
}

fn broken(text: &str) -> (String, String) {
    let (tree, mistakes) = shown(text);
    (tree, mistakes.join("; "))
}

#[test]
fn reads_what_is_well_formed() {
    assert_eq!(fine("<a x='1' y=\"2 &amp; 3\"/>"), r#"a x="1" y="2 & 3"[]"#);
    assert_eq!(fine("<a>x &lt; y<!-- c --> z<![CDATA[ <b> ]]></a>"), r#"a["x < y z" " <b> "]"#);
    assert_eq!(fine("<a>\r\nx\ry</a>"), r#"a["\nx\ny"]"#);
    assert_eq!(fine("<a x='1\n2\t3'>&#65;&#x42;<?pi x?></a>"), r#"a x="1 2 3"["AB"]"#);
    assert_eq!(fine("<!DOCTYPE a [<!ENTITY n 'b &#38;amp; &#65;'><!-- x -->]><a x='&n;'/>"), r#"a x="b & A"[]"#);
}

#[test]
fn entities_count_in_attributes_and_nowhere_else() {
    let text = "<!DOCTYPE a [<!ENTITY n 'x&m;'><!ENTITY m \"y\"><!ENTITY % p '<!ENTITY q \"z\">'>%p;]><a t='&n;&q;'>1 &n; 2</a>";
    assert_eq!(fine(text), r#"a t="xyz"["1 " " 2"]"#);
    let warnings = parse(0, text, known).warnings;
    assert_eq!((warnings.len(), warnings[0].code), (1, "W004"));
}

#[test]
fn hostile_entities_are_refused() {
    let laughs = "<!DOCTYPE a [<!ENTITY l 'lol'><!ENTITY m '&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;'>\
        <!ENTITY n '&m;&m;&m;&m;&m;&m;&m;&m;&m;&m;'><!ENTITY o '&n;&n;&n;&n;&n;&n;&n;&n;&n;&n;'>\
        <!ENTITY p '&o;&o;&o;&o;&o;&o;&o;&o;&o;&o;'><!ENTITY q '&p;&p;&p;&p;&p;&p;&p;&p;&p;&p;'>]><a x='&q;'>&q;</a>";
    let (_, mistakes) = broken(laughs);
    assert!(mistakes.contains("expand to too much") && !mistakes.contains(';'), "{mistakes}");
    assert!(broken("<!DOCTYPE a [<!ENTITY x '&y;'><!ENTITY y '&x;'>]><a>&x;</a>").1.contains("contains itself"));
    let file = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>";
    assert!(broken(file).1.contains("`file:///etc/passwd`, and files are never read"));
    let parameter = "<!DOCTYPE a [<!ENTITY % x '%x;'>%x;]><a/>";
    assert!(broken(parameter).1.contains("too long"), "{:?}", broken(parameter));
}

#[test]
fn stray_characters_are_read_as_text() {
    assert_eq!(
        broken("<select>a < b && c <d and e<=f</select>"),
        (
            r#"select["a < b && c <d and e<=f"]"#.to_owned(),
            "10..11 `<` begins a tag, and this is none; 14..16 `&` begins a reference, and this is none; \
             19..20 `<` begins a tag, and this is none; 27..28 `<` begins a tag, and this is none"
                .to_owned()
        )
    );
}

#[test]
fn what_is_not_closed_is_told_where_it_was_opened() {
    assert_eq!(
        broken("<mapper><select id='a'>x<where><if test='t'>y</where></select><select id='b'/></mapper>"),
        (
            r#"mapper[select id="a"["x" where[if test="t"["y"]]] select id="b"[]]"#.to_owned(),
            "32..34 <if> is not closed".to_owned()
        )
    );
    assert_eq!(
        broken("<mapper><select id='a'>x<select id='b'>y</select></mapper>"),
        (r#"mapper[select id="a"["x"] select id="b"["y"]]"#.to_owned(), "9..15 <select> is not closed".to_owned())
    );
    assert_eq!(
        broken("<mapper><sql id='a'>x<sql><sql id='b'>y</sql></mapper>"),
        (r#"mapper[sql id="a"["x"] sql id="b"["y"]]"#.to_owned(), "21..26 <sql> stands inside <sql>".to_owned())
    );
    assert_eq!(broken("<mapper><sql id='a'>x</sql>").1, "1..7 <mapper> is not closed");
}

#[test]
fn end_tags_that_do_not_fit() {
    assert_eq!(
        broken("<mapper><if>x</fi><b/></mapper>"),
        (r#"mapper[if["x"] b[]]"#.to_owned(), "13..18 </fi> does not end <if>".to_owned())
    );
    assert_eq!(broken("<mapper><where>x</when></mapper>").1, "16..23 </when> does not end <where>");
    assert_eq!(broken("<mapper>x</if><b/></mapper>").1, "9..14 </if> ends nothing");
    assert_eq!(broken("<mapper><if>x</if y</mapper>").1, "13..17 the end tag </if is not closed");
}

#[test]
fn attributes_are_mended() {
    assert_eq!(
        broken("<if test=\"a > 0>\nx</if>"),
        (r#"if test="a > 0"["\nx"]"#.to_owned(), "9..10 the value of `test` has no closing quote".to_owned())
    );
    assert_eq!(
        broken("<if test=\"a < 0\">x</if>"),
        (r#"if test="a < 0"["x"]"#.to_owned(), "12..13 the value of `test` holds a `<`".to_owned())
    );
    assert_eq!(broken("<if test=a>x</if>").0, r#"if test="a"["x"]"#);
    assert_eq!(
        broken("<if test='a'test='b'>x</if>").1,
        "12..16 a blank is missing before `test`; 12..16 the attribute `test` is given twice"
    );
    assert_eq!(broken("<if test>x</if>").1, "4..8 the attribute `test` has no value");
    assert_eq!(broken("<if test='a && b'>x</if>").1, "12..14 `&` begins a reference, and this is none");
}

#[test]
fn comments_and_sections() {
    assert!(broken("<a><!-- x -> <b/>\n<c/></a>").1.contains("comment is not closed"));
    assert!(broken("<a><!-- x -- y --></a>").1.contains("must not stand"));
    assert_eq!(broken("<select><![CDATA[ a < b </select>").0, r#"select[" a < b "]"#);
    assert_eq!(broken("<select><!CDATA[ x ]]></select>").1.matches("no markup").count(), 1);
    assert!(broken(" <?xml version='1.0'?><a/>").1.contains("very beginning"));
    assert!(broken("<a/><b/>").1.contains("behind the end of the root element"));
    assert!(broken("<!DOCTYPE a PUBLIC 'x' 'y'z><a/>").1.contains("names PUBLIC"));
    assert!(broken("<!DOCTYPE a PUBLIC 'x'><a/>").1.contains("names PUBLIC"));
    assert_eq!(fine("<!DOCTYPE a PUBLIC 'x' \"y\" ><a/>") + &fine("<!DOCTYPE a SYSTEM 'x'[]><a/>"), "a[]a[]");
    assert!(broken("<a><!-- \u{1} --></a>").1.contains("U+0001"));
    assert!(broken("<!DOCTYPE b><a/>").1.contains("announces <b>"));
    assert!(broken("").1.contains("holds no element"));
}

/// Texts that make a reader look ahead: one that does so again and again for each part takes hours here.
#[test]
fn hostile_texts_are_read_in_a_moment() {
    let many = |part: &str| part.repeat(60_000);
    let texts = [
        format!("<mapper><sql id='a'>{}</sql></mapper>", many("<select id='b'>x</select>")),
        format!("<mapper><sql id='a'>{}</mapper>", many("<select id='b'>x</select>")),
        many("<if test=\""),
        many("<!-- "),
        many("<![CDATA["),
        many("</a>"),
        many("<a "),
        many("&"),
        many("<mapper>"),
        format!("<select>{}</select>", many("\r\nx &lt; y")),
        format!("<!DOCTYPE a [{}", many("<!ENTITY a '&b;'>")),
    ];
    for text in texts {
        let mistakes = parse(0, &text, known).mistakes;
        assert!(mistakes.len() <= MAX_MISTAKES + 1, "{}", mistakes.len());
    }
}
