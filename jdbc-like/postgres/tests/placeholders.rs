//! The placeholder scanner against the server's own lexer: whatever stands in strings, names and comments, the server counts the parameters
//! that batis counts.
//!
//! The judge is the server alone: a text whose `?` are replaced by a number, wherever they stand, means the same as the rewritten text, so
//! the server must take either both or none.

use std::fmt::Write as _;

use batis_dbc::Placeholders;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::net::TcpStream;
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

/// What confuses lexers.
const NASTY: [&str; 26] = [
    "?", "??", "?|", "$$", "$a$", "$1", "--", "/", "*", "\\", "\"", "`", "E", "e", "a", "ä", "🌱", "7", ":", "::",
    ":=", ";", "@", " ", "#>", "|",
];

fn nasty(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(prop::sample::select(&NASTY[..]), 0..most).prop_map(|parts| parts.concat())
}

fn comment() -> impl Strategy<Value = String> {
    let block = || nasty(6).prop_map(|text| format!("/*{}*/", text.replace(['/', '*'], "")));
    let nested = (nasty(4), block()).prop_map(|(text, inner)| {
        let text = text.replace(['/', '*'], "");
        format!("/*{text}' ? {inner} ? $${text}*/")
    });
    let line =
        (nasty(6), prop::sample::select(&["\n", "\r", "\r\n"][..])).prop_map(|(text, end)| format!("--'{text}{end}"));
    prop_oneof![block(), nested, line]
}

fn gap() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(" ".to_owned()), 1 => Just("\n\t".to_owned()), 3 => comment().prop_map(|c| format!(" {c} "))]
}

/// One expression of type text, most of which the server takes.
fn expression() -> impl Strategy<Value = String> {
    let plain = nasty(6).prop_map(|t| format!("'{t}''{t}'"));
    let escaped = nasty(6).prop_map(|t| format!("E'{}\\'?\\\\'", t.replace('\\', "\\\\")));
    let lower = nasty(3).prop_map(|t| format!("e'it''s \\' {}'", t.replace('\\', "\\n")));
    let continued = (nasty(3), nasty(3))
        .prop_map(|(a, b)| format!("E'{}\\''  -- it's ?\n \t'\\'{}?'", a.replace('\\', ""), b.replace('\\', "")));
    let plain_continued = nasty(3).prop_map(|t| format!("'{t}\\'\n'?{t}'"));
    let unicode = nasty(3).prop_map(|t| format!("U&'{}\\0061?'", t.replace('\\', "")));
    let dollar = nasty(6).prop_map(|t| format!("$b1${t}'?$b1$"));
    let bare_dollar = nasty(5).prop_map(|t| format!("$${}'$$", t.replace('$', "")));
    let named = nasty(4).prop_map(|t| {
        let name = t.replace('"', "\"\"");
        format!("(select x.\"?{name}\" from (select ?::text as \"?{name}\") x)")
    });
    let json = Just("('{\"a\":1}'::jsonb ?? 'a')::text".to_owned());
    let any = Just("('{\"a\":1}'::jsonb ?| array[?, 'b'])::text".to_owned());
    let all = Just("('{\"a\":1}'::jsonb ?& array[?::text])::text".to_owned());
    let dollar_name = nasty(3).prop_map(|_| "(select a$$$.e$ from (select ?::text as e$) a$$$)".to_owned());
    let path = Just("('{\"a\":1}'::jsonb @?? '$.a')::text".to_owned());
    let touching = Just("(select t from(select?::text as t limit?::int)x where?between 1 and?limit 1)".to_owned());
    let call = Just("(select make_interval(days := ?::int))::text".to_owned());
    let parameter = Just("?::text".to_owned());
    prop_oneof![
        plain,
        escaped,
        lower,
        continued,
        plain_continued,
        unicode,
        dollar,
        bare_dollar,
        named,
        json,
        any,
        all,
        dollar_name,
        path,
        touching,
        call,
        parameter
    ]
}

/// A statement of several expressions; in one of four a character is taken away or put in somewhere.
fn statement() -> impl Strategy<Value = String> {
    let parts = proptest::collection::vec((expression(), gap()), 1..5);
    let damage = proptest::option::weighted(
        0.25,
        (any::<prop::sample::Index>(), prop::sample::select(&NASTY[..]), any::<bool>()),
    );
    (gap(), parts, damage).prop_map(|(first, parts, damage)| {
        let parts: Vec<String> = parts.into_iter().map(|(expression, gap)| expression + &gap).collect();
        let mut sql = format!("select{first}{}", parts.join("||"));
        if let Some((at, text, put)) = damage {
            let places: Vec<usize> = sql.char_indices().map(|(place, _)| place).collect();
            let at = *at.get(&places);
            if put { sql.insert_str(at, text) } else { _ = sql.remove(at) }
        }
        sql
    })
}

/// The text with a number in place of every `?`, without looking at what is around it but for the operators. A `??` is told from a `?` by
/// the comment behind it: in names that differ in that alone it must not make one of two.
fn with_numbers(sql: &str) -> String {
    let (mut out, mut rest) = (String::new(), sql);
    while let Some(at) = rest.find('?') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let operator = behind.starts_with('&') || behind.starts_with('|') && !behind.starts_with("||");
        if let Some(behind) = behind.strip_prefix('?') {
            out.push_str("?/**/");
            rest = behind;
        } else {
            out.push_str(if operator { "?" } else { " 7 " });
            out.push_str(if operator { &behind[..1] } else { "" });
            rest = if operator { &behind[1..] } else { behind };
        }
    }
    out + rest
}

fn rewritten(sql: &str) -> (String, usize) {
    let found = Placeholders::of(sql);
    let text = found.render(sql, |out, number| {
        let _ = write!(out, "${number}");
    });
    (text, found.count())
}

/// How many parameters the server sees; none: it does not take the text.
async fn seen(client: &Client, sql: &str) -> Option<usize> {
    client.prepare(sql).await.ok().map(|statement| statement.params().len())
}

/// A client without batis.
#[allow(clippy::disallowed_methods)] // a test inside of its own runtime
async fn connect(url: &str) -> Client {
    let config: Config = url.parse().unwrap();
    let (Host::Tcp(host), port) = (&config.get_hosts()[0], config.get_ports()[0]) else { panic!("{url}") };
    let socket = TcpStream::connect((host.as_str(), port)).await.unwrap();
    let (client, connection) = config.connect_raw(socket, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn the_server_counts_what_batis_counts() {
    let Some(cluster) = batis_testkit::postgres() else { return };
    let client = connect(&cluster.tcp_url("postgres")).await;
    let config = ProptestConfig { failure_persistence: None, ..Default::default() };
    let (mut runner, statements) = (TestRunner::new(config), statement());
    let mut taken = 0;
    for _ in 0..3000 {
        let sql = statements.new_tree(&mut runner).unwrap().current();
        let (text, count) = rewritten(&sql);
        let (plain, numbered) = (seen(&client, &with_numbers(&sql)).await, seen(&client, &text).await);
        // The damage may have made parameters of its own of what is left of a `$1`.
        if plain == Some(0) {
            taken += 1;
            assert_eq!(numbered, Some(count), "\n{sql:?}\n{text:?}");
        } else if plain.is_none() {
            // What the server takes only since it was rewritten would be another statement than what was written.
            assert!(numbered.is_none_or(|found| found <= count), "\n{sql:?}\n{text:?}");
        }
    }
    assert!(taken > 1500, "too few statements were good: {taken}");
}
