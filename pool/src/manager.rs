//! What is pooled: the trait a pool is generic over.

use std::error::Error;
use std::future::{Future, ready};

/// Makes, checks, cleans and closes the items of a pool: connections, mostly, but a pool does not care.
///
/// `connect` is required; the rest has a body that suits an item which needs nothing. The pool calls none of them while
/// it holds a lock. (`r2d2` asks for `connect`, `is_valid` and `has_broken`; HikariCP has the JDBC driver for it.)
///
/// A manager whose work is done in the call rather than by waiting implements [`BlockingManager`].
///
/// ```
/// use batis_pool::{GiveBack, Manager};
///
/// struct Buffers;
///
/// impl Manager for Buffers {
///     type Item = Vec<u8>;
///     type Error = std::io::Error;
///
///     async fn connect(&self) -> Result<Vec<u8>, std::io::Error> {
///         Ok(Vec::with_capacity(64 * 1024))
///     }
///
///     fn give_back(&self, buffer: &mut Vec<u8>) -> GiveBack {
///         buffer.clear();
///         if buffer.capacity() > 1024 * 1024 { GiveBack::Discard } else { GiveBack::Ready }
///     }
/// }
/// ```
pub trait Manager: Send + Sync + 'static {
    /// What is borrowed.
    type Item: Send + 'static;
    /// Why connecting, checking or settling failed.
    type Error: Error + Send + Sync + 'static;

    /// Makes an item. Called in the background, one at a time; a failure is tried again after a pause, and is the cause
    /// of the error of those who waited in vain.
    fn connect(&self) -> impl Future<Output = Result<Self::Item, Self::Error>> + Send;

    /// Asks whether an item that lay idle still works; an error retires it. Called before an item is lent that was idle
    /// for longer than the bypass window (500 ms by default). It may be dropped half-way: then the item comes back through
    /// [`give_back`](Manager::give_back), which says [`GiveBack::Settle`] if the check left something in flight. Default:
    /// it works.
    #[doc(alias = "isValid")]
    fn check(&self, item: &mut Self::Item) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = item;
        ready(Ok(()))
    }

    /// Whether an item is known to be dead already, before it is lent: one that died while it lay idle is replaced instead
    /// of lent. Called on each loan, so it must cost next to nothing, and ask nobody. Default: no.
    #[doc(alias = "has_broken")]
    fn is_broken(&self, item: &mut Self::Item) -> bool {
        let _ = item;
        false
    }

    /// Decides what happens with an item that comes back. Called in the guard's destructor, wherever that runs: it must
    /// neither block nor wait. Default: [`GiveBack::Ready`].
    fn give_back(&self, item: &mut Self::Item) -> GiveBack {
        let _ = item;
        GiveBack::Ready
    }

    /// Cleans an item for which [`give_back`](Manager::give_back) said [`GiveBack::Settle`]; an error retires it. Its
    /// slot stays taken meanwhile. Default: nothing.
    fn settle(&self, item: &mut Self::Item) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = item;
        ready(Ok(()))
    }

    /// Ends an item in good order. Default: drops it.
    fn close(&self, item: Self::Item) -> impl Future<Output = ()> + Send {
        drop(item);
        ready(())
    }

    /// The most items that make sense, where there is a natural limit (1 for a database that lives and dies with its
    /// connection). It becomes the default of `max_size`, a larger `max_size` is refused, and items are kept for good
    /// unless a lifetime is set. Default: none.
    fn limit(&self) -> Option<u32> {
        None
    }

    /// Whether all of the above are done when they are first polled, and on whatever thread. Then settling and closing
    /// are done where they come up instead of in the background, and no runtime is needed. Default: `false`.
    fn works_inline(&self) -> bool {
        false
    }
}

/// What to do with an item that came back: the three cases of a connection that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GiveBack {
    /// It is clean, or its cleaning has been started and needs nobody to wait: it goes to the next borrower at once.
    Ready,
    /// Something is still in flight: [`Manager::settle`] is run in the background, then it goes to the next borrower.
    Settle,
    /// It is broken: closed, and its place is free for another.
    Discard,
}

/// A [`Manager`] for items whose work is done in the call: plain functions. Give [`Blocking`] of it to the pool.
///
/// ```
/// use std::net::TcpStream;
///
/// use batis_pool::{Blocking, BlockingManager, Pool};
///
/// struct Lines(&'static str);
///
/// impl BlockingManager for Lines {
///     type Item = TcpStream;
///     type Error = std::io::Error;
///
///     fn connect(&self) -> std::io::Result<TcpStream> {
///         TcpStream::connect(self.0)
///     }
/// }
///
/// # fn main() -> Result<(), batis_pool::PoolError> {
/// let pool = Pool::builder(Blocking(Lines("127.0.0.1:7"))).max_size(4).min_idle(0).build()?;
/// # Ok(())
/// # }
/// ```
pub trait BlockingManager: Send + Sync + 'static {
    /// What is borrowed.
    type Item: Send + 'static;
    /// Why connecting, checking or settling failed.
    type Error: Error + Send + Sync + 'static;

    /// See [`Manager::connect`].
    ///
    /// # Errors
    /// Why there is no item.
    fn connect(&self) -> Result<Self::Item, Self::Error>;

    /// See [`Manager::check`]. Default: it works.
    ///
    /// # Errors
    /// Why the item must be retired.
    fn check(&self, item: &mut Self::Item) -> Result<(), Self::Error> {
        let _ = item;
        Ok(())
    }

    /// See [`Manager::is_broken`]. Default: no.
    fn is_broken(&self, item: &mut Self::Item) -> bool {
        let _ = item;
        false
    }

    /// See [`Manager::give_back`]. Default: [`GiveBack::Ready`].
    fn give_back(&self, item: &mut Self::Item) -> GiveBack {
        let _ = item;
        GiveBack::Ready
    }

    /// See [`Manager::settle`]; done in place, in the guard's destructor. Default: nothing.
    ///
    /// # Errors
    /// Why the item must be retired.
    fn settle(&self, item: &mut Self::Item) -> Result<(), Self::Error> {
        let _ = item;
        Ok(())
    }

    /// See [`Manager::close`]. Default: drops it.
    fn close(&self, item: Self::Item) {
        drop(item);
    }

    /// See [`Manager::limit`]. Default: none.
    fn limit(&self) -> Option<u32> {
        None
    }
}

/// Makes a [`Manager`] of a [`BlockingManager`]: its futures are ready at the first poll.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blocking<B>(pub B);

impl<B: BlockingManager> Manager for Blocking<B> {
    type Item = B::Item;
    type Error = B::Error;

    async fn connect(&self) -> Result<B::Item, B::Error> {
        self.0.connect()
    }

    async fn check(&self, item: &mut B::Item) -> Result<(), B::Error> {
        self.0.check(item)
    }

    fn is_broken(&self, item: &mut B::Item) -> bool {
        self.0.is_broken(item)
    }

    fn give_back(&self, item: &mut B::Item) -> GiveBack {
        self.0.give_back(item)
    }

    async fn settle(&self, item: &mut B::Item) -> Result<(), B::Error> {
        self.0.settle(item)
    }

    async fn close(&self, item: B::Item) {
        self.0.close(item);
    }

    fn limit(&self) -> Option<u32> {
        self.0.limit()
    }

    fn works_inline(&self) -> bool {
        true
    }
}
