//! The string work of `<trim>`, `<where>` and `<set>`: textual, as in MyBatis.

use crate::node::Trim;

use super::output::{Frame, Output};

/// Puts prefix and suffix around the body and takes one override off each end; a blank body stays empty.
///
/// `None` when more is to be taken off the end than is left, which is an error in MyBatis too.
pub(super) fn finish<'a>(trim: &'a Trim, body: &mut Output<'a>, frames: &[Frame<'a>]) -> Option<()> {
    let text = body.sql.trim_matches(|letter| letter <= ' ');
    if text.is_empty() {
        body.sql.clear();
        return Some(());
    }
    let cut_front = overridden(&trim.prefix_overrides, |entry| starts_with(text, entry));
    // Both tests look at the text before anything is cut.
    let cut_back = overridden(&trim.suffix_overrides, |entry| ends_with(text, entry) || ends_with(text, entry.trim()));
    let mut made = Output::default();
    if let Some(prefix) = &trim.prefix {
        made.push_parts(prefix, frames);
        made.sql.push(' ');
    }
    made.sql.push_str(skip(text, cut_front));
    for _ in 0..cut_back {
        made.sql.pop()?;
    }
    made.params.append(&mut body.params);
    if let Some(suffix) = &trim.suffix {
        made.sql.push(' ');
        made.push_parts(suffix, frames);
    }
    body.sql = made.sql;
    body.params = made.params;
    Some(())
}

/// How many characters the first entry that fits takes off.
fn overridden(entries: &[Box<str>], fits: impl Fn(&str) -> bool) -> usize {
    entries.iter().find(|entry| fits(entry)).map_or(0, |entry| entry.trim().chars().count())
}

fn skip(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or("", |(at, _)| &text[at..])
}

/// The entry is upper case already.
fn starts_with(text: &str, entry: &str) -> bool {
    let mut letters = text.chars().flat_map(char::to_uppercase);
    entry.chars().all(|wanted| letters.next() == Some(wanted))
}

fn ends_with(text: &str, entry: &str) -> bool {
    let mut letters = text.chars().rev().flat_map(|letter| letter.to_uppercase().rev());
    entry.chars().rev().all(|wanted| letters.next() == Some(wanted))
}
