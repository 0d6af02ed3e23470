//! Benchmarks of batis against raw drivers and peers.
