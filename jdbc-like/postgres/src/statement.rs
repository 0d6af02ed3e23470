//! A statement's text: what is sent for it, and what can be told from it alone.

use std::fmt::Write as _;

use batis_dbc::{PreparedStatement, Result, SqlError, SqlState};

/// The text with `$1`, `$2`, .. in place of the placeholders; none if it is sent as it is.
pub(crate) fn render(statement: &PreparedStatement) -> Option<String> {
    let placeholders = statement.placeholders();
    if placeholders.is_empty() {
        return None;
    }
    Some(placeholders.render(statement.sql(), |out, number| {
        // Writing to a string cannot fail.
        let _ = write!(out, "${number}");
    }))
}

/// Refuses a zero byte, by which the protocol ends texts.
pub(crate) fn check_text(sql: &str) -> Result<()> {
    match memchr::memchr(0, sql.as_bytes()) {
        None => Ok(()),
        Some(at) => Err(SqlError::new(SqlState::SYNTAX_ERROR, "the SQL text has a zero byte").at(at).sql_text(sql)),
    }
}

/// Whether a text without `?` can take this many parameters: it then has the server's own `$1`, `$2`, ..
pub(crate) fn mentions_parameter(sql: &str, number: usize) -> bool {
    sql.contains(&format!("${number}"))
}

/// Whether the statement changes nothing, as far as its first word tells. (A function that it calls may; then a caller who leaves the
/// result early takes back what the function did, as an error would.)
pub(crate) fn only_reads(sql: &str) -> bool {
    let text = skip_space(sql);
    match first_word(text).as_str() {
        "select" | "values" | "table" | "show" => !has_word(text, &["into"]),
        "with" => !mentions_writes(text) && !has_word(text, &["into"]),
        _ => false,
    }
}

/// Whether a statement that only reads is a query (`SHOW` is none).
pub(crate) fn is_query(sql: &str) -> bool {
    first_word(skip_space(sql)) != "show"
}

fn first_word(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    text[..end].to_ascii_lowercase()
}

/// Words that change rows.
const WRITES: [&str; 4] = ["insert", "update", "delete", "merge"];

/// Whether a text may change rows: it has such a word anywhere.
pub(crate) fn mentions_writes(sql: &str) -> bool {
    has_word(sql, &WRITES)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn has_word(text: &str, expected: &[&str]) -> bool {
    words(text).any(|found| expected.iter().any(|word| found.eq_ignore_ascii_case(word)))
}

/// Refuses what is no `COPY` from (`FROM`) or to (`TO`) the client: the server's answer to it would be out of step with what is sent. The
/// server takes STDIN and STDOUT for the same.
pub(crate) fn check_copy(sql: &str, direction: &str, operation: &str) -> Result<()> {
    let mut words = words(skip_space(sql));
    let is = |word: Option<&str>, expected: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(expected));
    let copies = is(words.next(), "copy");
    let (mut before, mut found) = (None, false);
    for word in words {
        let client = is(Some(word), "stdin") || is(Some(word), "stdout");
        found |= client && is(before, direction);
        before = Some(word);
    }
    if copies && found {
        return Ok(());
    }
    let client = if direction == "FROM" { "STDIN" } else { "STDOUT" };
    let text = format!("`{operation}` takes a statement `COPY .. {direction} {client}`");
    Err(SqlError::new(SqlState::SYNTAX_ERROR, text).sql_text(sql))
}

/// The query of the columns that `COPY` takes: of a table, perhaps with columns in parentheses, or of a query in parentheses.
pub(crate) fn copied_query(target: &str) -> String {
    let target = target.trim();
    if let Some(query) = target.strip_prefix('(').and_then(|query| query.strip_suffix(')')) {
        return query.to_owned();
    }
    let mut quoted = false;
    let open = target.find(|c| {
        quoted ^= c == '"';
        c == '(' && !quoted
    });
    let (table, columns) = target.split_at(open.unwrap_or(target.len()));
    let columns = columns.trim_start_matches('(').trim_end_matches(')');
    format!("select {} from {table}", if columns.trim().is_empty() { "*" } else { columns })
}

/// The text behind space, comments and opening parentheses.
fn skip_space(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        if let Some(comment) = text.strip_prefix("--") {
            text = comment.find(['\n', '\r']).map_or("", |end| &comment[end..]);
        } else if let Some(comment) = text.strip_prefix("/*") {
            // A nested comment ends too early here; what follows is no known word then, which is the safe answer.
            text = comment.find("*/").map_or("", |end| &comment[end + 2..]);
        } else {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads() {
        for sql in ["select 1", " -- x\n/* y */ (SELECT 1)", "with a as (select 1) select * from a", "values (1)"] {
            assert!(only_reads(sql), "{sql}");
        }
        for sql in [
            "insert into t values (1) returning n",
            "with a as (delete from t returning *) select * from a",
            "select 1 into t2",
            "call p()",
            "",
            "/* /* select */ insert */ select",
            "-- x\rdelete from t returning n\nselect",
        ] {
            assert!(!only_reads(sql), "{sql}");
        }
    }

    #[test]
    fn what_is_copied_is_asked_for() {
        assert_eq!(copied_query("t"), "select * from t");
        assert_eq!(copied_query("s.\"a(b\" (x, \"y)\")"), "select x, \"y)\" from s.\"a(b\" ");
        assert_eq!(copied_query(" (select 1) "), "select 1");
    }

    #[test]
    fn only_copies_are_copied() {
        for sql in ["COPY t FROM STDIN", "/* */ copy t (a) from stdin (format csv)"] {
            assert!(check_copy(sql, "FROM", "copy_in").is_ok(), "{sql}");
        }
        for sql in ["copy t to stdout", "copy t to stdin", "copy t from '/tmp/x'", "select 'copy t from stdin'", ""] {
            assert!(check_copy(sql, "FROM", "copy_in").is_err(), "{sql}");
        }
    }

    #[test]
    fn placeholders_are_numbered() {
        assert_eq!(render(&PreparedStatement::new("select 1")), None);
        let numbered = render(&PreparedStatement::new("select ?, '?', a ?? b, ?"));
        assert_eq!(numbered.as_deref(), Some("select $1, '?', a ? b, $2"));
        assert!(mentions_parameter("select $1", 1) && !mentions_parameter("select $1", 2));
    }
}
