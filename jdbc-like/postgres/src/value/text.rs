//! Types without a form of their own in batis, as the server would write them.

use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr};

use batis_dbc::{Interval, ValueRef};
use postgres_types::{Kind, Type};

use super::{decode, search};
use crate::types::{Decoder, TypeMap};

/// Reads big-endian numbers off the front.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(front)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(|[b]: [u8; 1]| b)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Option<i16> {
        self.array().map(i16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    pub(super) fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_be_bytes)
    }

    /// Bytes after their length; inner none: null.
    pub(super) fn sized(&mut self) -> Option<Option<&'a [u8]>> {
        match self.i32()? {
            -1 => Some(None),
            len => self.take(usize::try_from(len).ok()?).map(Some),
        }
    }

    /// A text that ends by a zero byte.
    pub(super) fn until_zero(&mut self) -> Option<&'a str> {
        let text = self.take(memchr::memchr(0, self.0)?)?;
        self.u8()?;
        std::str::from_utf8(text).ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Writes a value of a type as the server writes it. None: the type is not known, or the bytes are not of it; `out` may hold a part then.
pub(super) fn write(ty: &Type, types: &TypeMap, raw: &[u8], out: &mut String) -> Option<()> {
    let mut from = Reader(raw);
    match *ty {
        Type::CHAR => char1(from.u8()?, out),
        Type::MONEY => money(from.i64()?, out),
        Type::TIMETZ => timetz(&mut from, out),
        Type::INET | Type::CIDR => inet(&mut from, *ty == Type::CIDR, out),
        Type::MACADDR | Type::MACADDR8 => join(raw.iter().map(|b| format!("{b:02x}")), ":", out),
        Type::BIT | Type::VARBIT => bits(&mut from, out),
        Type::TID => pushed(out, format_args!("({},{})", from.u32()?, from.u16()?)),
        Type::XID8 => pushed(out, format_args!("{}", from.i64()?.cast_unsigned())),
        Type::PG_LSN => {
            let at = from.i64()?.cast_unsigned();
            pushed(out, format_args!("{:X}/{:X}", at >> 32, at & 0xFFFF_FFFF))
        }
        Type::JSONPATH => pushed(out, format_args!("{}", std::str::from_utf8(raw.strip_prefix(&[1])?).ok()?)),
        Type::POINT => point(&mut from, out),
        Type::BOX | Type::LSEG => segment(&mut from, *ty == Type::LSEG, out),
        Type::LINE => {
            pushed(out, format_args!("{{{},{},{}}}", Float(from.f64()?), Float(from.f64()?), Float(from.f64()?)))
        }
        Type::CIRCLE => {
            out.push('<');
            point(&mut from, out)?;
            pushed(out, format_args!(",{}>", Float(from.f64()?)))
        }
        Type::PATH => {
            let closed = from.u8()? != 0;
            points(&mut from, if closed { ['(', ')'] } else { ['[', ']'] }, out)
        }
        Type::POLYGON => points(&mut from, ['(', ')'], out),
        Type::TS_VECTOR => search::vector(&mut from, out),
        Type::TSQUERY => search::query(&mut from, out),
        Type::PG_SNAPSHOT | Type::TXID_SNAPSHOT => search::snapshot(&mut from, out),
        Type::RECORD => record(types, &mut from, out),
        _ => match ty.kind() {
            Kind::Range(inner) => range(inner, types, &mut from, out),
            Kind::Multirange(inner) => multirange(inner, types, &mut from, out),
            _ => None,
        },
    }
}

fn pushed(out: &mut String, text: fmt::Arguments<'_>) -> Option<()> {
    out.write_fmt(text).ok()
}

fn join(parts: impl Iterator<Item = String>, between: &str, out: &mut String) -> Option<()> {
    let parts: Vec<String> = parts.collect();
    out.push_str(&parts.join(between));
    Some(())
}

/// A float as the server writes it: with an exponent where it is far from one. (Here the digits are the fewest that mean the float; the server
/// writes some more of a few floats.)
struct Float<T>(T);

