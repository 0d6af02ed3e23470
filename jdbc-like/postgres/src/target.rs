//! Which of several servers to take: `target_session_attrs`, and what was learned of servers before.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use batis_dbc::{Result, SqlError, SqlState};

use crate::options::{Address, Options, Target};
use crate::settings::Settings;
use crate::sync::lock;

/// How long what was learned of a server counts.
///
/// Source: `hostRecheckSeconds` of pgjdbc.
const KNOWN_FOR: Duration = Duration::from_secs(10);

/// What a session must be like.
///
/// Source: `target_session_attrs` of libpq, `targetServerType` of pgjdbc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionAttrs {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl SessionAttrs {
    pub(crate) fn of(settings: &Settings<'_>) -> Result<Self> {
        Ok(match settings.get("target_session_attrs") {
            None | Some("any") => Self::Any,
            Some("read-write") => Self::ReadWrite,
            Some("read-only") => Self::ReadOnly,
            Some("primary") => Self::Primary,
            Some("standby") => Self::Standby,
            Some("prefer-standby") => Self::PreferStandby,
            Some(_) => {
                let wanted = "any, read-write, read-only, primary, standby or prefer-standby";
                return Err(settings.wrong("target_session_attrs", wanted));
            }
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Primary => "primary",
            Self::Standby | Self::PreferStandby => "standby",
        }
    }

    fn is_met_by(self, role: Role) -> bool {
        match self {
            Self::Any => true,
            Self::ReadWrite => !role.standby && !role.read_only,
            Self::ReadOnly => role.standby || role.read_only,
            Self::Primary => !role.standby,
            Self::Standby | Self::PreferStandby => role.standby,
        }
    }
}

/// What a session is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// The server follows another one.
    pub(crate) standby: bool,
    /// Transactions are read-only unless they say otherwise.
    pub(crate) read_only: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Down,
    Up(Role),
}

/// What was learned of servers. Shared by all connections of a driver.
#[derive(Debug, Default)]
pub(crate) struct Statuses(Mutex<HashMap<Address, (Status, Instant)>>);

impl Statuses {
    fn all(&self) -> MutexGuard<'_, HashMap<Address, (Status, Instant)>> {
        lock(&self.0)
    }

    fn learn(&self, address: &Address, status: Status) {
        let now = Instant::now();
        let mut all = self.all();
        all.retain(|_, (_, at)| now.duration_since(*at) < KNOWN_FOR);
        all.insert(address.clone(), (status, now));
    }

    fn of(&self, address: &Address) -> Option<Status> {
        self.all().get(address).filter(|(_, at)| at.elapsed() < KNOWN_FOR).map(|(status, _)| *status)
    }
}

/// The search for a server: which to try next, and what came of it.
pub(crate) struct Search<'a> {
    statuses: &'a Statuses,
    /// What is wanted in this round; after a preference comes a round in which any server will do.
    rounds: Vec<SessionAttrs>,
    order: Vec<&'a Target>,
    next: usize,
    errors: Vec<SqlError>,
}

impl<'a> Search<'a> {
    pub(crate) fn new(options: &'a Options, statuses: &'a Statuses) -> Self {
        let mut order: Vec<&Target> = options.targets.iter().collect();
        if options.shuffle {
            shuffle(&mut order);
        }
        let rounds = match options.session_attrs {
            SessionAttrs::PreferStandby => vec![SessionAttrs::Any, SessionAttrs::PreferStandby],
            wanted => vec![wanted],
        };
        let mut search = Self { statuses, rounds, order, next: 0, errors: Vec::new() };
        search.sort();
        search
    }

    fn wanted(&self) -> SessionAttrs {
        self.rounds.last().copied().unwrap_or(SessionAttrs::Any)
    }

    /// Whether the role of a session must be known.
    pub(crate) fn asks_role(&self) -> bool {
        self.wanted() != SessionAttrs::Any
    }

    /// What is known not to fit comes last: it may have changed, but others go first. With one host there is nothing to choose.
    fn sort(&mut self) {
        if self.order.len() < 2 {
            return;
        }
        let wanted = self.wanted();
        let statuses = self.statuses;
        self.order.sort_by_key(|target| match statuses.of(&target.address) {
            Some(Status::Up(role)) => u8::from(!wanted.is_met_by(role)),
            None => 0,
            Some(Status::Down) => 2,
        });
    }

