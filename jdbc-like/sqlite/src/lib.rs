//! SQLite driver for batis.
