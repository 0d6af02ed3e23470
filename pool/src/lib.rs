//! Connection pool of batis: a lock-free bag for threads and tasks.
