//! Private databases and faults for the tests of batis.
