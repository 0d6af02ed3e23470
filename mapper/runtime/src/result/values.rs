//! [`Values`]: column values that outlive their row, in three buffers instead of an allocation for each.

use batis_dbc::{Value, ValueRef};

/// Values by number. What is taken back is always at the end.
#[derive(Debug, Default)]
pub(super) struct Values {
    cells: Vec<Cell>,
    text: String,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Cell {
    /// What needs no room of its own.
    Fixed(ValueRef<'static>),
    Text(Span),
    Numeric(Span),
    Json(Span),
    Bytes(Span),
    Owned(Box<Value>),
}

/// A part of a buffer.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    length: usize,
}

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    cells: usize,
    text: usize,
    bytes: usize,
}

impl Values {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn clear(&mut self) {
        self.back_to(Mark { cells: 0, text: 0, bytes: 0 });
    }

    pub(super) fn push(&mut self, value: ValueRef<'_>) {
        let cell = match value {
            ValueRef::Null => Cell::Fixed(ValueRef::Null),
            ValueRef::Bool(v) => Cell::Fixed(ValueRef::Bool(v)),
            ValueRef::Int(v) => Cell::Fixed(ValueRef::Int(v)),
            ValueRef::Float(v) => Cell::Fixed(ValueRef::Float(v)),
            ValueRef::Uuid(v) => Cell::Fixed(ValueRef::Uuid(v)),
            ValueRef::Date(v) => Cell::Fixed(ValueRef::Date(v)),
            ValueRef::Time(v) => Cell::Fixed(ValueRef::Time(v)),
            ValueRef::Timestamp(v) => Cell::Fixed(ValueRef::Timestamp(v)),
            ValueRef::TimestampTz(v) => Cell::Fixed(ValueRef::TimestampTz(v)),
            ValueRef::Interval(v) => Cell::Fixed(ValueRef::Interval(v)),
            ValueRef::Text(text) => Cell::Text(self.text(text)),
            ValueRef::Numeric(text) => Cell::Numeric(self.text(text)),
            ValueRef::Json(text) => Cell::Json(self.text(text)),
            ValueRef::Bytes(bytes) => {
                let start = self.bytes.len();
                self.bytes.extend_from_slice(bytes);
                Cell::Bytes(Span { start, length: bytes.len() })
            }
            other => Cell::Owned(Box::new(other.to_owned())),
        };
        self.cells.push(cell);
    }

    fn text(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span { start, length: text.len() }
    }

    pub(super) fn get(&self, at: usize) -> ValueRef<'_> {
        let text = |span: &Span| self.text.get(span.start..span.start + span.length).unwrap_or_default();
        match self.cells.get(at) {
            None => ValueRef::Null,
            Some(Cell::Fixed(value)) => *value,
            Some(Cell::Text(span)) => ValueRef::Text(text(span)),
            Some(Cell::Numeric(span)) => ValueRef::Numeric(text(span)),
            Some(Cell::Json(span)) => ValueRef::Json(text(span)),
            Some(Cell::Bytes(span)) => {
                ValueRef::Bytes(self.bytes.get(span.start..span.start + span.length).unwrap_or_default())
            }
            Some(Cell::Owned(value)) => value.as_ref().as_ref(),
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { cells: self.cells.len(), text: self.text.len(), bytes: self.bytes.len() }
    }

    pub(super) fn back_to(&mut self, mark: Mark) {
        self.cells.truncate(mark.cells);
        self.text.truncate(mark.text);
        self.bytes.truncate(mark.bytes);
    }
}

/// Whether two values tell no objects apart. Unlike `==`, a NaN equals itself, as in Java.
pub(super) fn same(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Float(a), ValueRef::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

/// Writes a value so that values that are the same are written the same, and others are not.
pub(crate) fn encode(value: ValueRef<'_>, out: &mut Vec<u8>) {
    let mut tagged = |tag: u8, bytes: &[u8]| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => tagged(0, &[]),
        ValueRef::Bool(v) => tagged(1, &[v.into()]),
        ValueRef::Int(v) => tagged(2, &v.to_le_bytes()),
        ValueRef::Float(v) => tagged(3, &v.to_bits().to_le_bytes()),
        ValueRef::Uuid(v) => tagged(4, &v),
        ValueRef::Date(v) => tagged(5, &v.to_le_bytes()),
        ValueRef::Time(v) => tagged(6, &v.to_le_bytes()),
        ValueRef::Timestamp(v) => tagged(7, &v.to_le_bytes()),
        ValueRef::TimestampTz(v) => tagged(8, &v.to_le_bytes()),
        ValueRef::Interval(v) => {
            tagged(9, &v.months.to_le_bytes());
            out.extend_from_slice(&v.days.to_le_bytes());
            out.extend_from_slice(&v.micros.to_le_bytes());
        }
        ValueRef::Text(v) => sized(10, v.as_bytes(), out),
        ValueRef::Numeric(v) => sized(11, v.as_bytes(), out),
        ValueRef::Json(v) => sized(12, v.as_bytes(), out),
        ValueRef::Bytes(v) => sized(13, v, out),
        ValueRef::Array(items) => {
            sized(14, &items.len().to_le_bytes(), out);
            items.iter().for_each(|item| encode(item.as_ref(), out));
        }
        other => sized(15, other.to_string().as_bytes(), out),
    }
}

fn sized(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&bytes.len().to_le_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_in_24_bytes_and_comes_back() {
        assert_eq!(size_of::<Cell>(), 24);
        let items = [Value::Int(1), Value::Text("x".into())];
        let all = [
            ValueRef::Null,
            ValueRef::Int(-1),
            ValueRef::Text("ä"),
            ValueRef::Numeric("1.50"),
            ValueRef::Bytes(&[0, 255]),
            ValueRef::Json("{}"),
            ValueRef::Uuid([7; 16]),
            ValueRef::Array(&items),
        ];
        let mut values = Values::default();
        all.iter().for_each(|value| values.push(*value));
        let mark = values.mark();
        values.push(ValueRef::Text("gone"));
        values.back_to(mark);
        values.push(ValueRef::Text("last"));
        let back: Vec<ValueRef<'_>> = (0..all.len()).map(|at| values.get(at)).collect();
        assert_eq!(back, all);
        assert_eq!(values.get(all.len()), ValueRef::Text("last"));
    }

    #[test]
    fn what_is_written_the_same_is_the_same() {
        let written = |value| {
            let mut out = Vec::new();
            encode(value, &mut out);
            out
        };
        let nan = ValueRef::Float(f64::NAN);
        assert!(same(nan, nan) && written(nan) == written(nan));
        assert!(!same(ValueRef::Float(0.0), ValueRef::Float(-0.0)));
        assert_ne!(written(ValueRef::Text("1")), written(ValueRef::Numeric("1")));
        assert_ne!(written(ValueRef::Int(1)), written(ValueRef::Bool(true)));
    }
}
