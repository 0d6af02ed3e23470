//! Two-phase commit on the real server: states, crashes between the phases, recovery by others.

mod common;

use batis_dbc::xa::{XaCode, XaEnd, XaResource, XaStart, Xid};
use batis_dbc::{Lease, Result, TransactionOptions, blocking};
use batis_testkit::{Cluster, Setup, TestDatabase};
use common::manager;

fn database() -> Option<TestDatabase> {
    let database = batis_testkit::postgres()?.create_database().unwrap();
    connect(&database.url()).execute_script("create table t (id int primary key)").unwrap();
    Some(database)
}

fn connect(url: &str) -> blocking::Connection {
    manager().connect_blocking(url).unwrap()
}

fn resource(url: &str) -> blocking::XaResource {
    blocking::XaResource::new(connect(url))
}

/// Names of prepared transactions are the server's, not the database's: no two tests may have the same.
fn xid(branch: &str) -> Xid {
    Xid::new(7, b"order'\\ 17", branch.as_bytes()).unwrap()
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> XaCode {
    let error = result.unwrap_err();
    XaCode::of(&error).unwrap_or_else(|| panic!("{error:?}"))
}

fn insert(resource: &mut blocking::XaResource, id: i32) {
    resource.connection().unwrap().execute("insert into t values (?)", (id,)).unwrap();
}

/// A branch that has inserted this row and is prepared.
fn prepared(resource: &mut blocking::XaResource, name: &str, id: i32) -> Xid {
    let xid = xid(name);
    resource.start(&xid, XaStart::New).unwrap();
    insert(resource, id);
    resource.end(&xid, XaEnd::Success).unwrap();
    resource.prepare(&xid).unwrap();
    xid
}

fn rows(url: &str) -> Vec<i32> {
    connect(url).query("select id from t order by id", ()).unwrap().map(|row| row.get(0)).unwrap()
}

#[test]
fn two_phases_and_one() {
    let Some(database) = database() else { return };
    let url = database.url();
    let mut resource = resource(&url);
    let first = prepared(&mut resource, "one", 1);
    assert_eq!(rows(&url), [] as [i32; 0]);
    assert_eq!(resource.recover().unwrap(), std::slice::from_ref(&first));
    resource.commit(&first).unwrap();
    assert_eq!((rows(&url), resource.recover().unwrap().len()), (vec![1], 0));
    let second = prepared(&mut resource, "two", 2);
    resource.rollback(&second).unwrap();
    let third = xid("three");
    resource.start(&third, XaStart::New).unwrap();
    insert(&mut resource, 3);
    resource.end(&third, XaEnd::Success).unwrap();
    resource.start(&third, XaStart::Join).unwrap();
    insert(&mut resource, 4);
    resource.end(&third, XaEnd::Success).unwrap();
    resource.commit_one_phase(&third).unwrap();
    assert_eq!(rows(&url), [1, 3, 4]);
    // Without a branch it is a connection as any other.
    insert(&mut resource, 5);
    assert_eq!(rows(&url), [1, 3, 4, 5]);
}

#[test]
fn states_are_checked() {
    let Some(database) = database() else { return };
    let url = database.url();
    let (mut resource, mut other) = (resource(&url), resource(&url));
    let (a, b) = (xid("a"), xid("b"));
    assert_eq!(code(resource.end(&a, XaEnd::Success)), XaCode::Protocol);
    assert_eq!(code(resource.prepare(&a)), XaCode::NotKnown);
    assert_eq!(code(resource.commit_one_phase(&a)), XaCode::NotKnown);
    assert_eq!(code(resource.commit(&a)), XaCode::NotKnown);
    assert_eq!(code(resource.rollback(&a)), XaCode::NotKnown);
    assert_eq!(code(resource.forget(&a)), XaCode::NotKnown);
    assert_eq!(code(resource.start(&a, XaStart::Join)), XaCode::ResourceError);
    assert_eq!(code(resource.start(&a, XaStart::Resume)), XaCode::ResourceError);

    resource.start(&a, XaStart::New).unwrap();
    for how in [XaStart::New, XaStart::Join] {
        assert_eq!(code(resource.start(&b, how)), XaCode::Protocol);
    }
    let suspended = resource.end(&a, XaEnd::Suspend).unwrap_err();
    assert_eq!(
        (suspended.to_string().as_str(), suspended.vendor_code()),
        ("XAER_RMERR: a branch cannot be suspended and resumed [0A000]", Some(-3))
    );
    for result in [resource.prepare(&a), resource.commit_one_phase(&a), resource.commit(&a), resource.rollback(&a)] {
        assert_eq!(code(result), XaCode::Protocol);
    }
    assert_eq!(code(resource.commit(&b)), XaCode::Protocol);
    assert_eq!(code(other.start(&a, XaStart::Join)), XaCode::ResourceError, "by another connection");
    // The branch is not ended by the connection's own means.
    assert_eq!(resource.connection().unwrap().commit().unwrap_err().sql_state().code(), "25000");
    assert_eq!(resource.connection().unwrap().rollback().unwrap_err().sql_state().code(), "25000");
    insert(&mut resource, 1);
    drop(resource.connection().unwrap().transaction().unwrap());
    resource.connection().unwrap().begin(&TransactionOptions::new()).unwrap();
    insert(&mut resource, 2);
    resource.end(&a, XaEnd::Success).unwrap();
    assert_eq!(code(resource.connection()), XaCode::Protocol);
    assert_eq!(code(resource.start(&b, XaStart::New)), XaCode::ResourceError);
    assert_eq!(code(resource.recover()), XaCode::Protocol);
    resource.prepare(&a).unwrap();
    other.commit(&a).unwrap();
    assert_eq!(rows(&url), [1], "what was begun and not committed in the branch is not part of it");

    other.connection().unwrap().begin(&TransactionOptions::new()).unwrap();
    assert_eq!(code(other.start(&b, XaStart::New)), XaCode::Outside);
    assert_eq!(code(other.commit(&b)), XaCode::Outside);
}

#[test]
fn a_branch_that_failed_is_rolled_back() {
    let Some(database) = database() else { return };
    let url = database.url();
    let (mut resource, mut other) = (resource(&url), resource(&url));
    let twice = prepared(&mut other, "twice", 1);
    for name in ["twice", "failed", "marked"] {
        let xid = xid(name);
        resource.start(&xid, XaStart::New).unwrap();
        insert(&mut resource, 2);
        let (how, expected) = match name {
            "twice" => (XaEnd::Success, XaCode::Duplicate),
            "failed" => {
                resource.connection().unwrap().execute("select 1 / 0", ()).unwrap_err();
                (XaEnd::Success, XaCode::RolledBack)
            }
            _ => (XaEnd::Fail, XaCode::RolledBack),
        };
        resource.end(&xid, how).unwrap();
        assert_eq!(code(resource.prepare(&xid)), expected, "{name}");
        assert_eq!(code(resource.prepare(&xid)), XaCode::RolledBack, "{name}");
        assert_eq!(code(resource.commit_one_phase(&xid)), XaCode::RolledBack, "{name}");
        resource.rollback(&xid).unwrap();
        insert(&mut resource, 2);
        assert_eq!(resource.connection().unwrap().execute("delete from t where id = 2", ()).unwrap(), 1);
    }
    assert_eq!(resource.recover().unwrap(), std::slice::from_ref(&twice), "that of the other is untouched");
    resource.rollback(&twice).unwrap();
    // A constraint that is looked at in the end.
    let setup = "create table d (id int unique deferrable initially deferred); insert into d values (1)";
    resource.connection().unwrap().execute_script(setup).unwrap();
    for one_phase in [true, false] {
        let xid = xid("deferred");
        resource.start(&xid, XaStart::New).unwrap();
        resource.connection().unwrap().execute("insert into d values (1)", ()).unwrap();
        resource.end(&xid, XaEnd::Success).unwrap();
        let refused = if one_phase { resource.commit_one_phase(&xid) } else { resource.prepare(&xid) };
        assert_eq!(code(refused), XaCode::Integrity);
        resource.rollback(&xid).unwrap();
    }
    assert_eq!(rows(&url), [] as [i32; 0]);
}

#[test]
fn a_crash_between_the_phases_is_recovered_from() {
    let Some(cluster) = batis_testkit::postgres().map(|_| Cluster::start_with(&Setup::new()).unwrap()) else {
        return;
    };
    let url = cluster.socket_url("postgres");
    connect(&url).execute_script("create table t (id int primary key)").unwrap();
    let kill = |cluster: &Cluster| {
        let sql = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'branch'";
        assert_eq!(cluster.psql("postgres", sql).unwrap(), "1");
    };
    let named = format!("{url}&application_name=branch");

    // Killed when prepared: it stays, and others end it.
    for (id, commits) in [(1, true), (2, false)] {
        let mut resource = resource(&named);
        let xid = prepared(&mut resource, "killed", id);
        kill(&cluster);
        assert_eq!(code(resource.commit(&xid)), XaCode::ResourceFailed);
        let mut other = self::resource(&url);
        assert_eq!(other.recover().unwrap(), std::slice::from_ref(&xid));
        if commits {
            other.commit(&xid).unwrap();
        } else {
            other.rollback(&xid).unwrap();
        }
        assert_eq!(code(other.commit(&xid)), XaCode::NotKnown);
        assert_eq!(rows(&url), [1]);
    }

    // Killed before: nothing is left.
    let mut resource = resource(&named);
    let open = xid("open");
    resource.start(&open, XaStart::New).unwrap();
    insert(&mut resource, 2);
    kill(&cluster);
    resource
        .end(&open, XaEnd::Success)
        .unwrap_or_else(|error| assert_eq!(XaCode::of(&error), Some(XaCode::ResourceFailed)));
    resource.prepare(&open).unwrap_err();
    assert_eq!(self::resource(&url).recover().unwrap(), []);

    // Over a restart of the server, beside prepared transactions of others.
    let mut resource = self::resource(&url);
    let survives = prepared(&mut resource, "survives", 3);
    connect(&url).execute_script("begin; insert into t values (4); prepare transaction 'theirs'").unwrap();
    cluster.restart().unwrap();
    let mut resource = self::resource(&url);
    assert_eq!(resource.recover().unwrap(), std::slice::from_ref(&survives));
    resource.commit(&survives).unwrap();
    assert_eq!(rows(&url), [1, 3]);
}

#[test]
fn an_open_branch_ends_with_its_resource() {
    let Some(database) = database() else { return };
    let url = database.url();
    let mut resource = resource(&url);
    resource.start(&xid("left"), XaStart::New).unwrap();
    insert(&mut resource, 1);
    let mut conn = blocking::Connection::leased(resource.into_connection());
    conn.execute("insert into t values (2)", ()).unwrap();
    assert_eq!((rows(&url), conn.transaction_depth()), (vec![2], 0));

    let mut resource = blocking::XaResource::new(conn);
    resource.start(&xid("left too"), XaStart::New).unwrap();
    insert(&mut resource, 3);
    let mut conn = resource.into_connection();
    let home = batis_dbc::block(conn.runner().as_deref(), None, async { Ok(conn.hand_back()) });
    assert_eq!(home.unwrap(), batis_dbc::HandBack::Ready);
    assert_eq!(rows(&url), [2]);
}

#[tokio::test]
async fn tasks_do_the_same() {
    let Some(database) = database() else { return };
    let connect = async || XaResource::new(Lease::new(manager().connect(&database.url()).await.unwrap(), None));
    let (mut resource, xid) = (connect().await, xid("task"));
    resource.start(&xid, XaStart::New).await.unwrap();
    resource.connection().unwrap().execute("insert into t values (1)", ()).await.unwrap();
    resource.end(&xid, XaEnd::Success).await.unwrap();
    resource.prepare(&xid).await.unwrap();
    let mut other = connect().await;
    assert_eq!(other.recover().await.unwrap(), std::slice::from_ref(&xid));
    other.commit(&xid).await.unwrap();
    assert_eq!(code(other.forget(&xid).await), XaCode::NotKnown);
    assert_eq!(
        resource.connection().unwrap().query_one("select id from t", ()).await.unwrap().get::<i32>(0).unwrap(),
        1
    );
}

/// A branch that was ended behind the resource's back was not prepared, nor rolled back: it may be committed already.
#[test]
fn a_branch_that_a_text_has_ended_is_told_as_such() {
    let Some(database) = database() else { return };
    let mut resource = resource(&database.url());
    for (name, id) in [("ended-two", 1), ("ended-one", 2)] {
        let xid = xid(name);
        resource.start(&xid, XaStart::New).unwrap();
        insert(&mut resource, id);
        resource.connection().unwrap().execute("commit", ()).unwrap();
        resource.end(&xid, XaEnd::Success).unwrap();
        let ended = if id == 1 { resource.prepare(&xid) } else { resource.commit_one_phase(&xid) };
        assert_eq!(code(ended), XaCode::Protocol);
        resource.rollback(&xid).unwrap();
    }
    assert_eq!(rows(&database.url()), [1, 2]);
}
