//! Which queries have effects beside their rows, as far as their text says.

/// Words and functions that change something. `into`: PostgreSQL's `select .. into` makes a table.
const EFFECTS: [&str; 9] =
    ["insert", "update", "delete", "merge", "into", "nextval", "setval", "set_config", "pg_notify"];

/// How PostgreSQL's functions for locks begin.
const ADVISORY: [&str; 2] = ["pg_advisory_", "pg_try_advisory_"];

/// Whether a query has nothing but its rows: one that writes (`insert .. returning`) or locks (`for update`) must reach the database, whatever the
/// mapper file says. Such words count wherever they stand outside of quotes and comments; who names a column like that loses the cache, and nothing else.
pub(crate) fn only_reads(sql: &str) -> bool {
    let mut before = "";
    for word in unquoted(sql).flat_map(words) {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        let locks = is("share") && (before.eq_ignore_ascii_case("for") || before.eq_ignore_ascii_case("key"));
        if locks || EFFECTS.iter().any(|effect| is(effect)) || ADVISORY.iter().any(|begin| begins(word, begin)) {
            return false;
        }
        before = word;
    }
    true
}

/// The parts of a text outside of quotes and comments. Where a backslash or a dollar may mean that a quote ends elsewhere (`E'it\'s'`, `$$it's$$`)
/// that is the whole text: words too many cost the cache, and a word too few would cost a lock.
fn unquoted(mut sql: &str) -> impl Iterator<Item = &str> {
    let is_plain = !sql.contains(['\\', '$']);
    std::iter::from_fn(move || {
        let part = sql;
        let mut begins = sql.match_indices(['\'', '"', '`', '-', '/']).filter(|_| is_plain);
        let skipped = begins.find_map(|(at, _)| Some((at, behind(&sql[at..])?)));
        let (end, rest) = skipped.unwrap_or((part.len(), ""));
        sql = rest;
        (!part.is_empty()).then(|| &part[..end])
    })
}

/// What is behind the quote or comment with which a text begins; none if it begins with something else. A quote without an end is none.
fn behind(sql: &str) -> Option<&str> {
    let (begin, end) = [("--", "\n"), ("/*", "*/"), ("'", "'"), ("\"", "\""), ("`", "`")]
        .into_iter()
        .find(|(begin, _)| sql.starts_with(begin))?;
    match sql[begin.len()..].split_once(end) {
        Some((_, rest)) => Some(rest),
        // A comment may end with the text.
        None => (begin.len() > 1).then_some(""),
    }
}

fn begins(word: &str, begin: &str) -> bool {
    word.get(..begin.len()).is_some_and(|first| first.eq_ignore_ascii_case(begin))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_that_write_or_lock_are_told_from_others() {
        for sql in [
            "select id, updated, \"update\" from users where note = 'for update' and share > 1",
            "with deleted as (select 1) select * from deleted",
            "select `delete` from t",
            "select * from t -- no update\nwhere /* delete\nnothing */ true",
            "select '-- ' || name || '/*' from t",
        ] {
            assert!(only_reads(sql), "{sql}");
        }
        for sql in [
            "select * from users for update",
            "select 'a\"b' from users -- it isn't read\n for update",
            "select * from users where n = '' FOR\nSHARE",
            "select * from users -- isn't read\nfor update -- don't",
            "select * from users /* isn't read */ for update /* don't */",
            "select * from users for no key update of u",
            "select * from users for key share",
            "insert into users values (1) returning id",
            "with d as (delete from users returning *) select * from d",
            "select nextval('ids')",
            "select pg_advisory_xact_lock(?)",
            "select PG_TRY_ADVISORY_LOCK(?)",
            "select pg_notify('users', ?)",
            "select set_config('app.user', ?, true)",
            "select * into kept from users",
            r"select E'it\'s' from users for update of u -- '",
            "select $$it's$$ from users for update of u -- '",
        ] {
            assert!(!only_reads(sql), "{sql}");
        }
    }
}
