//! Mapper files and dynamic SQL as data with spans: no database, no I/O.
