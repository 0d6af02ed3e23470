//! Statements seen from outside: a `tracing` span each, and a warning for slow ones. Without the feature `tracing` all of it is nothing.
//!
//! | field | meaning |
//! |---|---|
//! | `db.system.name` | the product in lower case: `sqlite`, `postgresql` |
//! | `db.namespace` | the database's name, where it has one |
//! | `db.operation.name` | the first word of the text, in upper case |
//! | `db.collection.name` | the table, if the text names one table in the usual place |
//! | `db.query.text` | the text with its `?` |
//! | `db.query.parameter.count` | how many parameters there are |
//! | `db.operation.batch.size` | how many items of a batch were sent in one go, each by itself; the operation is `BATCH INSERT` then |
//! | `db.query.parameters` | their values, only if [`Observability::parameters`] asks for it |
//! | `server.address`, `server.port` | where the server is, if there is one |
//! | `db.response.status_code`, `error.type` | the SQLSTATE of a failure |
//!
//! The names are those of OpenTelemetry's conventions for databases. The span is named `db.statement`, of level debug and target
//! `batis::statement`; it ends when the first row is there. That of a copy is named `db.copy`, ends with the copy, and has `batis.copy.bytes`
//! and `batis.copy.rows` in place of parameters, as far as they are known. A slow statement is a warning of target `batis::slow`, inside of that span if it is
//! recorded, with `elapsed_ms`, `db.query.text`, and the values if they are asked for.

#[cfg(any(test, feature = "tracing"))]
mod names;

#[cfg(not(feature = "tracing"))]
pub(crate) use with::Observability;
#[cfg(feature = "tracing")]
pub use with::Observability;
pub(crate) use with::{CopyWatch, Watch};

#[cfg(not(feature = "tracing"))]
mod with {
    use std::future::Future;

    use crate::driver::{Copied, Items, RawConnection};
    use crate::error::SqlError;
    use crate::statement::PreparedStatement;
    use crate::value::ValueRef;

    /// Nothing to choose.
    pub(crate) type Observability = ();

    /// Nobody looks.
    pub(crate) struct Watch;

    impl Watch {
        #[inline]
        pub(crate) fn begin(
            _: &dyn RawConnection,
            (): &Observability,
            _: &PreparedStatement,
            _: &[ValueRef<'_>],
        ) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn begin_batch(
            _: &dyn RawConnection,
            (): &Observability,
            _: &PreparedStatement,
            _: Items<'_>,
        ) -> Self {
            Self
        }

        #[inline]
        pub(crate) fn during<F: Future>(&self, future: F) -> F {
            future
        }

        #[inline]
        pub(crate) fn failed(&self, _: &SqlError) {}
    }

    /// Nobody looks.
    pub(crate) struct CopyWatch;

    impl CopyWatch {
        pub(crate) fn begin(_: &dyn RawConnection, _: Copied<'_>, _inwards: bool) -> Self {
            Self
        }

        pub(crate) fn during<F: Future>(&self, future: F) -> F {
            future
        }

        #[inline]
        pub(crate) fn moved(&mut self, _bytes: usize) {}

        pub(crate) fn stored(&self, _rows: u64) {}

        pub(crate) fn failed(&self, _: &SqlError) {}
    }
}

#[cfg(feature = "tracing")]
mod with {
    use std::borrow::Cow;
    use std::future::Future;
    use std::time::{Duration, Instant};

    use tracing::instrument::{Instrument, Instrumented};
    use tracing::{Span, field};

    use super::names;
    use crate::driver::{Copied, Items, RawConnection};
    use crate::error::SqlError;
    use crate::statement::PreparedStatement;
    use crate::value::ValueRef;

    /// What is told of the statements of a connection; see [`Connection::set_observability`](crate::Connection::set_observability).
    ///
    /// Source: the slow-query logs of pgjdbc and Hibernate, with OpenTelemetry's names.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Observability {
        /// A statement that takes at least this long to its first row is warned of (zero: each one). Default: none is.
        pub slow_statement: Option<Duration>,
        /// Whether parameter values are shown, in the span and in warnings. Default false: they may be secrets.
        pub parameters: bool,
    }

    impl Observability {
        /// No warnings, no values.
        #[must_use]
        pub fn new() -> Self {
            Self::default()
        }

        /// Sets from when on a statement is warned of.
        #[must_use]
        pub fn slow_statement(mut self, limit: Duration) -> Self {
            self.slow_statement = Some(limit);
            self
        }

        /// Sets whether parameter values are shown.
        #[must_use]
        pub fn parameters(mut self, shown: bool) -> Self {
            self.parameters = shown;
            self
        }
    }

    /// A span with what all have, and these fields.
    macro_rules! span {
        ($name:literal, $sql:expr, $($own:tt)*) => {
            tracing::debug_span!(
                target: "batis::statement",
                $name,
                db.system.name = field::Empty,
                db.namespace = field::Empty,
                db.operation.name = field::Empty,
                db.collection.name = field::Empty,
                db.query.text = $sql,
                $($own)*
                server.address = field::Empty,
                server.port = field::Empty,
                db.response.status_code = field::Empty,
                error.type = field::Empty,
            )
        };
    }

