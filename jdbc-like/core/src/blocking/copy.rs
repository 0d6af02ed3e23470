use std::io;
use std::time::Instant;

use super::{Connection, ResultSet, SharedRunner, Transaction, wait};
use crate::copy::{CopyIn as AsyncCopyIn, CopyOut as AsyncCopyOut, CopyRows as AsyncCopyRows};
use crate::error::Result;
use crate::options::CallOptions;
use crate::params::Params;

/// Bytes on their way into a table, for plain threads. See [`batis_dbc::CopyIn`](crate::CopyIn).
///
/// It is an [`io::Write`], so that `std::io::copy` fills it from a file.
#[must_use = "a copy that is not finished stores nothing"]
#[derive(Debug)]
pub struct CopyIn<'c> {
    inner: AsyncCopyIn<'c>,
    wait: Wait<'c>,
}

/// Who waits, and until when.
struct Wait<'c>(&'c SharedRunner, Option<Instant>);

impl Wait<'_> {
    fn on<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        wait(self.0, self.1, future)
    }
}

impl std::fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.1)
    }
}

impl CopyIn<'_> {
    /// See [`send`](AsyncCopyIn::send).
    ///
    /// # Errors
    /// As there.
    pub fn send(&mut self, data: &[u8]) -> Result<()> {
        self.wait.on(self.inner.send(data))
    }

    /// See [`finish`](AsyncCopyIn::finish).
    ///
    /// # Errors
    /// As there.
    pub fn finish(self) -> Result<u64> {
        self.wait.on(self.inner.finish())
    }
}

impl io::Write for CopyIn<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.send(data).map(|()| data.len()).map_err(io::Error::other)
    }

    /// Does nothing: what is buffered is sent when it is worth a message, and at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Rows on their way into a table, for plain threads. See [`batis_dbc::CopyRows`](crate::CopyRows).
#[must_use = "a copy that is not finished stores nothing"]
#[derive(Debug)]
pub struct CopyRows<'c> {
    inner: AsyncCopyRows<'c>,
    wait: Wait<'c>,
}

impl CopyRows<'_> {
    /// See [`send`](AsyncCopyRows::send).
    ///
    /// # Errors
    /// As there.
    pub fn send(&mut self, row: impl Params) -> Result<()> {
        self.wait.on(self.inner.send(row))
    }

    /// See [`send_all`](AsyncCopyRows::send_all).
    ///
    /// # Errors
    /// As there.
    pub fn send_all<R: Params>(&mut self, rows: impl IntoIterator<Item = R>) -> Result<()> {
        self.wait.on(self.inner.send_all(rows))
    }

    /// See [`finish`](AsyncCopyRows::finish).
    ///
    /// # Errors
    /// As there.
    pub fn finish(self) -> Result<u64> {
        self.wait.on(self.inner.finish())
    }
}

/// Bytes on their way out of a table, for plain threads. See [`batis_dbc::CopyOut`](crate::CopyOut).
///
/// It is an [`io::Read`], so that `std::io::copy` writes it to a file.
#[derive(Debug)]
pub struct CopyOut<'c> {
    inner: AsyncCopyOut<'c>,
    wait: Wait<'c>,
    /// How much of the current portion was read.
    read: usize,
}

impl CopyOut<'_> {
    /// See [`next`](AsyncCopyOut::next).
    ///
    /// # Errors
    /// As there.
    #[allow(clippy::should_implement_trait)] // it lends its portions, which `Iterator` cannot
    pub fn next(&mut self) -> Result<Option<&[u8]>> {
        let more = self.wait.on(self.inner.advance())?;
        self.read = usize::MAX;
        Ok(more.then(|| self.inner.portion()))
    }
}

impl io::Read for CopyOut<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.inner.portion().len() {
            if !self.wait.on(self.inner.advance()).map_err(io::Error::other)? {
                return Ok(0);
            }
            self.read = 0;
        }
        let rest = &self.inner.portion()[self.read..];
        let take = rest.len().min(out.len());
        out[..take].copy_from_slice(&rest[..take]);
        self.read += take;
        Ok(take)
    }
}

