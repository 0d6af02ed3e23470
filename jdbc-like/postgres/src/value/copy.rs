//! Rows as `COPY` takes and gives them.

use std::borrow::Cow;
use std::ops::Range;

use batis_dbc::{Interval, Result, SqlError, SqlState, ValueRef};
use bytes::{BufMut as _, BytesMut};

use super::encode::write_text;
use super::text::Reader;
use super::{numeric, to_server_days, to_server_micros};
use crate::plan::Plan;
use crate::types::Decoder;

const SIGNATURE: &[u8] = b"PGCOPY\n\xFF\r\n\0";

/// How rows are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Each value in its column's binary form.
    Binary,
    /// Each value as text, which the server reads as a literal.
    Text,
}

impl Format {
    /// Whether values of such a column can be sent in binary form.
    pub(crate) fn has_binary(decoder: &Decoder) -> bool {
        use Decoder as D;
        !matches!(decoder, D::Written(_) | D::Array | D::Hstore | D::Foreign | D::Opaque)
    }

    pub(crate) fn option(self) -> &'static str {
        match self {
            Self::Binary => " (FORMAT binary)",
            Self::Text => "",
        }
    }

    pub(crate) fn put_header(self, out: &mut BytesMut) {
        if self == Self::Binary {
            out.put_slice(SIGNATURE);
            // No flags, and nothing more in the header.
            out.put_u64(0);
        }
    }

    pub(crate) fn put_end(self, out: &mut BytesMut) {
        if self == Self::Binary {
            out.put_i16(-1);
        }
    }

    /// The length of the header of binary data; none if it is not there as a whole.
    pub(crate) fn skip_header(data: &[u8]) -> Option<usize> {
        let mut from = Reader(data.get(SIGNATURE.len() + 4..)?);
        let more = usize::try_from(from.i32()?).ok()?;
        let end = SIGNATURE.len() + 8 + more;
        (data.len() >= end).then_some(end)
    }
}

/// Finds the columns of the first row of binary data, and its end; none if it is not there as a whole, or the data has ended.
pub(crate) fn fields(data: &[u8], places: &mut Vec<Option<Range<usize>>>) -> Option<usize> {
    places.clear();
    let mut from = Reader(data);
    for _ in 0..u16::try_from(from.i16()?).ok()? {
        let raw = from.sized()?;
        let end = data.len() - from.len();
        places.push(raw.map(|raw| end - raw.len()..end));
    }
    Some(data.len() - from.len())
}

