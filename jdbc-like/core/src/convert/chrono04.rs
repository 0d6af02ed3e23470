use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use super::calendar;
use crate::error::Result;
use crate::from_sql::{FromSql, FromSqlError};
use crate::to_sql::{ToSql, ToSqlOutput};
use crate::value::{Interval, ValueRef};

/// Days from the first day of the year 1 to 1970-01-01.
const EPOCH: i32 = 719_163;

impl ToSql for NaiveDate {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Date(self.num_days_from_ce() - EPOCH).into())
    }
}

impl FromSql<'_> for NaiveDate {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let days = calendar::date("NaiveDate", value)?;
        let date = days.checked_add(EPOCH).and_then(NaiveDate::from_num_days_from_ce_opt);
        date.ok_or_else(|| FromSqlError::range("NaiveDate", value))
    }
}

impl ToSql for NaiveTime {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let micros = i64::from(self.num_seconds_from_midnight()) * 1_000_000 + i64::from(self.nanosecond() / 1_000);
        Ok(ValueRef::Time(micros).into())
    }
}

impl FromSql<'_> for NaiveTime {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::time("NaiveTime", value)?;
        let (seconds, rest) = (u32::try_from(micros / 1_000_000), u32::try_from(micros % 1_000_000));
        let time =
            seconds.ok().zip(rest.ok()).and_then(|(s, m)| NaiveTime::from_num_seconds_from_midnight_opt(s, m * 1_000));
        time.ok_or_else(|| FromSqlError::range("NaiveTime", value))
    }
}

impl ToSql for NaiveDateTime {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::Timestamp(self.and_utc().timestamp_micros()).into())
    }
}

impl FromSql<'_> for NaiveDateTime {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::timestamp("NaiveDateTime", value)?;
        let found = DateTime::from_timestamp_micros(micros).map(|t| t.naive_utc());
        found.ok_or_else(|| FromSqlError::range("NaiveDateTime", value))
    }
}

impl ToSql for DateTime<Utc> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::TimestampTz(self.timestamp_micros()).into())
    }
}

impl FromSql<'_> for DateTime<Utc> {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        let micros = calendar::instant("DateTime<Utc>", value)?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| FromSqlError::range("DateTime<Utc>", value))
    }
}

/// The instant; databases do not keep the offset.
impl ToSql for DateTime<FixedOffset> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ValueRef::TimestampTz(self.timestamp_micros()).into())
    }
}

/// In UTC.
impl FromSql<'_> for DateTime<FixedOffset> {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        DateTime::<Utc>::from_sql(value).map(|t| t.fixed_offset())
    }
}

impl ToSql for TimeDelta {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        match self.num_microseconds() {
            Some(micros) => Ok(ValueRef::Interval(Interval { months: 0, days: 0, micros }).into()),
            None => Err(super::out_of_range("TimeDelta", self)),
        }
    }
}

/// Only spans without months, whose length is not known; a day counts 24 hours.
impl FromSql<'_> for TimeDelta {
    fn from_sql(value: ValueRef<'_>) -> Result<Self, FromSqlError> {
        match Interval::from_sql(value).map_err(|error| error.of("TimeDelta"))? {
            Interval { months: 0, days, micros } => Ok(TimeDelta::days(days.into()) + TimeDelta::microseconds(micros)),
            _ => Err(FromSqlError::Other("a span of months has no fixed length".to_owned())),
        }
    }
}
