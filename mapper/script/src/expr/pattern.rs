//! Java's regular expressions, as far as they are those of most languages: no look-around, no back references.

use regex_lite::Regex;

use crate::value::Value;

use super::eval::ExprError;

type Outcome = Result<Value, ExprError>;

fn compiled(pattern: &str) -> Result<Regex, ExprError> {
    Regex::new(pattern).map_err(|error| {
        ExprError::new(format!("the regular expression `{pattern}` is not supported: {error}"))
            .help("register a function and call it as @your.Class@method(..)")
    })
}

/// Whether the whole text fits.
pub(super) fn matches(text: &str, pattern: &str) -> Outcome {
    Ok(Value::Bool(compiled(&format!(r"\A(?:{pattern})\z"))?.is_match(text)))
}

/// All or the first of what fits replaced; `$1` in the replacement is what a group found.
pub(super) fn replace(text: &str, pattern: &str, with: &str, all: bool) -> Outcome {
    let (pattern, with) = (compiled(pattern)?, replacement(with));
    Ok(Value::from(if all { pattern.replace_all(text, &*with) } else { pattern.replace(text, &*with) }))
}

/// Java's `$12` and `\$` in the form of the other side: `${12}` and `$$`.
fn replacement(java: &str) -> String {
    let mut made = String::new();
    let mut letters = java.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('$') => made.push_str("$$"),
                Some(other) => made.push(other),
                None => {}
            },
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                made.push_str("${");
                made.extend(letters.next());
                made.push('}');
            }
            other => made.push(other),
        }
    }
    made
}

/// Java's split: a limit of 0 drops empty pieces at the end, a match of no letters at the beginning makes no piece.
pub(super) fn split(text: &str, pattern: &str, limit: i32) -> Outcome {
    let most = usize::try_from(limit).ok().filter(|most| *most > 0);
    let (mut pieces, mut from) = (Vec::new(), 0);
    for found in compiled(pattern)?.find_iter(text) {
        if most.is_some_and(|most| pieces.len() + 1 >= most) {
            break;
        }
        if found.end() == 0 || (found.start() == text.len() && found.start() == found.end()) {
            continue;
        }
        pieces.push(&text[from..found.start()]);
        from = found.end();
    }
    if pieces.is_empty() {
        return Ok([Value::from(text)].into_iter().collect());
    }
    pieces.push(&text[from..]);
    if limit == 0 {
        let kept = pieces.iter().rposition(|piece| !piece.is_empty()).map_or(0, |last| last + 1);
        pieces.truncate(kept);
    }
    Ok(pieces.into_iter().collect())
}