impl<T: Copy + Into<f64> + fmt::Display + fmt::LowerExp> fmt::Display for Float<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.into() {
            f64::INFINITY => return f.write_str("Infinity"),
            f64::NEG_INFINITY => return f.write_str("-Infinity"),
            _ => {}
        }
        let plain_below = if size_of::<T>() == 4 { 6 } else { 15 };
        let text = format!("{:e}", self.0);
        let parts = text.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?)));
        match parts {
            Some((digits, power)) if !(-4..plain_below).contains(&power) => {
                write!(f, "{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.unsigned_abs())
            }
            _ => fmt::Display::fmt(&self.0, f),
        }
    }
}

/// Days and times as the server writes them: without zeros at the end of the seconds.
struct Moment<'a>(ValueRef<'a>);

impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let Some(point) = text.find('.') else { return f.write_str(&text) };
        let end = text[point + 1..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |end| point + 1 + end);
        write!(f, "{}{}", text[..end].trim_end_matches('0'), &text[end..])
    }
}

/// The one-byte type: nothing for zero, octal for what is not ASCII.
fn char1(byte: u8, out: &mut String) -> Option<()> {
    match byte {
        0 => Some(()),
        128.. => pushed(out, format_args!("\\{byte:03o}")),
        _ => {
            out.push(char::from(byte));
            Some(())
        }
    }
}

/// Hundredths. (Where the server's locale has another number of digits, the point stands elsewhere.)
fn money(cents: i64, out: &mut String) -> Option<()> {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    pushed(out, format_args!("{sign}{}.{:02}", cents / 100, cents % 100))
}

fn timetz(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    let (micros, west) = (from.i64()?, from.i32()?);
    pushed(out, format_args!("{}", Moment(ValueRef::Time(micros))))?;
    let (sign, zone) = if west > 0 { ('-', west) } else { ('+', -west) };
    pushed(out, format_args!("{sign}{:02}", zone / 3600))?;
    let (minutes, seconds) = (zone / 60 % 60, zone % 60);
    match (minutes, seconds) {
        (0, 0) => Some(()),
        (_, 0) => pushed(out, format_args!(":{minutes:02}")),
        _ => pushed(out, format_args!(":{minutes:02}:{seconds:02}")),
    }
}

fn inet(from: &mut Reader<'_>, cidr: bool, out: &mut String) -> Option<()> {
    let (_family, mask, _is_cidr, len) = (from.u8()?, from.u8()?, from.u8()?, from.u8()?);
    match len {
        4 => pushed(out, format_args!("{}", Ipv4Addr::from(from.array::<4>()?)))?,
        16 => ip6(from.array::<16>()?.into(), out)?,
        _ => return None,
    }
    match cidr || mask != len.checked_mul(8)? {
        true => pushed(out, format_args!("/{mask}")),
        false => Some(()),
    }
}

/// An address with nothing before its last four bytes has these as those of an IPv4 address.
fn ip6(address: Ipv6Addr, out: &mut String) -> Option<()> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high > 0 || low > 1 => {
            let [.., a, b, c, d] = address.octets();
            pushed(out, format_args!("::{}", Ipv4Addr::from([a, b, c, d])))
        }
        _ => pushed(out, format_args!("{address}")),
    }
}

fn bits(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    let count = usize::try_from(from.i32()?).ok()?;
    let bytes = from.take(count.div_ceil(8))?;
    out.extend((0..count).map(|i| if bytes[i / 8] & (0x80 >> (i % 8)) != 0 { '1' } else { '0' }));
    Some(())
}

fn point(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    pushed(out, format_args!("({},{})", Float(from.f64()?), Float(from.f64()?)))
}

fn segment(from: &mut Reader<'_>, brackets: bool, out: &mut String) -> Option<()> {
    out.push_str(if brackets { "[" } else { "" });
    point(from, out)?;
    out.push(',');
    point(from, out)?;
    out.push_str(if brackets { "]" } else { "" });
    Some(())
}

fn points(from: &mut Reader<'_>, [open, close]: [char; 2], out: &mut String) -> Option<()> {
    out.push(open);
    for i in 0..from.i32()? {
        out.push_str(if i > 0 { "," } else { "" });
        point(from, out)?;
    }
    out.push(close);
    Some(())
}

fn range(inner: &Type, types: &TypeMap, from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    let flags = from.u8()?;
    if flags & 0x01 != 0 {
        return pushed(out, format_args!("empty"));
    }
    out.push(if flags & 0x02 != 0 { '[' } else { '(' });
    if flags & 0x08 == 0 {
        quoted(&types.decoder(inner.oid()), types, from.sized()??, "()[],", out)?;
    }
    out.push(',');
    if flags & 0x10 == 0 {
        quoted(&types.decoder(inner.oid()), types, from.sized()??, "()[],", out)?;
    }
    out.push(if flags & 0x04 != 0 { ']' } else { ')' });
    Some(())
}

