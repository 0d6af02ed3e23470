//! Values of a row: borrowed from it where that is possible, else made when the row comes.

use std::ops::Range;

use batis_dbc::{Interval, Value, ValueRef};
use postgres_types::{FromSql, Type};
use tokio_postgres::Row;

use super::text::{self, Reader};
use super::{EPOCH_DAYS, EPOCH_MICROS, numeric};
use crate::types::{Decoder, TypeMap};

/// The bytes of a column.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    #[inline]
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw))
    }

    #[inline]
    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The bytes of a row's column; none: null.
#[inline]
pub(crate) fn raw(row: &Row, column: usize) -> Option<&[u8]> {
    match row.try_get(column) {
        Ok(Some(Raw(raw))) => Some(raw),
        _ => None,
    }
}

/// Reads a value that can be borrowed. Bytes that are not of the type are given as they are.
#[inline]
pub(crate) fn borrowed<'a>(decoder: &Decoder, raw: &'a [u8]) -> ValueRef<'a> {
    known(decoder, raw).unwrap_or(ValueRef::Bytes(raw))
}

#[inline]
fn known<'a>(decoder: &Decoder, raw: &'a [u8]) -> Option<ValueRef<'a>> {
    Some(match decoder {
        Decoder::Int4 => ValueRef::Int(i32::from_be_bytes(raw.try_into().ok()?).into()),
        Decoder::Int8 => ValueRef::Int(i64::from_be_bytes(raw.try_into().ok()?)),
        Decoder::Text => ValueRef::Text(std::str::from_utf8(raw).ok()?),
        Decoder::Bool => ValueRef::Bool(*raw.first()? != 0),
        Decoder::Int2 => ValueRef::Int(i16::from_be_bytes(raw.try_into().ok()?).into()),
        Decoder::Oid => ValueRef::Int(u32::from_be_bytes(raw.try_into().ok()?).into()),
        Decoder::Float4 => ValueRef::Float(f32::from_be_bytes(raw.try_into().ok()?).into()),
        Decoder::Float8 => ValueRef::Float(f64::from_be_bytes(raw.try_into().ok()?)),
        Decoder::Json => ValueRef::Json(std::str::from_utf8(raw).ok()?),
        Decoder::Jsonb => ValueRef::Json(std::str::from_utf8(raw.strip_prefix(&[1])?).ok()?),
        Decoder::Bytes => ValueRef::Bytes(raw),
        Decoder::Uuid => ValueRef::Uuid(raw.try_into().ok()?),
        Decoder::Date => ValueRef::Date(match i32::from_be_bytes(raw.try_into().ok()?) {
            end @ (i32::MAX | i32::MIN) => end,
            days => days.checked_add(EPOCH_DAYS)?,
        }),
        Decoder::Time => ValueRef::Time(i64::from_be_bytes(raw.try_into().ok()?)),
        Decoder::Timestamp => ValueRef::Timestamp(micros(raw)?),
        Decoder::TimestampTz => ValueRef::TimestampTz(micros(raw)?),
        Decoder::Interval => {
            let mut from = Reader(raw);
            let (micros, days, months) = (from.i64()?, from.i32()?, from.i32()?);
            ValueRef::Interval(Interval { months, days, micros })
        }
        // An enum's label, for one. Hardly a text holds these bytes, and most binary forms do.
        Decoder::Foreign if !raw.iter().any(u8::is_ascii_control) => ValueRef::Text(std::str::from_utf8(raw).ok()?),
        Decoder::Foreign
        | Decoder::Opaque
        | Decoder::Written(_)
        | Decoder::Numeric
        | Decoder::Array
        | Decoder::Hstore => return None,
    })
}

fn micros(raw: &[u8]) -> Option<i64> {
    match i64::from_be_bytes(raw.try_into().ok()?) {
        end @ (i64::MAX | i64::MIN) => Some(end),
        micros => micros.checked_add(EPOCH_MICROS),
    }
}

/// Reads any value.
pub(crate) fn owned(decoder: &Decoder, types: &TypeMap, raw: &[u8]) -> Value {
    let mut text = String::new();
    match make(decoder, types, raw, &mut text) {
        Some(Made::Borrowed) => borrowed(decoder, raw).to_owned(),
        Some(Made::Text(_)) => Value::Text(text.into()),
        Some(Made::Numeric(_)) => Value::Numeric(text.into()),
        Some(Made::Value(value)) => value,
        None => Value::Bytes(raw.into()),
    }
}

/// What was made of a value when its row came.
#[derive(Debug)]
enum Made {
    /// Nothing: it is borrowed from the row.
    Borrowed,
    /// A piece of the row's text.
    Text(Range<usize>),
    Numeric(Range<usize>),
    Value(Value),
}

