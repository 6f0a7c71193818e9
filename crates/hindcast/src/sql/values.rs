//! Values that go with a statement.

use rusqlite::ToSql;

/// The values of a statement's parameters, in their order.
pub trait Params {
    /// Hands them over.
    fn hand<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R;
}

/// No parameters: `[]`.
impl Params for [&dyn ToSql; 0] {
    fn hand<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(&[])
    }
}

/// What [`params!`](rusqlite::params) makes.
impl Params for &[&dyn ToSql] {
    fn hand<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(self)
    }
}

/// As many as there happen to be.
impl<T: ToSql> Params for Vec<T> {
    fn hand<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
        take(&self.iter().map(|value| value as &dyn ToSql).collect::<Vec<_>>())
    }
}

macro_rules! alike {
    ($($count:literal)+) => {$(
        impl<T: ToSql> Params for [T; $count] {
            fn hand<R>(&self, take: impl FnOnce(&[&dyn ToSql]) -> R) -> R {
                take(&self.each_ref().map(|value| value as &dyn ToSql))
            }
        }
    )+};
}

alike!(1 2 3 4 5 6);
