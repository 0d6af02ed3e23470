//! Macros of batis: mapper traits and derives.
