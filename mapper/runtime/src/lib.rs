//! SQL mapper of batis: sessions, statements, parameters, results.
