//! A statement of SQLite's C interface: prepare, bind, step, read, finalize. All `unsafe` of this crate is here.
//!
//! Why not `rusqlite::Statement`: it borrows its connection, so a cache of them cannot stand beside the connection.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};
use std::ptr::{NonNull, null, null_mut};
use std::slice;

use batis_dbc::{Column, Origin, Shape, SqlError, SqlState, ValueRef};
use rusqlite::ffi;

use crate::error::Failure;
use crate::types::sql_type;
use crate::value::{Native, native};

/// The encoding of bound text.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the constant is 1
const UTF8: u8 = ffi::SQLITE_UTF8 as u8;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Row,
    Done,
}

/// How long bound text and bytes live.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Until the statement is reset, within the same call: SQLite reads them where they are.
    ForTheCall,
    /// Longer: SQLite makes copies.
    Copied,
}

/// A prepared statement. It is always reset, except while a cursor is open on it.
#[derive(Debug)]
pub(crate) struct Statement {
    // Invariant: a statement from `sqlite3_prepare_v3` that was not finalized. Its database stays open as long as it lives, because
    // rusqlite closes by `sqlite3_close`, which refuses (and leaks the database) while there are statements.
    raw: NonNull<ffi::sqlite3_stmt>,
    parameters: usize,
    columns: usize,
    read_only: bool,
}

// SAFETY: a statement has no thread affinity; what is needed is that it and its database are used by one thread at a time. Statements are
// owned by the `SqliteConnection` that owns their database, and leave it neither by value nor by reference, so both move together.
unsafe impl Send for Statement {}

/// Who keeps the statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// It goes to the cache and will be run often.
    Kept,
    /// It runs once.
    Once,
}

impl Statement {
    /// Prepares the first statement of a text; none if there is only space and comments. Also says where the rest of the text begins.
    pub(crate) fn prepare(db: &rusqlite::Connection, sql: &str, usage: Use) -> Result<(Option<Self>, usize), SqlError> {
        let length = text_length(sql)?;
        let flags = if usage == Use::Kept { ffi::SQLITE_PREPARE_PERSISTENT } else { 0 };
        let (mut raw, mut tail) = (null_mut(), null());
        // SAFETY: the handle is only used for the calls of this function, while `db` is borrowed, so it is open.
        let handle = unsafe { db.handle() };
        // SAFETY: the text is readable for `length` bytes (it needs no terminator then) and both out-pointers are valid.
        let code = unsafe {
            let text = sql.as_ptr().cast::<c_char>();
            ffi::sqlite3_prepare_v3(handle, text, length, flags, &raw mut raw, &raw mut tail)
        };
        if code != ffi::SQLITE_OK {
            // SAFETY: `db` is still borrowed.
            return Err(unsafe { failure(handle, code) }.into_error());
        }
        // SQLite sets the tail into the text that was given; only the distance is used.
        let rest = (tail as usize).saturating_sub(sql.as_ptr() as usize).min(sql.len());
        Ok((NonNull::new(raw).map(Self::new), rest))
    }

    fn new(raw: NonNull<ffi::sqlite3_stmt>) -> Self {
        // SAFETY: the statement was just prepared, so it is live; these calls only read it.
        let (parameters, columns, read_only) = unsafe {
            (
                ffi::sqlite3_bind_parameter_count(raw.as_ptr()),
                ffi::sqlite3_column_count(raw.as_ptr()),
                ffi::sqlite3_stmt_readonly(raw.as_ptr()) != 0,
            )
        };
        Self { raw, parameters: size(parameters), columns: size(columns), read_only }
    }

    pub(crate) fn parameters(&self) -> usize {
        self.parameters
    }

    pub(crate) fn returns_rows(&self) -> bool {
        self.columns > 0
    }