    /// One run of a statement.
    pub(crate) struct Watch {
        span: Span,
        slow: Option<Slow>,
    }

    /// A statement that may turn out to be slow.
    struct Slow {
        limit: Duration,
        start: Instant,
        statement: PreparedStatement,
        /// How many items of a batch it was run for.
        items: Option<usize>,
        /// The values, if they are shown.
        parameters: Option<String>,
    }

    impl Watch {
        pub(crate) fn begin(
            raw: &dyn RawConnection,
            how: &Observability,
            statement: &PreparedStatement,
            params: &[ValueRef<'_>],
        ) -> Self {
            let mut watch = Self::of(raw, how, statement, params.len(), None);
            if how.parameters && (watch.slow.is_some() || !watch.span.is_disabled()) {
                let values = format!("{params:?}");
                watch.span.record("db.query.parameters", &values);
                if let Some(slow) = &mut watch.slow {
                    slow.parameters = Some(values);
                }
            }
            watch
        }

        /// Of a statement that is run once for each item. Their values are not shown: there may be very many.
        pub(crate) fn begin_batch(
            raw: &dyn RawConnection,
            how: &Observability,
            statement: &PreparedStatement,
            items: Items<'_>,
        ) -> Self {
            // By OpenTelemetry's rules one operation is no batch.
            let size = Some(items.len()).filter(|size| *size > 1);
            Self::of(raw, how, statement, items.parameters(), size)
        }

        fn of(
            raw: &dyn RawConnection,
            how: &Observability,
            statement: &PreparedStatement,
            parameters: usize,
            items: Option<usize>,
        ) -> Self {
            let start = how.slow_statement.map(|_| Instant::now());
            let sql = statement.sql();
            let span = span!(
                "db.statement",
                sql,
                db.operation.batch.size = items,
                db.query.parameter.count = parameters,
                db.query.parameters = field::Empty,
            );
            if !span.is_disabled() {
                let operation = names::operation(sql);
                let operation = if items.is_some() { format!("BATCH {operation}") } else { operation };
                describe(&span, raw, &operation, names::collection(sql));
            }
            let timed = how.slow_statement.zip(start);
            let slow = timed.map(|(limit, start)| {
                let statement = statement.clone();
                Slow { limit, start, statement, items, parameters: None }
            });
            Self { span, slow }
        }

        pub(crate) fn during<F: Future>(&self, future: F) -> Instrumented<F> {
            future.instrument(self.span.clone())
        }

        pub(crate) fn failed(&self, error: &SqlError) {
            fail(&self.span, error);
        }
    }

    #[cold]
    fn fail(span: &Span, error: &SqlError) {
        span.record("db.response.status_code", error.sql_state().code());
        span.record("error.type", error.sql_state().code());
    }

    /// One copy, to its end.
    pub(crate) struct CopyWatch {
        span: Span,
        bytes: u64,
    }

    impl CopyWatch {
        pub(crate) fn begin(raw: &dyn RawConnection, what: Copied<'_>, inwards: bool) -> Self {
            let direction = if inwards { "FROM STDIN" } else { "TO STDOUT" };
            let sql = match what {
                Copied::Statement(sql) => Cow::Borrowed(sql),
                Copied::Rows(target) | Copied::Literals(target) => format!("COPY {target} {direction}").into(),
            };
            let span = span!("db.copy", &*sql, batis.copy.bytes = field::Empty, batis.copy.rows = field::Empty,);
            if !span.is_disabled() {
                describe(&span, raw, &names::operation(&sql), names::copied(&sql, inwards));
            }
            Self { span, bytes: 0 }
        }

        pub(crate) fn during<F: Future>(&self, future: F) -> Instrumented<F> {
            future.instrument(self.span.clone())
        }

        /// So many bytes more were sent or have come.
        #[inline]
        pub(crate) fn moved(&mut self, bytes: usize) {
            self.bytes += u64::try_from(bytes).unwrap_or_default();
        }

        pub(crate) fn stored(&self, rows: u64) {
            self.span.record("batis.copy.rows", rows);
        }

        pub(crate) fn failed(&self, error: &SqlError) {
            fail(&self.span, error);
        }
    }

    impl Drop for CopyWatch {
        fn drop(&mut self) {
            if self.bytes > 0 {
                self.span.record("batis.copy.bytes", self.bytes);
            }
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            let Some(slow) = &self.slow else { return };
            let elapsed = slow.start.elapsed();
            if elapsed >= slow.limit {
                tracing::warn!(
                    target: "batis::slow",
                    parent: &self.span,
                    elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                    db.query.text = slow.statement.sql(),
                    db.operation.batch.size = slow.items,
                    db.query.parameters = slow.parameters.as_deref(),
                    "slow statement"
                );
            }
        }
    }

    /// What the text and the connection tell.
    fn describe(span: &Span, raw: &dyn RawConnection, operation: &str, collection: Option<&str>) {
        let info = raw.info();
        span.record("db.system.name", info.product.to_lowercase());
        span.record("db.operation.name", operation);
        let texts = [
            ("db.namespace", info.database.as_deref()),
            ("db.collection.name", collection),
            ("server.address", info.server.as_deref()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                span.record(name, text);
            }
        }
        if let Some(port) = info.port {
            span.record("server.port", port);
        }
    }
}