/// Adds a row; in case of an error nothing.
pub(crate) fn put_row(format: Format, plan: &Plan, row: &[ValueRef<'_>], out: &mut BytesMut) -> Result<()> {
    let columns = plan.shape.columns();
    if row.len() != columns.len() {
        let text = format!("the copy takes {} column(s), but the row has {} value(s)", columns.len(), row.len());
        return Err(SqlError::new(SqlState::WRONG_PARAMETER_COUNT, text));
    }
    let begin = out.len();
    if format == Format::Binary {
        out.put_i16(i16::try_from(row.len()).unwrap_or_default());
    }
    for (at, value) in row.iter().enumerate() {
        let put = match format {
            Format::Binary => put_binary(*value, &plan.decoders[at], out),
            Format::Text => put_text(*value, &plan.decoders[at], at + 1 == row.len(), out),
        };
        if put.is_none() {
            out.truncate(begin);
            let column = &columns[at];
            let ty =
                if column.type_name.is_empty() { column.sql_type.to_string() } else { column.type_name.to_string() };
            let text =
                format!("column `{}` is {ty}, to which this {} has no binary form", column.name, value.type_name());
            return Err(SqlError::new(SqlState::DATA_EXCEPTION, text).on(None, None, Some(&column.name)).hint(
                "give a value of the column's type; a `Batch` with `BatchStrategy::Copy` sends literals instead",
            ));
        }
    }
    Ok(())
}

/// A field in text format with what follows it: a tab, or at the end of the row a line feed.
fn put_text(value: ValueRef<'_>, decoder: &Decoder, last: bool, out: &mut BytesMut) -> Option<()> {
    let begin = out.len();
    match value {
        ValueRef::Null => out.put_slice(b"\\N"),
        // As a parameter: bytes are what is stored.
        ValueRef::Bytes(bytes) if *decoder != Decoder::Bytes => {
            out.put_slice(std::str::from_utf8(bytes).ok()?.as_bytes());
        }
        value => write_text(value, out).ok()?,
    }
    if !value.is_null() {
        escape(out, begin);
    }
    out.put_u8(if last { b'\n' } else { b'\t' });
    Some(())
}

/// Escapes what stands behind this place.
fn escape(out: &mut BytesMut, begin: usize) {
    let special = |b: &u8| matches!(b, b'\\' | b'\n' | b'\r' | b'\t');
    if !out[begin..].iter().any(special) {
        return;
    }
    let plain = out.split_off(begin);
    for byte in &plain {
        let letter = match byte {
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            other => *other,
        };
        if special(byte) {
            out.put_u8(b'\\');
        }
        out.put_u8(letter);
    }
}

/// A field in binary format, with its length.
#[inline]
fn put_binary(value: ValueRef<'_>, decoder: &Decoder, out: &mut BytesMut) -> Option<()> {
    if value.is_null() {
        out.put_i32(-1);
        return Some(());
    }
    let begin = out.len();
    out.put_i32(0);
    put_value(value, decoder, out)?;
    let len = i32::try_from(out.len() - begin - 4).ok()?;
    out[begin..begin + 4].copy_from_slice(&len.to_be_bytes());
    Some(())
}

#[inline]
fn put_value(value: ValueRef<'_>, decoder: &Decoder, out: &mut BytesMut) -> Option<()> {
    match (decoder, value) {
        (Decoder::Int8, value) => out.put_i64(int(value)?),
        (Decoder::Int4, value) => out.put_i32(int(value)?.try_into().ok()?),
        (Decoder::Int2, value) => out.put_i16(int(value)?.try_into().ok()?),
        (Decoder::Oid, value) => out.put_u32(int(value)?.try_into().ok()?),
        // As a parameter: bytes are the binary form.
        (_, ValueRef::Bytes(bytes)) => out.put_slice(bytes),
        (Decoder::Text | Decoder::Json, ValueRef::Text(text)) => out.put_slice(text.as_bytes()),
        (Decoder::Text | Decoder::Json, value) => write_text(value, out).ok()?,
        (Decoder::Jsonb, value) => {
            out.put_u8(1);
            write_text(value, out).ok()?;
        }
        (Decoder::Float8, value) => out.put_f64(float(value)?),
        (Decoder::Float4, value) => out.put_f32(narrow(float(value)?)?),
        (Decoder::Bool, value) => out.put_u8(boolean(value)?.into()),
        (Decoder::Numeric, value) => numeric::read(&literal(value)?, out)?,
        (Decoder::Uuid, ValueRef::Uuid(uuid)) => out.put_slice(&uuid),
        (Decoder::Uuid, ValueRef::Text(text)) => out.put_slice(&uuid(text)?),
        (Decoder::Date, ValueRef::Date(days)) => out.put_i32(to_server_days(days)?),
        (Decoder::Time, ValueRef::Time(micros)) => out.put_i64(micros),
        (Decoder::Timestamp, ValueRef::Timestamp(micros)) | (Decoder::TimestampTz, ValueRef::TimestampTz(micros)) => {
            out.put_i64(to_server_micros(micros)?);
        }
        (Decoder::Interval, ValueRef::Interval(Interval { months, days, micros })) => {
            out.put_i64(micros);
            out.put_i32(days);
            out.put_i32(months);
        }
        _ => return None,
    }
    Some(())
}

/// The literal of a number or a text; none for other values.
fn literal(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    Some(match value {
        ValueRef::Numeric(text) | ValueRef::Text(text) => Cow::Borrowed(text),
        ValueRef::Int(_) | ValueRef::Float(_) => value.to_string().into(),
        _ => return None,
    })
}

#[inline]
fn int(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Int(int) => Some(int),
        other => literal(other)?.trim().parse().ok(),
    }
}

fn float(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Float(float) => Some(float),
        other => literal(other)?.trim().parse().ok(),
    }
}

/// The nearest narrow float, as the server takes a literal; none if it is out of range.
fn narrow(wide: f64) -> Option<f32> {
    #[allow(clippy::cast_possible_truncation)] // what is lost is what the column cannot hold
    let narrow = wide as f32;
    (narrow.is_finite() || !wide.is_finite()).then_some(narrow)
}