    /// Whether it cannot change the database (begin and commit count as reading).
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Runs a statement to its end; its rows are dropped, parameters are not copied. Resets it.
    #[inline]
    pub(crate) fn execute<'p>(&mut self, params: impl Iterator<Item = ValueRef<'p>>) -> Result<(), SqlError> {
        let borrowed = self.bind(params, Keep::ForTheCall);
        let done = borrowed.and_then(|()| self.run_to_end());
        self.reset();
        if self.parameters > 0 {
            // What is bound points to parameters that end with this call.
            self.clear_bindings();
        }
        done
    }

    fn run_to_end(&mut self) -> Result<(), SqlError> {
        while self.step()? == Step::Row {}
        Ok(())
    }

    /// Binds copies of the parameters and steps to the first row. Resets it if that fails.
    pub(crate) fn open(&mut self, params: &[ValueRef<'_>]) -> Result<Step, SqlError> {
        let first = self.bind(params.iter().copied(), Keep::Copied).and_then(|()| self.step());
        if first.is_err() {
            self.reset();
        }
        first
    }

    #[inline]
    fn bind<'p>(&mut self, params: impl Iterator<Item = ValueRef<'p>>, keep: Keep) -> Result<(), SqlError> {
        for (index, value) in params.enumerate() {
            let code = self.bind_one(position(index + 1)?, value, keep);
            if code != ffi::SQLITE_OK {
                return Err(self.failure(code));
            }
        }
        Ok(())
    }

    #[inline]
    fn bind_one(&mut self, index: c_int, value: ValueRef<'_>, keep: Keep) -> c_int {
        let raw = self.raw.as_ptr();
        match native(value) {
            // SAFETY: the statement is live; a wrong index is an error code.
            Native::Null => unsafe { ffi::sqlite3_bind_null(raw, index) },
            // SAFETY: as above.
            Native::Int(v) => unsafe { ffi::sqlite3_bind_int64(raw, index, v) },
            // SAFETY: as above.
            Native::Float(v) => unsafe { ffi::sqlite3_bind_double(raw, index, v) },
            Native::Text(v) => self.bind_text(index, v, keep),
            Native::Made(v) => self.bind_text(index, &v, Keep::Copied),
            Native::Bytes(v) => self.bind_bytes(index, v, keep),
        }
    }

    fn bind_text(&mut self, index: c_int, text: &str, keep: Keep) -> c_int {
        // SAFETY: the statement is live and the text readable for its length. It is copied, or `execute`, the only user of
        // `Keep::ForTheCall`, clears the binding before it returns: its parameters are borrowed for longer (`'p`). Should making a later
        // parameter panic, nothing reads what was bound so far: only a step does, and each is preceded by binding all parameters.
        unsafe {
            let (raw, bytes) = (self.raw.as_ptr(), text.as_ptr().cast::<c_char>());
            ffi::sqlite3_bind_text64(raw, index, bytes, text.len() as u64, destructor(keep), UTF8)
        }
    }

    fn bind_bytes(&mut self, index: c_int, bytes: &[u8], keep: Keep) -> c_int {
        // SAFETY: as for text. The pointer of an empty slice is not null, so an empty value does not become null.
        unsafe {
            let raw = self.raw.as_ptr();
            ffi::sqlite3_bind_blob64(raw, index, bytes.as_ptr().cast(), bytes.len() as u64, destructor(keep))
        }
    }

    fn clear_bindings(&mut self) {
        // SAFETY: the statement is live and was reset.
        unsafe { ffi::sqlite3_clear_bindings(self.raw.as_ptr()) };
    }

    /// Moves to the next row. After an error it must be reset.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<Step, SqlError> {
        // SAFETY: the statement is live. Pointers into the row before end here; they were borrowed from `&self`.
        match unsafe { ffi::sqlite3_step(self.raw.as_ptr()) } {
            ffi::SQLITE_ROW => Ok(Step::Row),
            ffi::SQLITE_DONE => Ok(Step::Done),
            code => Err(self.failure(code)),
        }
    }

    /// Ends a run; the locks that it holds are given back. Its error, if any, was told by the step before.
    pub(crate) fn reset(&mut self) {
        // SAFETY: the statement is live.
        unsafe { ffi::sqlite3_reset(self.raw.as_ptr()) };
    }

    /// A column of the current row; null if there is no row or no such column. Text that is no UTF-8 is given as bytes.
    #[inline]
    pub(crate) fn column(&self, index: usize) -> ValueRef<'_> {
        let Ok(index) = c_int::try_from(index) else { return ValueRef::Null };
        // The value is fetched once, instead of by a `column_` function for each question about it. SQLite calls it unprotected: it is not
        // guarded by the database's mutex. This database has none (it is opened for use by one thread at a time), and `&self` is not shared
        // between threads.
        //
        // SAFETY: the statement is live; without a row or such a column it is a value that is null.
        let value = unsafe { ffi::sqlite3_column_value(self.raw.as_ptr(), index) };
        // SAFETY: the value is that of a column of this statement, and stays it until the next step or reset, which need `&mut self`.
        unsafe { read(value) }
    }

    /// How often SQLite prepared the statement anew because the schema changed.
    #[inline]
    pub(crate) fn reprepared(&self) -> c_int {
        // SAFETY: the statement is live; the counter is only read.
        unsafe { ffi::sqlite3_stmt_status(self.raw.as_ptr(), ffi::SQLITE_STMTSTATUS_REPREPARE, 0) }
    }

    /// Looks again at what may have changed when SQLite prepared the statement anew.
    pub(crate) fn refresh(&mut self) {
        // SAFETY: the statement is live.
        self.columns = size(unsafe { ffi::sqlite3_column_count(self.raw.as_ptr()) });
    }

    /// The columns of its result.
    pub(crate) fn shape(&self) -> Shape {
        let columns: Vec<Column> = (0..self.columns).filter_map(|i| self.describe(c_int::try_from(i).ok()?)).collect();
        Shape::new(columns)
    }

    /// Whether its result has these columns still. Compares in place: SQLite prepares a statement anew also for another value of `limit ?`.
    pub(crate) fn shows(&self, shape: &Shape) -> bool {
        let columns = shape.columns();
        columns.len() == self.columns && (0..).zip(columns).all(|(index, column)| self.shows_column(index, column))
    }

    fn shows_column(&self, index: c_int, column: &Column) -> bool {
        let raw = self.raw.as_ptr();
        let origin = column.origin.as_ref();
        // SAFETY: the statement is live, and each text is compared before the next call.
        unsafe {
            equals(ffi::sqlite3_column_name(raw, index), Some(&column.name))
                && equals(
                    ffi::sqlite3_column_decltype(raw, index),
                    Some(&*column.type_name).filter(|name| !name.is_empty()),
                )
                && equals(ffi::sqlite3_column_database_name(raw, index), origin.map(|o| &*o.schema))
                && equals(ffi::sqlite3_column_table_name(raw, index), origin.map(|o| &*o.table))
                && equals(ffi::sqlite3_column_origin_name(raw, index), origin.map(|o| &*o.column))
        }
    }

    fn describe(&self, index: c_int) -> Option<Column> {
        let raw = self.raw.as_ptr();
        // SAFETY: the statement is live, and each text is copied before the next call.
        let (name, declared, schema, table, column) = unsafe {
            (
                copy(ffi::sqlite3_column_name(raw, index)),
                copy(ffi::sqlite3_column_decltype(raw, index)).unwrap_or_default(),
                copy(ffi::sqlite3_column_database_name(raw, index)),
                copy(ffi::sqlite3_column_table_name(raw, index)),
                copy(ffi::sqlite3_column_origin_name(raw, index)),
            )
        };
        let mut described = Column::new(name?, sql_type(&declared), declared);
        if let (Some(schema), Some(table), Some(column)) = (schema, table, column) {
            described.origin = Some(Origin::new(&schema, &table, &column));
        }
        Some(described)
    }

    #[cold]
    fn failure(&self, code: c_int) -> SqlError {
        // SAFETY: the statement is live, so its database is open.
        let mut failure = unsafe { failure(ffi::sqlite3_db_handle(self.raw.as_ptr()), code) };
        // Only preparing knows a place in the text.
        failure.offset = None;
        failure.into_error()
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: the statement is live and is not used again.
        unsafe { ffi::sqlite3_finalize(self.raw.as_ptr()) };
    }
}