fn multirange(inner: &Type, types: &TypeMap, from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    // The bounds' type, or the range over it, depending on who describes the type.
    let bound = match inner.kind() {
        Kind::Range(bound) => bound,
        _ => inner,
    };
    out.push('{');
    for i in 0..from.i32()? {
        out.push_str(if i > 0 { "," } else { "" });
        range(bound, types, &mut Reader(from.sized()??), out)?;
    }
    out.push('}');
    Some(())
}

/// A row value: `(1,"a b",)`.
pub(super) fn record(types: &TypeMap, from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    let count = from.i32()?;
    out.push('(');
    for i in 0..count {
        out.push_str(if i > 0 { "," } else { "" });
        let oid = from.u32()?;
        if let Some(raw) = from.sized()? {
            quoted(&types.decoder(oid), types, raw, "(),", out)?;
        }
    }
    out.push(')');
    from.is_empty().then_some(())
}

/// Pairs: `"a"=>"1", "b"=>NULL`.
pub(super) fn hstore(from: &mut Reader<'_>, out: &mut String) -> Option<()> {
    for i in 0..from.i32()? {
        out.push_str(if i > 0 { ", " } else { "" });
        in_quotes(std::str::from_utf8(from.sized()??).ok()?, '\\', out);
        out.push_str("=>");
        match from.sized()? {
            Some(raw) => in_quotes(std::str::from_utf8(raw).ok()?, '\\', out),
            None => out.push_str("NULL"),
        }
    }
    from.is_empty().then_some(())
}

/// The text in quotes, with this character before quotes and backslashes; none: each twice.
fn in_quotes(text: &str, escape: impl Into<Option<char>>, out: &mut String) {
    let escape = escape.into();
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push(escape.unwrap_or(c));
        }
        out.push(c);
    }
    out.push('"');
}

/// The text of a part, in quotes if it is empty or has blanks, quotes, backslashes or one of these marks in it.
fn quoted(decoder: &Decoder, types: &TypeMap, raw: &[u8], marks: &str, out: &mut String) -> Option<()> {
    let value = decode::owned(decoder, types, raw);
    let text = match value.as_ref() {
        // As short as it is known to be in four bytes.
        ValueRef::Float(_) if *decoder == Decoder::Float4 => {
            Float(Reader(raw).array().map(f32::from_be_bytes)?).to_string()
        }
        ValueRef::Float(v) => Float(v).to_string(),
        ValueRef::Interval(span) => Span(span).to_string(),
        moment @ (ValueRef::Time(_) | ValueRef::Timestamp(_) | ValueRef::TimestampTz(_)) => Moment(moment).to_string(),
        // A truth value inside of another value is written with one letter.
        ValueRef::Bool(v) => (if v { "t" } else { "f" }).to_owned(),
        other => other.to_string(),
    };
    let special = |c: char| matches!(c, ' ' | '\t'..='\r' | '"' | '\\') || marks.contains(c);
    if !text.is_empty() && !text.contains(special) {
        out.push_str(&text);
        return Some(());
    }
    in_quotes(&text, None, out);
    Some(())
}

/// A span in the server's own style: `1 year -2 days +00:00:03.5`.
struct Span(Interval);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Interval { months, days, micros } = self.0;
        let (mut first, mut negative) = (true, false);
        for (count, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
            if count == 0 {
                continue;
            }
            let (blank, plus) = (if first { "" } else { " " }, if negative && count > 0 { "+" } else { "" });
            write!(f, "{blank}{plus}{count} {unit}{}", if count == 1 { "" } else { "s" })?;
            (first, negative) = (false, count < 0);
        }
        if micros == 0 && !first {
            return Ok(());
        }
        let sign = if micros < 0 {
            "-"
        } else if negative {
            "+"
        } else {
            ""
        };
        let (seconds, below) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{}{sign}{hours:02}:{minutes:02}:{seconds:02}", if first { "" } else { " " })?;
        if below == 0 { Ok(()) } else { f.write_str(format!(".{below:06}").trim_end_matches('0')) }
    }
}