impl Connection {
    /// See [`copy_in`](crate::Connection::copy_in).
    ///
    /// ```no_run
    /// # fn f(conn: &mut batis_dbc::blocking::Connection) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut copy = conn.copy_in("COPY users (id, name) FROM STDIN (FORMAT csv)")?;
    /// std::io::copy(&mut std::fs::File::open("users.csv")?, &mut copy)?;
    /// copy.finish()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "copyIn")]
    pub fn copy_in(&mut self, statement: &str) -> Result<CopyIn<'_>> {
        self.copy_in_with(statement, &CallOptions::new())
    }

    /// See [`copy_in_with`](crate::Connection::copy_in_with).
    ///
    /// # Errors
    /// As there.
    pub fn copy_in_with(&mut self, statement: &str, options: &CallOptions) -> Result<CopyIn<'_>> {
        let (conn, runner) = self.parts();
        let until = Wait(runner, conn.patience(options.deadline));
        Ok(CopyIn { inner: until.on(conn.copy_in_with(statement, options))?, wait: until })
    }

    /// See [`copy_in_rows`](crate::Connection::copy_in_rows).
    ///
    /// # Errors
    /// As there.
    pub fn copy_in_rows(&mut self, target: &str) -> Result<CopyRows<'_>> {
        self.copy_in_rows_with(target, &CallOptions::new())
    }

    /// See [`copy_in_rows_with`](crate::Connection::copy_in_rows_with).
    ///
    /// # Errors
    /// As there.
    pub fn copy_in_rows_with(&mut self, target: &str, options: &CallOptions) -> Result<CopyRows<'_>> {
        let (conn, runner) = self.parts();
        let until = Wait(runner, conn.patience(options.deadline));
        Ok(CopyRows { inner: until.on(conn.copy_in_rows_with(target, options))?, wait: until })
    }

    /// See [`copy_out`](crate::Connection::copy_out).
    ///
    /// # Errors
    /// As there.
    #[doc(alias = "copyOut")]
    pub fn copy_out(&mut self, statement: &str) -> Result<CopyOut<'_>> {
        self.copy_out_with(statement, &CallOptions::new())
    }

    /// See [`copy_out_with`](crate::Connection::copy_out_with).
    ///
    /// # Errors
    /// As there.
    pub fn copy_out_with(&mut self, statement: &str, options: &CallOptions) -> Result<CopyOut<'_>> {
        let (conn, runner) = self.parts();
        let until = Wait(runner, conn.patience(options.deadline));
        Ok(CopyOut { inner: until.on(conn.copy_out_with(statement, options))?, wait: until, read: usize::MAX })
    }

    /// See [`copy_out_rows`](crate::Connection::copy_out_rows).
    ///
    /// # Errors
    /// As there.
    pub fn copy_out_rows(&mut self, source: &str) -> Result<ResultSet<'_>> {
        let (conn, runner) = self.parts();
        Ok(ResultSet::new(wait(runner, None, conn.copy_out_rows(source))?, runner, None))
    }
}

impl Transaction<'_> {
    /// See [`copy_in`](crate::Connection::copy_in).
    ///
    /// # Errors
    /// As there.
    pub fn copy_in(&mut self, statement: &str) -> Result<CopyIn<'_>> {
        let (transaction, runner) = self.parts();
        let until = Wait(runner, None);
        Ok(CopyIn { inner: until.on(transaction.copy_in(statement))?, wait: until })
    }

    /// See [`copy_in_rows`](crate::Connection::copy_in_rows).
    ///
    /// # Errors
    /// As there.
    pub fn copy_in_rows(&mut self, target: &str) -> Result<CopyRows<'_>> {
        let (transaction, runner) = self.parts();
        let until = Wait(runner, None);
        Ok(CopyRows { inner: until.on(transaction.copy_in_rows(target))?, wait: until })
    }

    /// See [`copy_out`](crate::Connection::copy_out).
    ///
    /// # Errors
    /// As there.
    pub fn copy_out(&mut self, statement: &str) -> Result<CopyOut<'_>> {
        let (transaction, runner) = self.parts();
        let until = Wait(runner, None);
        Ok(CopyOut { inner: until.on(transaction.copy_out(statement))?, wait: until, read: usize::MAX })
    }

    /// See [`copy_out_rows`](crate::Connection::copy_out_rows).
    ///
    /// # Errors
    /// As there.
    pub fn copy_out_rows(&mut self, source: &str) -> Result<ResultSet<'_>> {
        let (transaction, runner) = self.parts();
        Ok(ResultSet::new(wait(runner, None, transaction.copy_out_rows(source))?, runner, None))
    }
}
