//! The fields of an object, one after another.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::cells::Cells;
use super::column_de::ColumnDe;
use super::error::Failure;
use super::group::{Entry, Group, Reader, Source, TypePlan};
use super::once_list::Kept;
use super::row_de::RowDe;

/// Reads the value of an entry.
#[inline]
fn value<'de, R: Cells, S: DeserializeSeed<'de>>(row: R, entry: &Entry, seed: S) -> Result<S::Value, Failure> {
    match &entry.source {
        Source::Column { index, reader } => with_column(row, *index, reader, |column| seed.deserialize(column)),
        Source::Group(group) => seed.deserialize(RowDe::part(row, group)),
        Source::Child(child) => row.child(*child, seed),
        Source::Unsupported(what) => Err(Failure::unsupported(what)),
    }
}

/// Reads a column through its handler, if it has one; failures name the column.
#[inline]
pub(super) fn with_column<R: Cells, T>(
    row: R,
    index: usize,
    reader: &Reader,
    read: impl FnOnce(ColumnDe<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let value = row.value(index);
    let done = match reader {
        Reader::Plain => read(ColumnDe::new(value)),
        Reader::Handler(handler) => match handler.from_sql(value) {
            Ok(cell) => read(ColumnDe::new(cell.as_ref()).with_ordinals(handler.reads_ordinals())),
            Err(error) => Err(Failure::new(error.message())),
        },
    };
    done.map_err(|failure| failure.in_column(row.place(index)))
}

/// The fields of a struct that have a column.
pub(super) struct Fields<'a, R> {
    pub(super) row: R,
    pub(super) group: &'a Group,
    pub(super) plan: Kept<'a, TypePlan>,
    pub(super) next: usize,
}

impl<'de, R: Cells> MapAccess<'de> for Fields<'_, R> {
    type Error = Failure;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some((field, _)) = self.plan.slots.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(StrDeserializer::new(field)).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some((field, at)) = self.plan.slots.get(self.next.wrapping_sub(1)) else {
            return Err(Failure::new("a value was asked for before its key"));
        };
        value(self.row, &self.group.entries[*at], seed).map_err(|f| f.in_field(field))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.plan.slots.len() - self.next)
    }
}

/// All entries, by their names.
pub(super) struct Entries<'a, R> {
    pub(super) row: R,
    pub(super) entries: &'a [Entry],
    pub(super) next: usize,
}

impl<'de, R: Cells> MapAccess<'de> for Entries<'_, R> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(entry) = self.entries.get(self.next) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(StrDeserializer::new(&entry.name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some(entry) = self.entries.get(self.next.wrapping_sub(1)) else {
            return Err(Failure::new("a value was asked for before its key"));
        };
        value(self.row, entry, seed).map_err(|f| f.in_field(&entry.name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len() - self.next)
    }
}

/// The columns by position.
pub(super) struct Positions<R> {
    pub(super) row: R,
    pub(super) next: usize,
    pub(super) count: usize,
}

impl<'de, R: Cells> SeqAccess<'de> for Positions<R> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        if self.next >= self.count {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        with_column(self.row, index, &Reader::Plain, |column| seed.deserialize(column)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.count - self.next)
    }
}
