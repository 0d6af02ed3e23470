//! Driver layer of batis: URLs, connections, statements, result sets, values, errors.
