//! Which queries have effects beside their rows, as far as their text says.

/// Whether a query has nothing but its rows: one that writes (`insert .. returning`) or locks (`for update`) must reach the database, whatever the
/// mapper file says. Such words count wherever they stand outside of quotes; who names a column like that loses the cache, and nothing else.
pub(crate) fn only_reads(sql: &str) -> bool {
    let mut before = "";
    for word in unquoted(sql).flat_map(words) {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        let locks = is("share") && (before.eq_ignore_ascii_case("for") || before.eq_ignore_ascii_case("key"));
        if locks || ["insert", "update", "delete", "merge", "nextval", "setval"].iter().any(|word| is(word)) {
            return false;
        }
        before = word;
    }
    true
}

/// The parts of a text outside of quotes. A quote without an end is none (an apostrophe in a comment).
fn unquoted(mut sql: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let part = sql;
        let quoted = sql.find(['\'', '"', '`']).and_then(|at| {
            let behind = &sql[at + 1..];
            Some((at, &behind[behind.find(&sql[at..=at])? + 1..]))
        });
        let (end, rest) = quoted.unwrap_or((part.len(), ""));
        sql = rest;
        (!part.is_empty()).then(|| &part[..end])
    })
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
        ] {
            assert!(only_reads(sql), "{sql}");
        }
        for sql in [
            "select * from users for update",
            "select 'a\"b' from users -- it isn't read\n for update",
            "select * from users where n = '' FOR\nSHARE",
            "select * from users for no key update of u",
            "select * from users for key share",
            "insert into users values (1) returning id",
            "with d as (delete from users returning *) select * from d",
            "select nextval('ids')",
        ] {
            assert!(!only_reads(sql), "{sql}");
        }
    }
}