/// What the database says of the last failed call.
///
/// # Safety
/// An open database, used by this thread only.
#[cold]
unsafe fn failure(handle: *mut ffi::sqlite3, code: c_int) -> Failure {
    // SAFETY: the caller's promise; the message is copied at once.
    let (message, offset) = unsafe { (copy(ffi::sqlite3_errmsg(handle)), ffi::sqlite3_error_offset(handle)) };
    let message = message.unwrap_or_else(|| format!("SQLite result code {code}").into());
    Failure { code, message: message.into(), offset: usize::try_from(offset).ok() }
}

/// # Safety
/// A column's value, which is neither changed nor read by anyone else during `'a`.
#[inline]
unsafe fn read<'a>(value: *mut ffi::sqlite3_value) -> ValueRef<'a> {
    // SAFETY: the caller's promise. The value is always read in its own type, so its memory moves at most once: when a text that is not
    // stored as UTF-8, or without a final zero, is asked for the first time. `value_text` and `value_blob` come before `value_bytes`.
    unsafe {
        match ffi::sqlite3_value_type(value) {
            ffi::SQLITE_INTEGER => ValueRef::Int(ffi::sqlite3_value_int64(value)),
            ffi::SQLITE_FLOAT => ValueRef::Float(ffi::sqlite3_value_double(value)),
            ffi::SQLITE_TEXT => {
                let start = ffi::sqlite3_value_text(value);
                text(bytes_at(start, ffi::sqlite3_value_bytes(value)))
            }
            ffi::SQLITE_BLOB => {
                let start = ffi::sqlite3_value_blob(value);
                ValueRef::Bytes(bytes_at(start.cast(), ffi::sqlite3_value_bytes(value)).unwrap_or_default())
            }
            _ => ValueRef::Null,
        }
    }
}

