//! A fake driver and the conformance list that any batis driver can run.
