//! batis.
