//! How a statement is named: by id, or by a handle that was kept.

use std::sync::Arc;

use crate::configuration::Configuration;
use crate::error::Result;
use crate::mapped_statement::MappedStatement;

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for &String {}
    impl Sealed for &super::MappedStatement {}
    impl Sealed for &std::sync::Arc<super::MappedStatement> {}
}

/// What names a statement: its id, or the [`MappedStatement`] itself, which saves the look-up. Sealed.
pub trait ToMappedStatement: sealed::Sealed {
    /// The statement.
    ///
    /// # Errors
    /// If no statement has the id, or several have it as their short one.
    fn find<'s>(self, configuration: &'s Configuration) -> Result<&'s MappedStatement>
    where
        Self: 's;
}

impl ToMappedStatement for &str {
    #[inline]
    fn find<'s>(self, configuration: &'s Configuration) -> Result<&'s MappedStatement>
    where
        Self: 's,
    {
        configuration.statement(self).map(|s| &**s)
    }
}

impl ToMappedStatement for &String {
    #[inline]
    fn find<'s>(self, configuration: &'s Configuration) -> Result<&'s MappedStatement>
    where
        Self: 's,
    {
        configuration.statement(self).map(|s| &**s)
    }
}

impl ToMappedStatement for &MappedStatement {
    #[inline]
    fn find<'s>(self, _: &'s Configuration) -> Result<&'s MappedStatement>
    where
        Self: 's,
    {
        Ok(self)
    }
}

impl ToMappedStatement for &Arc<MappedStatement> {
    #[inline]
    fn find<'s>(self, _: &'s Configuration) -> Result<&'s MappedStatement>
    where
        Self: 's,
    {
        Ok(self)
    }
}
