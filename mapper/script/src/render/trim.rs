//! The string work of `<trim>`, `<where>` and `<set>`: textual, as in MyBatis, at the end of the text that is there.

use crate::error::{BindError, BindErrorKind};
use crate::node::Trim;

use super::context::Context;
use super::output::Output;

/// Puts prefix and suffix around the body and takes one override off each end; a blank body stays empty.
pub(super) fn apply<'a>(context: &mut Context<'a>, trim: &'a Trim, output: &mut Output<'a>) -> Result<(), BindError> {
    let piece = output.open(&context.frames);
    let level = output.enter();
    if let Some(prefix) = &trim.prefix {
        output.push_parts(prefix, &context.frames);
        output.sql.push(' ');
    }
    let body = output.sql.len();
    context.apply_all(&trim.body, output)?;
    output.leave(level);
    match cuts(trim, output.sql[body..].trim_matches(is_space)) {
        None => output.clear(piece),
        Some((front, back)) => {
            trim_at(&mut output.sql, body, front);
            for _ in 0..back {
                if output.sql.len() == piece.start {
                    return Err(too_much(context));
                }
                output.sql.pop();
            }
            if let Some(suffix) = &trim.suffix {
                output.sql.push(' ');
                output.push_parts(suffix, &context.frames);
            }
        }
    }
    output.close(piece, &context.frames);
    Ok(())
}

/// More is to be taken off the end than is left, which is an error in MyBatis too.
fn too_much(context: &Context<'_>) -> BindError {
    let message = "an override is longer than what is left of the text".to_owned();
    context.statement.error(BindErrorKind::Expression, message, context.statement.span)
}

fn is_space(letter: char) -> bool {
    letter <= ' '
}

/// How many characters come off the front and the back of a body, both told by the text before anything is cut; `None` for an
/// empty one.
fn cuts(trim: &Trim, text: &str) -> Option<(usize, usize)> {
    let front = overridden(&trim.prefix_overrides, |entry| starts_with(text, entry));
    let back = overridden(&trim.suffix_overrides, |entry| ends_with(text, entry) || ends_with(text, entry.trim()));
    (!text.is_empty()).then_some((front, back))
}

/// How many characters the first entry that fits takes off.
fn overridden(entries: &[Box<str>], fits: impl Fn(&str) -> bool) -> usize {
    entries.iter().find(|entry| fits(entry)).map_or(0, |entry| entry.trim().chars().count())
}

/// The text from `start` without blanks at both ends, and without so many characters at the front.
fn trim_at(sql: &mut String, start: usize, front: usize) {
    sql.truncate(start + sql[start..].trim_end_matches(is_space).len());
    let text = &sql[start..];
    let kept = text.trim_start_matches(is_space);
    let kept = kept.char_indices().nth(front).map_or("", |(at, _)| &kept[at..]);
    let cut = text.len() - kept.len();
    sql.drain(start..start + cut);
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
