use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp, Unit, ZonedDateTime};

use super::calendar;
use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Interval, ValueRef};

fn epoch() -> DateTime {
    DateTime::constant(1970, 1, 1, 0, 0, 0, 0)
}

fn micros_since_epoch(at: DateTime) -> Result<i64> {
    let span = at.since((Unit::Microsecond, epoch()));
    span.map(|s| s.get_microseconds()).map_err(|_| super::out_of_range("DateTime", &at))
}

impl ToSql for Date {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let days = self.since((Unit::Day, epoch().date())).map(|s| s.get_days());
        days.map(|d| ValueRef::Date(d).into()).map_err(|_| super::out_of_range("Date", self))
    }
}

impl FromSql<'_> for Date {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let days = calendar::date("Date", value)?;
        let date = Span::new().try_days(days).and_then(|span| epoch().date().checked_add(span));
        date.map_err(|_| FromSqlError::range("Date", value))
    }
}

impl ToSql for Time {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let seconds = (i64::from(self.hour()) * 60 + i64::from(self.minute())) * 60 + i64::from(self.second());
        Ok(ValueRef::Time(seconds * 1_000_000 + i64::from(self.subsec_nanosecond() / 1_000)).into())
    }
}

impl FromSql<'_> for Time {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::time("Time", value)?;
        let time = Span::new().try_microseconds(micros).and_then(|span| Time::midnight().checked_add(span));
        time.map_err(|_| FromSqlError::range("Time", value))
    }
}

impl ToSql for DateTime {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        micros_since_epoch(*self).map(|micros| ValueRef::Timestamp(micros).into())
    }
}

impl FromSql<'_> for DateTime {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::timestamp("DateTime", value)?;
        let found = Span::new().try_microseconds(micros).and_then(|span| epoch().checked_add(span));
        found.map_err(|_| FromSqlError::range("DateTime", value))
    }
}

impl ToSql for Timestamp {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::TimestampTz(self.as_microsecond()).into())
    }
}

impl FromSql<'_> for Timestamp {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::instant("Timestamp", value)?;
        Timestamp::from_microsecond(micros).map_err(|_| FromSqlError::range("Timestamp", value))
    }
}

/// The instant; databases do not keep the zone.
impl ToSql for ZonedDateTime {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::TimestampTz(self.timestamp().as_microsecond()).into())
    }
}

/// Years count as months, weeks as days, and all below a day as microseconds.
impl ToSql for Span {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let months = i32::from(self.get_years()) * 12 + self.get_months();
        let days = self.get_weeks() * 7 + self.get_days();
        let seconds = (i64::from(self.get_hours()) * 60 + self.get_minutes()) * 60 + self.get_seconds();
        let below = self.get_milliseconds() * 1_000 + self.get_microseconds() + self.get_nanoseconds() / 1_000;
        match seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add(below)) {
            Some(micros) => Ok(ValueRef::Interval(Interval { months, days, micros }).into()),
            None => Err(super::out_of_range("Span", self)),
        }
    }
}

impl FromSql<'_> for Span {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let interval = Interval::from_sql(value).map_err(|error| error.of("Span"))?;
        let signs = [i64::from(interval.months), i64::from(interval.days), interval.micros].map(i64::signum);
        if signs.contains(&1) && signs.contains(&-1) {
            // A span has one sign for all its units, and setting one of them would turn the others.
            return Err(FromSqlError::Other("a span whose parts have different signs is no jiff::Span".to_owned()));
        }
        let span = Span::new().try_months(interval.months).and_then(|s| s.try_days(interval.days));
        span.and_then(|s| s.try_microseconds(interval.micros)).map_err(|_| FromSqlError::range("Span", value))
    }
}
