//! [`random_drops`]: drops the futures of operations at random awaits, and looks at what is left.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll, Waker};

use batis_dbc::driver::{ConnectOptions, Mode};
use batis_dbc::{Batch, CallOptions, Connection, DriverManager, Result, ScriptResult, SqlError, TransactionOptions};

use crate::case::{Check, Problem, same};
use crate::cases::numbers;
use crate::dialect::Dialect;

/// What came of [`random_drops`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DropReport {
    /// Futures that were dropped before they were ready.
    pub dropped: u32,
    /// Futures that were ready before that.
    pub finished: u32,
    /// Connections that were broken by a drop and replaced (a COMMIT that was dropped: nobody knows its outcome).
    pub evicted: u32,
}

/// Runs operations of all kinds and drops their futures at random awaits, until `drops` were dropped. After each drop the connection must
/// answer a query rightly, outside of any transaction, or be broken; a transaction is done as a whole or not at all; and a long query of a
/// neighbour must go on all the while. The seed decides what happens, as far as the database's timing does not.
///
/// # Errors
/// What was found instead, with the seed.
pub async fn random_drops(
    manager: &DriverManager,
    url: &str,
    dialect: &Dialect,
    seed: u64,
    drops: u32,
) -> Result<DropReport, Problem> {
    let mut run = Run { manager, url, dialect, random: Random(seed | 1), report: DropReport::default(), next: 1 };
    run.all(drops).await.map_err(|problem| Problem::new(format!("seed {seed}, after {:?}: {problem}", run.report)))?;
    Ok(run.report)
}

struct Run<'a> {
    manager: &'a DriverManager,
    url: &'a str,
    dialect: &'a Dialect,
    random: Random,
    report: DropReport,
    next: i64,
}

const KINDS: u64 = 14;

impl Run<'_> {
    async fn connect(&self) -> Result<Connection> {
        self.manager.data_source(self.url)?.connect(&ConnectOptions::new(Mode::Async)).await
    }

    async fn all(&mut self, drops: u32) -> Check {
        let mut conn = self.connect().await?;
        conn.execute("drop table if exists conf_drops", ()).await?;
        let columns = self.dialect.types.fill("n {big}, t {text}");
        conn.execute(&format!("create table conf_drops ({columns})"), ()).await?;
        let mut neighbour = self.connect().await?;
        let slow = self.dialect.slow_query;
        let mut long = Box::pin(neighbour.execute(slow, ()));
        same!(poll_once(long.as_mut()).is_none(), true);
        while self.report.dropped < drops {
            self.turn(&mut conn).await?;
            let left = self.look(&mut conn).await?;
            if left {
                conn.close().await;
                conn = self.connect().await?;
                self.session_ends(&mut conn).await?;
            }
            if let Some(Err(error)) = poll_once(long.as_mut()) {
                return Err(Problem::new(format!("the neighbour's query was ended: {error}")));
            }
        }
        drop(long);
        self.nothing_is_half_done(&mut conn).await
    }

    /// A server may notice a little later that a connection was closed; its transaction ends then.
    async fn session_ends(&self, conn: &mut Connection) -> Check {
        let Some(sql) = self.dialect.open_transactions else { return Ok(()) };
        for _ in 0..10_000 {
            if conn.query_one(sql, ()).await?.get::<i64>(0)? == 0 {
                return Ok(());
            }
        }
        Err(Problem::new("the transaction of a connection that was closed stays open"))
    }

    /// One operation, dropped or not.
    async fn turn(&mut self, conn: &mut Connection) -> Check {
        let (kind, id, turns) = (self.random.below(KINDS), self.next, self.random.turns());
        self.next += 1;
        let yields = self.random.below(2) == 0;
        let ended = for_turns(operation(conn, kind, id, self.dialect), turns, yields).await;
        match ended {
            None => self.report.dropped += 1,
            Some(Ok(())) => self.report.finished += 1,
            Some(Err(error)) => return Err(Problem::new(format!("operation {kind} failed: {error}"))),
        }
        Ok(())
    }

    /// Whether the connection is lost; else it answers rightly, and no transaction is open.
    async fn look(&mut self, conn: &mut Connection) -> Result<bool, Problem> {
        // As when it comes back to its pool.
        let settled = conn.settle().await;
        let answer = match settled {
            Ok(()) => conn.query_one("select cast(? as bigint)", (self.next,)).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(row) => same!(row.get::<i64>(0)?, self.next),
            Err(error) if error.sql_state().code() == "08007" && conn.is_broken() => {
                self.report.evicted += 1;
                return Ok(true);
            }
            Err(error) => return Err(Problem::new(format!("after a drop: {error}"))),
        }
        same!(conn.transaction_depth(), 0);
        if let Some(sql) = self.dialect.open_transactions {
            let open: i64 = conn.query_one(sql, ()).await?.get(0)?;
            same!(open, 0);
        }
        Ok(false)
    }

    /// Each transaction has written all of its rows or none.
    async fn nothing_is_half_done(&self, conn: &mut Connection) -> Check {
        let sql = "select count(*) from (select n from conf_drops group by n having count(*) not in (2, 40)) as halves";
        let halves: i64 = conn.query_one(sql, ()).await?.get(0)?;
        same!(halves, 0);
        Ok(())
    }
}

