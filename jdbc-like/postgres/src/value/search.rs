//! The types of full text search, and snapshots, as the server writes them.

use std::fmt::Write as _;

use super::text::Reader;

/// Words with places: `'fat':2 'rat':1A,3`.
pub(super) fn vector(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    for i in 0..from.i32()? {
        out.push_str(if i > 0 { " " } else { "" });
        word(from.until_zero()?, out);
        for place in 0..from.u16()? {
            let packed = from.u16()?;
            let weight = ["", "C", "B", "A"][usize::from(packed >> 14)];
            let mark = if place > 0 { ',' } else { ':' };
            write!(out, "{mark}{}{weight}", packed & 0x3FFF).ok()?;
        }
    }
    from.is_empty().then_some(())
}

/// A word in quotes.
fn word(text: &str, out: &mut String) {
    out.push('\'');
    for c in text.chars() {
        if matches!(c, '\'' | '\\') {
            out.push(c);
        }
        out.push(c);
    }
    out.push('\'');
}

/// How deep a query may be nested that is written here.
const DEEP: u32 = 200;

const NOT: u8 = 1;
const AND: u8 = 2;
const OR: u8 = 3;
const PHRASE: u8 = 4;

/// A query: `'fat' & ( 'rat' | !'cat':*A )`.
pub(super) fn query(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    if from.i32()? > 0 {
        let whole = node(from, 0, false, 0)?;
        out.push_str(&whole);
    }
    from.is_empty().then_some(())
}

/// An operator comes before its operands, of which the right one is first.
///
/// Source: `infix` in the server's `tsquery.c`.
fn node(from: &mut Reader<'_>, parent: u8, right_of_phrase: bool, depth: u32) -> Option<String> {
    if depth > DEEP {
        return None;
    }
    if from.u8()? == 1 {
        return value(from);
    }
    let operator = from.u8()?;
    let (rank, sign) = match operator {
        NOT => return Some(format!("!{}", node(from, 4, false, depth + 1)?)),
        AND => (2, " & ".to_owned()),
        OR => (1, " | ".to_owned()),
        PHRASE => match from.u16()? {
            1 => (3, " <-> ".to_owned()),
            distance => (3, format!(" <{distance}> ")),
        },
        _ => return None,
    };
    let right = node(from, rank, operator == PHRASE, depth + 1)?;
    let left = node(from, rank, false, depth + 1)?;
    let in_parentheses = rank < parent || operator == PHRASE && right_of_phrase;
    Some(if in_parentheses { format!("( {left}{sign}{right} )") } else { left + &sign + &right })
}

fn value(from: &mut Reader<'_>) -> Option<String> {
    let (weights, prefix) = (from.u8()?, from.u8()? != 0);
    let mut out = String::new();
    word(from.until_zero()?, &mut out);
    if weights != 0 || prefix {
        out.push(':');
        out.push_str(if prefix { "*" } else { "" });
        let set = [(8, 'A'), (4, 'B'), (2, 'C'), (1, 'D')];
        out.extend(set.iter().filter(|(bit, _)| weights & bit != 0).map(|(_, letter)| *letter));
    }
    Some(out)
}

/// A snapshot of transactions: `10:20:10,14,15`.
pub(super) fn snapshot(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    let count = from.i32()?;
    let mut number = || from.i64().map(i64::cast_unsigned);
    write!(out, "{}:{}:", number()?, number()?).ok()?;
    for i in 0..count {
        write!(out, "{}{}", if i > 0 { "," } else { "" }, number()?).ok()?;
    }
    from.is_empty().then_some(())
}