fn boolean(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Bool(bool) => Some(bool),
        ValueRef::Int(0) => Some(false),
        ValueRef::Int(1) => Some(true),
        ValueRef::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "t" | "true" | "y" | "yes" | "on" | "1" => Some(true),
            "f" | "false" | "n" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// 32 hexadecimal digits, with hyphens and braces anywhere.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | '{' | '}')).collect();
    let plain = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: ValueRef<'_>, decoder: &Decoder) -> Option<String> {
        let mut out = BytesMut::new();
        put_text(value, decoder, true, &mut out)?;
        String::from_utf8(out.to_vec()).ok()
    }

    #[test]
    fn literals_are_escaped() {
        assert_eq!(text(ValueRef::Text("a\tb\\c\nd\re"), &Decoder::Text).as_deref(), Some("a\\tb\\\\c\\nd\\re\n"));
        assert_eq!(text(ValueRef::Text("\\."), &Decoder::Text).as_deref(), Some("\\\\.\n"));
        assert_eq!(text(ValueRef::Null, &Decoder::Text).as_deref(), Some("\\N\n"));
        assert_eq!(text(ValueRef::Bytes(&[0, 255]), &Decoder::Bytes).as_deref(), Some("\\\\x00ff\n"));
        assert_eq!(text(ValueRef::Bytes(b"ab"), &Decoder::Text).as_deref(), Some("ab\n"));
        assert_eq!(text(ValueRef::Bytes(&[0xFF]), &Decoder::Text), None);
    }

    fn binary(value: ValueRef<'_>, decoder: &Decoder) -> Option<Vec<u8>> {
        let mut out = BytesMut::new();
        put_value(value, decoder, &mut out).map(|()| out.to_vec())
    }

    #[test]
    fn values_go_into_columns_where_nothing_is_lost() {
        assert_eq!(binary(ValueRef::Text("12"), &Decoder::Int4), Some(vec![0, 0, 0, 12]));
        assert_eq!(binary(ValueRef::Float(3.0), &Decoder::Int2), Some(vec![0, 3]));
        assert_eq!(binary(ValueRef::Int(1), &Decoder::Float8), Some(1.0f64.to_be_bytes().to_vec()));
        assert_eq!(binary(ValueRef::Int(7), &Decoder::Text), Some(b"7".to_vec()));
        assert_eq!(binary(ValueRef::Text("{0f}"), &Decoder::Jsonb), Some(b"\x01{0f}".to_vec()));
        let digits = "A0EEBC99-9c0b4ef8-bb6d6bb9bd380a11";
        assert_eq!(
            binary(ValueRef::Text(digits), &Decoder::Uuid).map(|uuid| uuid[..2].to_vec()),
            Some(vec![0xA0, 0xEE])
        );
        for (value, decoder) in [
            (ValueRef::Int(1 << 40), Decoder::Int4),
            (ValueRef::Float(1.5), Decoder::Int8),
            (ValueRef::Float(1e300), Decoder::Float4),
            (ValueRef::Text("x"), Decoder::Uuid),
            (ValueRef::Text("2024-01-01"), Decoder::Date),
            (ValueRef::Timestamp(0), Decoder::TimestampTz),
            (ValueRef::Bool(true), Decoder::Int4),
        ] {
            assert_eq!(binary(value, &decoder), None, "{value:?}");
        }
    }

    #[test]
    fn rows_are_found_once_they_are_there_as_a_whole() {
        let data = [0, 3, 0, 0, 0, 2, 7, 8, 255, 255, 255, 255, 0, 0, 0, 0, 9, 9];
        let mut places = Vec::new();
        assert_eq!(fields(&data, &mut places), Some(16));
        assert_eq!(places, [Some(6..8), None, Some(16..16)]);
        for end in 0..16 {
            assert_eq!(fields(&data[..end], &mut places), None, "{end}");
        }
        assert_eq!(fields(&[255, 255], &mut places), None, "the data has ended");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(data in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut places = Vec::new();
            if let Some(end) = fields(&data, &mut places) {
                prop_assert!(end <= data.len());
            }
            let _ = Format::skip_header(&data);
        }
    }
}