    /// The next server to try.
    pub(crate) fn next(&mut self) -> Option<&'a Target> {
        if self.next == self.order.len() {
            if self.rounds.len() < 2 {
                return None;
            }
            self.rounds.pop();
            self.next = 0;
            self.sort();
        }
        self.next += 1;
        self.order.get(self.next - 1).copied()
    }

    /// A session was begun; whether it is the one to take. Without a role it is.
    pub(crate) fn accepts(&mut self, target: &Target, role: Option<Role>) -> bool {
        let Some(role) = role else { return true };
        self.statuses.learn(&target.address, Status::Up(role));
        let wanted = self.wanted();
        if wanted.is_met_by(role) {
            return true;
        }
        let text = format!("the server at {} is not {}", target.address, wanted.name());
        self.errors.push(SqlError::new(SqlState::CONNECT_FAILED, text));
        false
    }

    /// Remembers why a server was not taken.
    ///
    /// # Errors
    /// The same, if the next server will not be different.
    pub(crate) fn failed(&mut self, target: &Target, error: SqlError) -> Result<()> {
        let next = matches!(error.sql_state().class(), "08" | "57") || error.sql_state().code() == "53300";
        if !next {
            return Err(error);
        }
        self.statuses.learn(&target.address, Status::Down);
        self.errors.push(error);
        Ok(())
    }

    pub(crate) fn into_error(mut self) -> SqlError {
        if self.errors.len() == 1 {
            return self.errors.remove(0);
        }
        let mut all: Vec<&str> = Vec::new();
        for error in &self.errors {
            // A second round says the same again.
            if !all.contains(&error.message()) {
                all.push(error.message());
            }
        }
        SqlError::new(SqlState::CONNECT_FAILED, format!("none of the hosts could be used: {}", all.join("; ")))
    }
}

/// Any order is as likely as another. The standard library's hashes have random keys, which is all the chance that is needed.
fn shuffle<T>(items: &mut [T]) {
    let random = RandomState::new();
    for last in (1..items.len()).rev() {
        let among = u64::try_from(last).unwrap_or(u64::MAX) + 1;
        let chosen = usize::try_from(random.hash_one(last) % among).unwrap_or(0);
        items.swap(last, chosen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use batis_dbc::Url;

    const PRIMARY: Role = Role { standby: false, read_only: false };
    const FROZEN: Role = Role { standby: false, read_only: true };
    const STANDBY: Role = Role { standby: true, read_only: false };

    fn options(url: &str) -> Options {
        Options::of(&Settings::of(&Url::parse(url).unwrap(), &Environment::empty().with_user("me")).unwrap()).unwrap()
    }

    /// The hosts in the order in which they are tried, until one is taken. Hosts without a role are down.
    fn tried(options: &Options, statuses: &Statuses, roles: &[(&str, Role)]) -> String {
        let mut search = Search::new(options, statuses);
        let mut names = Vec::new();
        while let Some(target) = search.next() {
            let name = target.address.to_string();
            let name = name.split(':').next().unwrap().to_owned();
            let role = roles.iter().find(|(n, _)| *n == name).map(|(_, role)| *role);
            names.push(name);
            match role {
                Some(role) if search.accepts(target, Some(role)) => return names.join(" "),
                Some(_) => {}
                None => search.failed(target, SqlError::new(SqlState::CONNECT_FAILED, "down")).unwrap(),
            }
        }
        names.join(" ") + " none"
    }

    #[test]
    fn each_wish_finds_its_server() {
        let all = [("p", PRIMARY), ("f", FROZEN), ("s", STANDBY)];
        let first = |wish: &str, hosts: &str| {
            let options = options(&format!("postgres://{hosts}/db?target_session_attrs={wish}"));
            tried(&options, &Statuses::default(), &all)
        };
        assert_eq!(first("any", "s,p"), "s");
        assert_eq!(first("read-write", "s,f,p"), "s f p");
        assert_eq!(first("read-only", "p,f,s"), "p f");
        assert_eq!(first("primary", "s,f,p"), "s f");
        assert_eq!(first("standby", "p,f,s"), "p f s");
        assert_eq!(first("standby", "p,f"), "p f none");
        assert_eq!(first("prefer-standby", "p,s"), "p s");
        assert_eq!(first("prefer-standby", "down,f"), "down f f", "what is down comes last in the second round");
    }

    #[test]
    fn what_was_learned_spares_the_next_connection_the_search() {
        let statuses = Statuses::default();
        let wish = options("postgres://down,s,p/db?target_session_attrs=primary");
        let roles = [("s", STANDBY), ("p", PRIMARY)];
        assert_eq!(tried(&wish, &statuses, &roles), "down s p");
        assert_eq!(tried(&wish, &statuses, &roles), "p");
        // The roles have changed: what was known is tried at last all the same.
        assert_eq!(tried(&wish, &statuses, &[("s", PRIMARY), ("p", STANDBY)]), "p s");
        assert_eq!(tried(&wish, &statuses, &[]), "s p down none");
    }

    #[test]
    fn a_random_order_is_any_order() {
        let wish = options("postgres://a,b,c/db?load_balance_hosts=random");
        let up = [("a", PRIMARY), ("b", PRIMARY), ("c", PRIMARY)];
        let firsts: std::collections::BTreeSet<String> =
            (0..200).map(|_| tried(&wish, &Statuses::default(), &up)).collect();
        assert_eq!(firsts.len(), 3);
    }
}
