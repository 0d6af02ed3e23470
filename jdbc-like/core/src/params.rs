//! [`Params`]: the parameters of one call.

use smallvec::SmallVec;

use crate::error::Result;
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Value, ValueRef};

/// The parameters of one call as cells; up to eight need no heap.
pub type Cells<'a> = SmallVec<[ValueRef<'a>; 8]>;

/// Parameters on their way to cells; keeps what [`ToSql`] had to make for the call.
#[derive(Debug)]
pub struct Bound<'a>(SmallVec<[ToSqlOutput<'a>; 8]>);

impl Bound<'_> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the parameter of this number only comes back.
    pub(crate) fn is_out(&self, at: usize) -> bool {
        matches!(self.0.get(at), Some(ToSqlOutput::Out))
    }

    /// The values themselves; what was made for the call is taken out.
    #[inline]
    pub(crate) fn take_values(&mut self) -> impl Iterator<Item = Value> {
        self.0.iter_mut().map(ToSqlOutput::take_value)
    }

    /// The cells that a driver takes.
    #[must_use]
    #[inline]
    pub fn cells(&self) -> Cells<'_> {
        self.0.iter().map(ToSqlOutput::as_ref).collect()
    }
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// What a call takes as parameters: `()`, a tuple of up to sixteen [`ToSql`] values, an array, a slice or a `Vec` of values of one type,
/// [`params!`](crate::params), or `&[&dyn ToSql]`. Sealed.
///
/// The n-th value belongs to the n-th `?`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of SQL parameters",
    label = "not a list of parameters",
    note = "write a tuple, `()` for none and `(value,)` for one; more than 16, of any types: `batis_dbc::params![..]`"
)]
pub trait Params: Sealed {
    /// Asks each parameter for its SQL value.
    ///
    /// # Errors
    /// If a value has no SQL form.
    fn bind(&self) -> Result<Bound<'_>>;
}

impl<P: Params + ?Sized> Sealed for &P {}
impl<P: Params + ?Sized> Params for &P {
    #[inline]
    fn bind(&self) -> Result<Bound<'_>> {
        (**self).bind()
    }
}

impl Sealed for () {}
impl Params for () {
    #[inline]
    fn bind(&self) -> Result<Bound<'_>> {
        Ok(Bound(SmallVec::new()))
    }
}

impl<T: ToSql> Sealed for [T] {}
impl<T: ToSql> Params for [T] {
    fn bind(&self) -> Result<Bound<'_>> {
        self.iter().map(ToSql::to_sql).collect::<Result<_>>().map(Bound)
    }
}

impl<T: ToSql, const N: usize> Sealed for [T; N] {}
impl<T: ToSql, const N: usize> Params for [T; N] {
    fn bind(&self) -> Result<Bound<'_>> {
        self.as_slice().bind()
    }
}

impl<T: ToSql> Sealed for Vec<T> {}
impl<T: ToSql> Params for Vec<T> {
    fn bind(&self) -> Result<Bound<'_>> {
        self.as_slice().bind()
    }
}

macro_rules! tuples {
    ($($name:ident . $index:tt),*) => {
        impl<$($name: ToSql),*> Sealed for ($($name,)*) {}
        impl<$($name: ToSql),*> Params for ($($name,)*) {
            #[inline]
            fn bind(&self) -> Result<Bound<'_>> {
                let mut bound = SmallVec::new();
                $(bound.push(self.$index.to_sql()?);)*
                Ok(Bound(bound))
            }
        }
    };
}

tuples!(A.0);
tuples!(A.0, B.1);
tuples!(A.0, B.1, C.2);
tuples!(A.0, B.1, C.2, D.3);
tuples!(A.0, B.1, C.2, D.3, E.4);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10, L.11);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10, L.11, M.12);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10, L.11, M.12, N.13);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10, L.11, M.12, N.13, O.14);
tuples!(A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7, I.8, J.9, K.10, L.11, M.12, N.13, O.14, P.15);

/// Parameters of different types in any number: `params![1, "a", None::<i64>]`.
///
/// ```
/// use batis_dbc::{Params, ToSql, params};
/// let list: &[&dyn ToSql] = params![1, "a", None::<i64>];
/// assert_eq!(list.bind().unwrap().cells().len(), 3);
/// ```
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$(&$value as &dyn $crate::ToSql),*] };
}
