use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};

use super::calendar;
use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::ValueRef;

/// The Julian day number of 1970-01-01.
const EPOCH: i32 = 2_440_588;

fn micros(whole: Duration) -> Option<i64> {
    i64::try_from(whole.whole_microseconds()).ok()
}

impl ToSql for Date {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Date(self.to_julian_day() - EPOCH).into())
    }
}

impl FromSql<'_> for Date {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let days = calendar::date("Date", value)?;
        let date = days.checked_add(EPOCH).and_then(|day| Date::from_julian_day(day).ok());
        date.ok_or_else(|| FromSqlError::range("Date", value))
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        match micros(*self - Time::MIDNIGHT) {
            Some(micros) => Ok(ValueRef::Time(micros).into()),
            None => Err(super::out_of_range("Time", self)),
        }
    }
}

impl FromSql<'_> for Time {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::time("Time", value)?;
        // Adding to a time wraps around midnight: 24:00:00, which PostgreSQL has, must not become 00:00:00.
        let inside = (0..86_400_000_000).contains(&micros);
        inside
            .then(|| Time::MIDNIGHT + Duration::microseconds(micros))
            .ok_or_else(|| FromSqlError::range("Time", value))
    }
}

impl ToSql for PrimitiveDateTime {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        match micros(self.assume_utc() - OffsetDateTime::UNIX_EPOCH) {
            Some(micros) => Ok(ValueRef::Timestamp(micros).into()),
            None => Err(super::out_of_range("PrimitiveDateTime", self)),
        }
    }
}

impl FromSql<'_> for PrimitiveDateTime {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::timestamp("PrimitiveDateTime", value)?;
        let found = OffsetDateTime::UNIX_EPOCH.checked_add(Duration::microseconds(micros));
        found
            .map(|t| PrimitiveDateTime::new(t.date(), t.time()))
            .ok_or_else(|| FromSqlError::range("PrimitiveDateTime", value))
    }
}

/// The instant; databases do not keep the offset.
impl ToSql for OffsetDateTime {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        match micros(*self - OffsetDateTime::UNIX_EPOCH) {
            Some(micros) => Ok(ValueRef::TimestampTz(micros).into()),
            None => Err(super::out_of_range("OffsetDateTime", self)),
        }
    }
}

/// In UTC.
impl FromSql<'_> for OffsetDateTime {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::instant("OffsetDateTime", value)?;
        let found = OffsetDateTime::UNIX_EPOCH.checked_add(Duration::microseconds(micros));
        found.ok_or_else(|| FromSqlError::range("OffsetDateTime", value))
    }
}
