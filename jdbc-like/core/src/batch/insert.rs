//! Inserts that can take several rows: `insert into t (..) values (..)`, cut at its only tuple.

use crate::error::Result;
use crate::placeholder::{Code, Placeholders, is_word};
use crate::sql_text::words;
use crate::to_sql::wrong_parameter_count;

const VALUES: &str = "values";

/// An insert of one tuple, cut up.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Insert<'s> {
    /// Up to `values`, without it.
    before: &'s str,
    /// Up to the tuple.
    head: &'s str,
    /// `(?, ?, now())`.
    tuple: &'s str,
    /// What follows: `on conflict ..`, `returning ..`, or nothing.
    pub(super) tail: &'s str,
    /// The tuple holds placeholders only.
    plain: bool,
    parameters: usize,
}

impl<'s> Insert<'s> {
    /// The insert that a text is; none for anything else, and where a placeholder stands outside of the tuple, or in a form of the database's
    /// own.
    pub(super) fn of(sql: &'s str) -> Option<Self> {
        let code: Vec<(usize, u8)> = Code::of(sql).collect();
        let first = word_at(&code, code.iter().position(|(_, b)| !b.is_ascii_whitespace())?);
        if !first.eq_ignore_ascii_case("insert") {
            return None;
        }
        if has_own_forms(sql.as_bytes(), &code) {
            return None;
        }
        let values = values_at(&code)?;
        let open = (values..code.len()).find(|at| !code[*at].1.is_ascii_whitespace())?;
        let close = closing(&code, open)?;
        let (start, end) = (code[open].0, code[close].0 + 1);
        let all = Placeholders::of(sql).count();
        let inside = Placeholders::of(&sql[start..end]).count();
        let insert = Self {
            before: &sql[..code[values - VALUES.len()].0],
            head: &sql[..start],
            tuple: &sql[start..end],
            tail: sql[end..].trim_end_matches(|c: char| c == ';' || c.is_whitespace()),
            plain: is_plain(&sql[start + 1..end - 1]),
            parameters: inside,
        };
        // `values (..), (..)` has several tuples already.
        (all == inside && inside > 0 && !insert.tail.trim_start().starts_with(',')).then_some(insert)
    }

    /// Refuses items of another number of parameters. The placeholders are the same in each database here, and so of the first item too.
    pub(super) fn check_count(&self, given: usize) -> Result<()> {
        if given == self.parameters {
            return Ok(());
        }
        Err(wrong_parameter_count(self.parameters, given).in_batch(0))
    }

    /// Whether it says what becomes of rows that are there already: then it may write none.
    pub(super) fn has_conflict(&self) -> bool {
        words(self.tail).next().is_some_and(|word| word.is("on"))
    }

    /// The insert of this many rows.
    pub(super) fn of_rows(&self, rows: usize) -> String {
        let mut sql = String::with_capacity(self.head.len() + rows * (self.tuple.len() + 1) + self.tail.len());
        sql.push_str(self.head);
        for row in 0..rows {
            if row > 0 {
                sql.push(',');
            }
            sql.push_str(self.tuple);
        }
        sql.push_str(self.tail);
        sql
    }

    /// The insert of any number of rows, an array of these types for each column; none if the tuple holds more than placeholders.
    pub(super) fn of_arrays(&self, types: &[&str]) -> Option<String> {
        if !self.plain || types.iter().any(|name| name.is_empty() || name.ends_with("[]") || name.starts_with('_')) {
            return None;
        }
        let arrays: Vec<String> = types.iter().map(|name| format!("?::{name}[]")).collect();
        Some(format!("{} select * from unnest({}){}", self.before, arrays.join(", "), self.tail))
    }

    /// The table and columns as `COPY` takes them; none if the tuple holds more than placeholders, or something follows it.
    pub(super) fn copy_target(&self) -> Option<&'s str> {
        let target = after_word(after_word(self.before.trim_start(), "insert")?, "into")?;
        (self.plain && self.tail.trim().is_empty()).then_some(target.trim_end())
    }
}

/// What follows this word and blanks.
fn after_word<'s>(text: &'s str, word: &str) -> Option<&'s str> {
    let (first, rest) = text.split_at_checked(word.len())?;
    let space = rest.starts_with(char::is_whitespace);
    (first.eq_ignore_ascii_case(word) && space).then(|| rest.trim_start())
}

/// The word that begins at this place of the code.
fn word_at(code: &[(usize, u8)], at: usize) -> String {
    let letters = code[at..].iter().take_while(|(_, b)| b.is_ascii_alphanumeric() || *b == b'_');
    letters.map(|(_, b)| char::from(*b)).collect()
}