fn make(decoder: &Decoder, types: &TypeMap, raw: &[u8], text: &mut String) -> Option<Made> {
    let begin = text.len();
    match decoder {
        Decoder::Numeric => numeric::write(raw, text).map(|()| Made::Numeric(begin..text.len())),
        Decoder::Written(Type::MONEY) => {
            text::write(&Type::MONEY, types, raw, text).map(|()| Made::Numeric(begin..text.len()))
        }
        Decoder::Hstore => text::hstore(&mut Reader(raw), text).map(|()| Made::Text(begin..text.len())),
        Decoder::Written(ty) => text::write(ty, types, raw, text).map(|()| Made::Text(begin..text.len())),
        Decoder::Array => array(types, raw).map(Made::Value),
        Decoder::Foreign if known(decoder, raw).is_none() => foreign(types, raw, text, begin),
        _ => Some(Made::Borrowed),
    }
}

/// A value of a type of the database's own that is not text: an array or a row say themselves what they are. (A row without columns looks
/// like other empty things.)
fn foreign(types: &TypeMap, raw: &[u8], text: &mut String, begin: usize) -> Option<Made> {
    if let Some(value) = array(types, raw) {
        return Some(Made::Value(value));
    }
    text::record(types, &mut Reader(raw), text).filter(|()| raw.len() > 4).map(|()| Made::Text(begin..text.len()))
}

/// Dimensions, a flag for nulls, the elements' type, length and first index of each dimension, elements.
fn array(types: &TypeMap, raw: &[u8]) -> Option<Value> {
    let mut from = Reader(raw);
    let (dimensions, flags, oid) = (from.i32()?, from.i32()?, from.u32()?);
    if !(0..=6).contains(&dimensions) || !matches!(flags, 0 | 1) {
        return None;
    }
    let lengths = (0..dimensions).map(|_| {
        let (length, _first) = (from.i32()?, from.i32()?);
        usize::try_from(length).ok()
    });
    let lengths = lengths.collect::<Option<Vec<usize>>>()?;
    let elements = types.decoder(oid);
    let value = match lengths.is_empty() {
        true => Value::Array(Box::default()),
        false => dimension(&lengths, &elements, types, &mut from)?,
    };
    from.is_empty().then_some(value)
}

fn dimension(lengths: &[usize], elements: &Decoder, types: &TypeMap, from: &mut Reader<'_>) -> Option<Value> {
    let (length, inner) = lengths.split_first()?;
    let items = (0..*length).map(|_| match inner {
        [] => from.sized().map(|raw| raw.map_or(Value::Null, |raw| owned(elements, types, raw))),
        _ => dimension(inner, elements, types, from),
    });
    items.collect::<Option<Vec<Value>>>().map(|items| Value::Array(items.into()))
}

/// What was made of the current row. Its memory is used again by the next one.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    text: String,
    made: Vec<Option<Made>>,
}

impl Scratch {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.made.clear();
    }

    /// Adds the next column; none: null.
    pub(crate) fn push(&mut self, decoder: &Decoder, types: &TypeMap, raw: Option<&[u8]>) {
        let begin = self.text.len();
        let made = match raw {
            Some(raw) if decoder.makes() => make(decoder, types, raw, &mut self.text),
            _ => Some(Made::Borrowed),
        };
        if made.is_none() {
            self.text.truncate(begin);
        }
        self.made.push(made);
    }

    /// A column's value; bytes that could not be read are given as they are.
    pub(crate) fn value<'a>(&'a self, column: usize, decoder: &Decoder, raw: &'a [u8]) -> ValueRef<'a> {
        match self.made.get(column) {
            Some(Some(Made::Text(at))) => ValueRef::Text(&self.text[at.clone()]),
            Some(Some(Made::Numeric(at))) => ValueRef::Numeric(&self.text[at.clone()]),
            Some(Some(Made::Value(value))) => value.as_ref(),
            _ => borrowed(decoder, raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(oid in prop_oneof![0u32..6000, Just(70_000)], raw in proptest::collection::vec(any::<u8>(), 0..80)) {
            let decoder = TypeMap::default().decoder(oid);
            let mut scratch = Scratch::default();
            scratch.push(&decoder, &TypeMap::default(), Some(&raw));
            let _ = scratch.value(0, &decoder, &raw);
        }
    }

    #[test]
    fn an_array_bomb_is_refused() {
        let raw: Vec<u8> = [1, 0, 23, i32::MAX, 1].iter().flat_map(|w: &i32| w.to_be_bytes()).collect();
        assert!(array(&TypeMap::default(), &raw).is_none());
        let mut nested: Vec<u8> = [6, 0, 23].iter().flat_map(|w: &i32| w.to_be_bytes()).collect();
        nested.extend((0..6).flat_map(|_| [2_000_000i32, 1]).flat_map(i32::to_be_bytes));
        assert!(array(&TypeMap::default(), &nested).is_none());
    }
}
