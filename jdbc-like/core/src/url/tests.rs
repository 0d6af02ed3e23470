use super::*;
use proptest::prelude::*;

#[test]
fn the_forms_of_both_databases() {
    let url = Url::parse("sqlite:data/app.db?mode=rwc").unwrap();
    assert_eq!((url.scheme(), url.path(), url.option("mode")), ("sqlite", "data/app.db", Some("rwc")));
    assert_eq!(Url::parse("sqlite::memory:").unwrap().path(), ":memory:");
    let url = Url::parse("jdbc:postgres://me:p%40ss@[::1]:5433,other/shop?a=1&a=2").unwrap();
    assert_eq!((url.user(), url.password(), url.path()), (Some("me"), Some("p@ss"), "/shop"));
    assert_eq!(url.hosts()[0], Host { name: "::1".into(), port: Some(5433) });
    assert_eq!(url.hosts()[1], Host { name: "other".into(), port: None });
    assert_eq!(url.option("a"), Some("2"));
    assert_eq!(Url::parse("postgres:///db?host=/tmp").unwrap().hosts(), []);
}

#[test]
fn the_password_is_never_printed() {
    let url = Url::parse("postgres://me:secret@h/db?password=secret&sslpassword=secret").unwrap();
    assert_eq!(url.to_string(), "postgres://me:***@h/db?password=***&sslpassword=***");
    assert!(!format!("{url:?}").contains("secret"));
}

#[test]
fn a_connection_string_is_options() {
    let url = Url::parse("postgres:host=/run/pg dbname=shop password='a?b=c d'").unwrap();
    assert_eq!((url.path(), url.hosts().len(), url.option("host")), ("", 0, Some("/run/pg")));
    assert_eq!((url.option("dbname"), url.option("password")), (Some("shop"), Some("a?b=c d")));
    assert_eq!(url.to_string(), "postgres:?host=/run/pg&dbname=shop&password=***");
}

#[test]
fn mistakes_are_named() {
    let text = |t: &str| Url::parse(t).unwrap_err().to_string();
    assert_eq!(
        text("app.db"),
        "the URL has no scheme [08001]; hint: write `sqlite:app.db` or `postgres://user@host/db`"
    );
    assert_eq!(
        text("postgres://h:70000/db"),
        "a port of the URL is no number from 1 to 65535 [08001]; hint: an IPv6 address stands in brackets; if it belongs to a password, write `/` there as %2F and `?` as %3F"
    );
    let known = [PropertyInfo { name: "busy_timeout", default: "5000", doc: "" }];
    let error = Url::parse("sqlite:a?busy_timout=1").unwrap().check_options(&known).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown option `busy_timout` in the sqlite URL [08001]; hint: did you mean `busy_timeout`?"
    );
}

#[test]
fn what_is_printed_can_be_parsed() {
    for (text, printed) in [
        ("sqlite:a b.db?x=1%262", "sqlite:a%20b.db?x=1%262"),
        ("sqlite:%2F%2Fetc/a=b", "sqlite:/%2Fetc/a%3Db"),
        ("POSTGRES://m%40e:x@%2Frun%2Fpg/d%3Fb", "postgres://m%40e:***@%2Frun%2Fpg/d%3Fb"),
        ("jdbc:jdbc:postgres://[fe80::1%25eth0]:1,b:/grün", "postgres://[fe80::1%25eth0]:1,b/grün"),
        ("postgres://:p@:5432", "postgres://:***@:5432"),
        ("s:?flag", "s:?flag=true"),
    ] {
        assert_eq!(Url::parse(text).unwrap().to_string(), printed);
    }
}

/// The URL as it is when it is read from its own text.
fn masked(mut url: Url) -> Url {
    url.password = url.password.map(|_| "***".into());
    for (_, value) in url.options.iter_mut().filter(|(name, _)| name.contains("password")) {
        *value = "***".into();
    }
    url
}

fn is_kept(text: &str) -> Result<(), TestCaseError> {
    let Ok(url) = Url::parse(text) else { return Ok(()) };
    let printed = url.to_string();
    let again = Url::parse(&printed);
    prop_assert!(again.is_ok(), "{} -> {}: {:?}", text, printed, again);
    prop_assert_eq!(again.unwrap(), masked(url), "{} -> {}", text, printed);
    Ok(())
}

/// Texts that are URLs, or nearly.
fn near_url() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "//",
        "/",
        "@",
        ":",
        "?",
        "&",
        "=",
        ",",
        "[",
        "]",
        "%",
        "%2F",
        "%40",
        "%00",
        "%25",
        "#",
        " ",
        "\u{2003}",
        "ä",
        "a",
        "5432",
        "70000",
        "0",
        "host=",
        "password=",
        "'",
        "\\",
        "jdbc:",
        "true",
        ".db",
        "\t",
        "::1",
    ]);
    let scheme = prop::sample::select(vec!["sqlite:", "postgres:", "postgres://", "JDBC:s:", "jdbc:postgresql://", ""]);
    (scheme, proptest::collection::vec(pieces, 0..14)).prop_map(|(scheme, pieces)| scheme.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, ..Default::default() })]

    #[test]
    fn no_text_panics(text in ".*") {
        is_kept(&text)?;
    }

    #[test]
    fn parse_print_parse(text in near_url()) {
        is_kept(&text)?;
    }

    #[test]
    fn forgotten_escapes_show_no_password(between in "[/?#@:,&%\\[\\] a]{0,3}", port in "(:[0-9a]{1,5})?", path in "(/[a-z=?@]{0,5})?") {
        let text = format!("postgres://me:sesame-one{between}sesame-two@db.example.org{port}{path}");
        let told = match Url::parse(&text) {
            Ok(url) => format!("{url} {url:?} {:?}", url.check_options(&[])),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!told.contains("sesame"), "{text}: {told}");
    }
}
