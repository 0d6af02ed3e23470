//! The options that URLs know.

use batis_dbc::PropertyInfo;

pub(crate) const PROPERTIES: &[PropertyInfo] = &[
    property(
        "host",
        "localhost",
        "Hosts, or folders of unix sockets (`/run/postgresql`), divided by commas; the URL's own hosts go first. PGHOST",
    ),
    property("hostaddr", "", "Addresses to connect to in place of looking up the hosts' names. PGHOSTADDR"),
    property("port", "5432", "The port, or one for each host. PGPORT"),
    property("user", "", "The user; default: the user of the operating system. The URL's own user goes first. PGUSER"),
    property("password", "", "The password; default: what the password file says. PGPASSWORD"),
    property("dbname", "", "The database; default: the user's name. The URL's path goes first. PGDATABASE"),
    property(
        "passfile",
        "~/.pgpass",
        "The file of lines `host:port:database:user:password`; not used if others can read it. PGPASSFILE",
    ),
    property("service", "", "The entry of the service file that has further options. PGSERVICE"),
    property("servicefile", "~/.pg_service.conf", "The service file. PGSERVICEFILE"),
    property("application_name", "", "The name that `pg_stat_activity` shows. PGAPPNAME"),
    property(
        "options",
        "",
        "Settings of the session in the server's command line form: `-c search_path=app -c statement_timeout=5s`. PGOPTIONS",
    ),
    property(
        "connect_timeout",
        "10",
        "Seconds for connecting to one host, login included; 0: no limit. PGCONNECT_TIMEOUT",
    ),
    property(
        "target_session_attrs",
        "any",
        "Which of several hosts to take: any, read-write, read-only, primary, standby, or prefer-standby. PGTARGETSESSIONATTRS",
    ),
    property(
        "load_balance_hosts",
        "disable",
        "In which order hosts are tried: disable (as given) or random. PGLOADBALANCEHOSTS",
    ),
    property(
        "prepare_threshold",
        "5",
        "From which use on a statement is prepared by name on its connection; before, each use is one unnamed round trip. \
         0: never (PgBouncer in transaction mode), -1: always.",
    ),
    property(
        "statement_cache",
        "256",
        "How many statements a connection remembers; the least recently used one leaves. At least 1.",
    ),
    property(
        "statement_cache_bytes",
        "5242880",
        "How many bytes the texts of these statements may have together; the least recently used ones leave. \
          0: no limit.",
    ),
    property(
        "socket_timeout",
        "0",
        "Seconds that an answer of the server may be waited for before the connection counts as lost; 0: for ever.",
    ),
    property("keepalives", "true", "Whether TCP sends probes on idle connections: true or false (or 1 and 0)."),
    property("keepalives_idle", "7200", "Seconds without traffic before the first TCP probe."),
    property("keepalives_interval", "", "Seconds between TCP probes; default: the system's."),
    property(
        "keepalives_count",
        "",
        "Unanswered TCP probes after which the connection is lost; default: the system's.",
    ),
    property(
        "sslmode",
        "prefer",
        "disable, allow, prefer, require, verify-ca or verify-full; never used over unix sockets. What is stricter than prefer needs the \
         feature `tls`. PGSSLMODE",
    ),
    property(
        "sslrootcert",
        "~/.postgresql/root.crt",
        "PEM file of the certificate authorities that are trusted, or `system`; with neither this nor the default file: the system's. \
         PGSSLROOTCERT",
    ),
    property("sslcert", "~/.postgresql/postgresql.crt", "PEM file of the client's certificate. PGSSLCERT"),
    property(
        "sslkey",
        "~/.postgresql/postgresql.key",
        "PEM file of the client's key, without a password; nobody else may be able to read it. PGSSLKEY",
    ),
    property(
        "channel_binding",
        "prefer",
        "Whether a login by password is bound to the TLS channel: disable, prefer, or require. PGCHANNELBINDING",
    ),
];

const fn property(name: &'static str, default: &'static str, doc: &'static str) -> PropertyInfo {
    PropertyInfo { name, default, doc }
}