#[inline]
fn text(bytes: Option<&[u8]>) -> ValueRef<'_> {
    match bytes.map(|b| (b, std::str::from_utf8(b))) {
        Some((_, Ok(text))) => ValueRef::Text(text),
        Some((bytes, Err(_))) => ValueRef::Bytes(bytes),
        // Out of memory.
        None => ValueRef::Null,
    }
}

/// # Safety
/// Null, or a text that ends with a zero byte and lives during the call.
unsafe fn copy(text: *const c_char) -> Option<Box<str>> {
    // SAFETY: the caller's promise.
    let text = NonNull::new(text.cast_mut()).map(|t| unsafe { CStr::from_ptr(t.as_ptr()) })?;
    Some(text.to_string_lossy().into())
}

/// # Safety
/// As for [`copy`].
unsafe fn equals(text: *const c_char, expected: Option<&str>) -> bool {
    match (NonNull::new(text.cast_mut()), expected) {
        // SAFETY: the caller's promise.
        (Some(text), Some(expected)) => unsafe { CStr::from_ptr(text.as_ptr()) }.to_bytes() == expected.as_bytes(),
        (text, expected) => text.is_none() && expected.is_none(),
    }
}

/// # Safety
/// Null, or readable for `length` bytes during `'a`.
#[inline]
unsafe fn bytes_at<'a>(start: *const u8, length: c_int) -> Option<&'a [u8]> {
    if start.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    Some(unsafe { slice::from_raw_parts(start, size(length)) })
}

fn destructor(keep: Keep) -> ffi::sqlite3_destructor_type {
    if keep == Keep::Copied { ffi::SQLITE_TRANSIENT() } else { ffi::SQLITE_STATIC() }
}

/// A count of SQLite, which is never negative.
#[inline]
fn size(count: c_int) -> usize {
    usize::try_from(count).unwrap_or(0)
}

fn position(index: usize) -> Result<c_int, SqlError> {
    c_int::try_from(index).map_err(|_| SqlError::new(SqlState::LIMIT_EXCEEDED, "too many parameters"))
}

/// The length of a text that SQLite can take: no zero byte (it would end there silently), below 2 GiB.
fn text_length(sql: &str) -> Result<c_int, SqlError> {
    if let Some(at) = sql.bytes().position(|b| b == 0) {
        return Err(SqlError::new(SqlState::SYNTAX_ERROR, "the SQL text has a zero byte").at(at));
    }
    c_int::try_from(sql.len()).map_err(|_| SqlError::new(SqlState::LIMIT_EXCEEDED, "the SQL text is longer than 2 GiB"))
}
