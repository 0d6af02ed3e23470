//! What the server says without being asked: notices, notifications, and the end of the connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use batis_dbc::{SqlError, SqlState};
use tokio_postgres::AsyncMessage;
use tokio_postgres::error::DbError;

use crate::sync::lock;

/// How many notices are kept.
pub(crate) const NOTICES: usize = 64;
/// How many notifications wait for their listener.
const NOTIFICATIONS: usize = 16 * 1024;

/// A message of the server that is no error: `raise notice` in a function, `drop table if exists` of a table that is not there.
///
/// Source: `org.postgresql.util.PSQLWarning`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "SQLWarning")]
#[doc(alias = "PSQLWarning")]
pub struct Notice {
    /// `WARNING`, `NOTICE`, `INFO`, `LOG` or `DEBUG`, in the server's language.
    pub severity: String,
    /// Its SQLSTATE: `00000` for notices, class `01` for warnings.
    pub sql_state: SqlState,
    /// What the server says.
    pub message: String,
    /// What it says beside that.
    pub detail: Option<String>,
    /// What could be done.
    pub hint: Option<String>,
}

impl Notice {
    fn of(said: &DbError) -> Self {
        Self {
            severity: said.severity().to_owned(),
            sql_state: SqlState::from_code(said.code().code()).unwrap_or(SqlState::GENERAL),
            message: said.message().to_owned(),
            detail: said.detail().map(str::to_owned),
            hint: said.hint().map(str::to_owned),
        }
    }

    /// As all drivers give it.
    pub(crate) fn into_warning(self) -> SqlError {
        let mut warning = SqlError::new(self.sql_state, self.message);
        if let Some(detail) = self.detail {
            warning = warning.detail(detail);
        }
        match self.hint {
            Some(hint) => warning.hint(hint),
            None => warning,
        }
    }
}

/// A message that `NOTIFY` or `pg_notify` sent.
///
/// Source: `org.postgresql.PGNotification`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[doc(alias = "PGNotification")]
pub struct Notification {
    /// The channel.
    pub channel: String,
    /// The text that was sent with it; empty if there was none.
    pub payload: String,
    /// The server's process that sent it (`pg_backend_pid()` of that session).
    pub process_id: i32,
}

/// What came in.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    notices: VecDeque<Notice>,
    /// Kept only where somebody listens.
    listens: bool,
    notifications: VecDeque<Notification>,
    /// Some were dropped, for nobody took them.
    overflowed: bool,
    /// The connection has ended.
    ended: bool,
    waker: Option<Waker>,
}

/// What a listener finds.
pub(crate) enum Found {
    Notification(Notification),
    /// Some were dropped.
    Overflow,
    /// The connection has ended.
    End,
}

impl Inbox {
    fn content(&self) -> MutexGuard<'_, Content> {
        lock(&self.0)
    }

    pub(crate) fn put(&self, message: AsyncMessage) {
        match message {
            AsyncMessage::Notice(said) => self.put_notice(Notice::of(&said)),
            AsyncMessage::Notification(sent) => self.put_notification(Notification {
                channel: sent.channel().to_owned(),
                payload: sent.payload().to_owned(),
                process_id: sent.process_id(),
            }),
            _ => {}
        }
    }

    fn put_notice(&self, notice: Notice) {
        let mut content = self.content();
        if content.notices.len() == NOTICES {
            content.notices.pop_front();
        }
        content.notices.push_back(notice);
    }

    fn put_notification(&self, notification: Notification) {
        let mut content = self.content();
        if !content.listens {
            return;
        }
        if content.notifications.len() == NOTIFICATIONS {
            content.notifications.clear();
            content.overflowed = true;
        }
        content.notifications.push_back(notification);
        wake(content);
    }

    /// The connection has ended.
    pub(crate) fn end(&self) {
        let mut content = self.content();
        content.ended = true;
        wake(content);
    }

    /// The notices since they were taken last, the oldest first.
    pub(crate) fn take_notices(&self) -> Vec<Notice> {
        self.content().notices.drain(..).collect()
    }

    /// From now on notifications are kept.
    pub(crate) fn listen(&self) {
        self.content().listens = true;
    }

    /// What comes next for a listener.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Found> {
        let mut content = self.content();
        if std::mem::take(&mut content.overflowed) {
            return Poll::Ready(Found::Overflow);
        }
        if let Some(next) = content.notifications.pop_front() {
            return Poll::Ready(Found::Notification(next));
        }
        if content.ended {
            return Poll::Ready(Found::End);
        }
        content.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Wakes who waits, with nothing held.
fn wake(mut content: MutexGuard<'_, Content>) {
    let waker = content.waker.take();
    drop(content);
    if let Some(waker) = waker {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_notices_make_room_for_new_ones() {
        let inbox = Inbox::default();
        for number in 0..70 {
            let message = number.to_string();
            let sql_state = SqlState::GENERAL;
            inbox.put_notice(Notice { severity: String::new(), sql_state, message, detail: None, hint: None });
        }
        let kept = inbox.take_notices();
        assert_eq!((kept.len(), &*kept[0].message, &*kept[63].message), (64, "6", "69"));
        assert!(inbox.take_notices().is_empty());
    }

    #[test]
    fn a_listener_that_is_too_slow_learns_of_the_gap() {
        let inbox = Inbox::default();
        let send = |n: usize| {
            inbox.put_notification(Notification { channel: "c".into(), payload: n.to_string(), process_id: 1 });
        };
        let mut cx = Context::from_waker(Waker::noop());
        send(0);
        assert!(inbox.poll(&mut cx).is_pending(), "nobody listened");
        inbox.listen();
        (0..=NOTIFICATIONS).for_each(send);
        assert!(matches!(inbox.poll(&mut cx), Poll::Ready(Found::Overflow)));
        assert!(
            matches!(inbox.poll(&mut cx), Poll::Ready(Found::Notification(n)) if n.payload == NOTIFICATIONS.to_string())
        );
        assert!(inbox.poll(&mut cx).is_pending());
        inbox.end();
        assert!(matches!(inbox.poll(&mut cx), Poll::Ready(Found::End)));
    }
}