/// An operation. What it writes are two rows of one number, or forty.
async fn operation(conn: &mut Connection, kind: u64, id: i64, dialect: &Dialect) -> Result<()> {
    let insert = "insert into conf_drops values (?, 'x')";
    match kind {
        0 => drop(conn.query_one("select count(*), cast(? as bigint) from conf_drops", (id,)).await?),
        1 => drop(conn.execute("insert into conf_drops values (?, 'a'), (?, 'b')", (id, id)).await?),
        2 => {
            let mut rows = conn.query(&numbers(3000), ()).await?;
            for _ in 0..id % 2000 {
                rows.advance().await?;
            }
        }
        3 => drop(conn.query(&numbers(500), ()).await?.collect().await?),
        4 | 5 => {
            conn.tx(async |t| {
                t.execute(insert, (id,)).await?;
                if id % 3 == 0 {
                    let mut inner = t.savepoint().await?;
                    inner.execute("insert into conf_drops values (?, 'never')", (id,)).await?;
                    inner.rollback().await?;
                }
                t.execute(insert, (id,)).await
            })
            .await?;
        }
        6 => {
            let mut batch = Batch::new(insert);
            for _ in 0..40 {
                batch.add((id,))?;
            }
            conn.execute_batch(&batch).await?;
        }
        7 => drop(conn.describe(&format!("select n, t, {id} from conf_drops where n = ?")).await?),
        8 => conn.execute_script("select 1; select 2; select 3").await?,
        9 => {
            conn.begin(&TransactionOptions::new()).await?;
            conn.execute(insert, (id,)).await?;
            conn.execute(insert, (id,)).await?;
            conn.commit().await?;
        }
        10 => {
            conn.tx(async |t| {
                let portions = CallOptions::new().fetch_size(7);
                let mut rows = t.query_with(&numbers(200), (), &portions).await?;
                for _ in 0..id % 250 {
                    rows.advance().await?;
                }
                Ok::<_, SqlError>(())
            })
            .await?;
        }
        11 => {
            let script = format!("{}; insert into conf_drops values (?, 'a'), (?, 'b'); {}", numbers(300), numbers(30));
            let mut results = conn.query_script(&script, (id, id))?;
            while let Some(result) = results.next().await? {
                if let ScriptResult::Rows(mut rows) = result {
                    for _ in 0..id % 40 {
                        rows.advance().await?;
                    }
                }
            }
        }
        12 => {
            let sql = "insert into conf_drops values (?, 'a'), (?, 'b')";
            drop(conn.execute_returning(sql, (id, id), &["n"]).await?);
        }
        // Never ends by itself in the time of the test: dropped, whatever the turns are.
        _ => {
            let mut query = pin!(conn.execute(dialect.slow_query, ()));
            let mut turns = id % 20;
            poll_fn(|cx| match query.as_mut().poll(cx) {
                Poll::Ready(done) => Poll::Ready(done.map(drop)),
                Poll::Pending if turns == 0 => Poll::Ready(Ok(())),
                Poll::Pending => {
                    turns -= 1;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            })
            .await?;
        }
    }
    Ok(())
}

fn poll_once<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    match future.poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Polls a future so often, then drops it; its value if it is ready before. With `yields` it is polled again at once, not only when it is
/// woken, so that it is dropped at any time between two answers too.
async fn for_turns<T>(future: impl Future<Output = T>, mut turns: u64, yields: bool) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        if turns == 0 {
            return Poll::Ready(None);
        }
        turns -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if turns == 0 => Poll::Ready(None),
            Poll::Pending => {
                if yields {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    })
    .await
}

/// Marsaglia's xorshift: the same numbers for the same seed, on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }

    /// Mostly few, sometimes many.
    fn turns(&mut self) -> u64 {
        let most = [3, 8, 30, 200][usize::try_from(self.below(4)).unwrap_or_default()];
        self.below(most)
    }
}
