//! PostgreSQL driver for batis.
