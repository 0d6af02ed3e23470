//! Whether this process is a fork of the one that built a pool.
//!
//! Parent and child share the sockets of all connections, and none of the threads that work for a pool exist in the child. So
//! there a pool made before lends nothing, and neither closes nor drops what it has. To learn of it costs a borrower one load
//! of a word that is never written: the C library calls us in each child.

#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many forks lie between the first pool of this program and this process.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The present generation; a pool made in another one is not ours.
#[inline]
pub(crate) fn generation() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// The generation of a pool that is made now. Forks are counted from the first call on.
pub(crate) fn begin() -> u32 {
    static COUNTED: Once = Once::new();
    COUNTED.call_once(count);
    generation()
}

#[cfg(unix)]
fn count() {
    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: the handler only adds to an atomic, which is sound in the child of a process with threads. If it cannot be
    // registered (there is no memory), forks are not noticed.
    let _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

#[cfg(not(unix))]
fn count() {}