/// The place behind the word `values` outside of parentheses.
fn values_at(code: &[(usize, u8)]) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < code.len() {
        match code[at].1 {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let word = word_at(code, at);
                at += word.len();
                if depth == 0 && word.eq_ignore_ascii_case(VALUES) {
                    return Some(at);
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The place of the parenthesis that closes the one that opens here.
fn closing(code: &[(usize, u8)], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, (_, byte)) in code.iter().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (at > open).then_some(at);
        }
    }
    None
}

/// Whether there are placeholders that are named or numbered: `?1`, `:name`, `@name`, `$1`. They cannot be repeated for several rows.
fn has_own_forms(text: &[u8], code: &[(usize, u8)]) -> bool {
    code.iter().any(|(at, byte)| {
        let before = at.checked_sub(1).map(|at| text[at]);
        let named = match byte {
            b'?' => true,
            b'$' | b'@' => !before.is_some_and(is_word),
            // Not a cast: `::int`.
            b':' => before != Some(b':'),
            _ => false,
        };
        named && text.get(at + 1).copied().is_some_and(is_word)
    })
}

fn is_plain(inside: &str) -> bool {
    inside.split(',').all(|part| part.trim() == "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_repeated() {
        let sql = "INSERT INTO t (a, b) VALUES ( ?, lower(?) ) on conflict (a) do nothing;";
        let insert = Insert::of(sql).unwrap();
        assert_eq!(
            insert.of_rows(2),
            "INSERT INTO t (a, b) VALUES ( ?, lower(?) ),( ?, lower(?) ) on conflict (a) do nothing"
        );
        assert_eq!(insert.of_arrays(&["int4", "text"]), None);
        assert_eq!(insert.tail, " on conflict (a) do nothing");
        assert!(insert.has_conflict());
        assert!(!Insert::of("insert into t values (?)\nreturning \"on\"").unwrap().has_conflict());
    }

    #[test]
    fn columns_become_arrays() {
        let insert = Insert::of("insert into \"values\" (a, b) /* values (1) */ values (?, ?)").unwrap();
        let sql = insert.of_arrays(&["int4", "app.mood"]).unwrap();
        let expected = "insert into \"values\" (a, b) /* values (1) */  select * from unnest(?::int4[], ?::app.mood[])";
        assert_eq!(sql, expected);
        assert_eq!(insert.of_arrays(&["int4", "text[]"]), None, "unnest would take inner arrays apart too");
    }

    #[test]
    fn comments_may_stand_between() {
        for sql in ["insert into t values/**/(?)", "insert into t values -- x\n(?)"] {
            let insert = Insert::of(sql).unwrap();
            assert_eq!(insert.of_arrays(&["int4"]).unwrap(), "insert into t  select * from unnest(?::int4[])");
            assert_eq!(insert.copy_target(), Some("t"));
        }
    }

    #[test]
    fn casts_and_names_are_no_placeholders() {
        for sql in ["insert into a$b values (?::int)", "insert into \"?1\" values (? /* :a */, '$1')"] {
            assert!(Insert::of(sql).unwrap().check_count(1).is_ok(), "{sql}");
            assert_eq!(Insert::of(sql).unwrap().check_count(2).unwrap_err().batch_index(), Some(0));
        }
    }

    #[test]
    fn plain_inserts_can_be_copied() {
        let target = |sql| Insert::of(sql).and_then(|insert| insert.copy_target());
        assert_eq!(target(" Insert  INTO app.t (a, \"into\")\nvalues(?, ?) ;"), Some("app.t (a, \"into\")"));
        assert_eq!(target("insert into t values (?)"), Some("t"));
        assert_eq!(target("insert into t values (?) returning a"), None);
        assert_eq!(target("insert into t values (lower(?))"), None);
        assert_eq!(target("/* x */ insert into t values (?)"), None);
    }

    #[test]
    fn other_statements_stay_as_they_are() {
        for sql in [
            "update t set a = ?",
            "insert into t select ?",
            "insert into t values (?), (?)",
            "insert into t values (1)",
            "insert into t values (?) on conflict (a) do update set b = ?",
            "with x as (select ?) insert into t values (?)",
            "insert into t (a) values ?",
            "insert into t values (?1, ?1)",
            "insert into t values (?, :a)",
            "insert into t values (?, @a)",
            "insert into t values ($1, ?)",
            "insert into t ([a?b]) values (?)",
            "insert into t values (?) on conflict (a) do update set b = :b",
            "insert into t (a) values (?",
            "",
            "  ",
        ] {
            assert_eq!(Insert::of(sql), None, "{sql}");
        }
    }
}
