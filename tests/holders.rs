//! An exhausted pool names who holds its connections, with the mapper's statement.

use std::time::Duration;

use batis::blocking::Batis;
use batis::{Error, params};

const MAPPER: &str = r#"<mapper namespace="jobs">
  <select id="count">select count(*) from sqlite_master where name like #{name}</select>
</mapper>"#;

#[test]
fn an_exhausted_pool_names_the_statement_of_each_holder() {
    let folder = tempfile::tempdir().unwrap();
    let batis = Batis::builder(format!("sqlite:{}", folder.path().join("jobs.db").display()))
        .mapper_xml("jobs.xml", MAPPER)
        .pool(|pool| {
            let pool = pool.max_size(1).connection_timeout(Duration::from_millis(250));
            pool.leak_detection_threshold(Duration::from_secs(60))
        })
        .open()
        .unwrap();
    let held = batis.session().begin().unwrap();
    assert_eq!(held.select_one::<i64>("jobs.count", params! { name: "%" }).unwrap(), 0);
    let error: Error = batis.session().select_one::<i64>("jobs.count", params! { name: "%" }).unwrap_err();
    let mut chain = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
    while let Some(known) = cause {
        chain.push_str(&format!("\n{known}"));
        cause = known.source();
    }
    assert!(chain.contains("in `jobs.count`"), "{chain}");
    assert!(chain.starts_with("jobs.count (jobs.xml:2:3): pool "), "{chain}");
    assert_eq!(batis.pool().holders()[0].what.as_deref(), Some("jobs.count"));
    held.rollback().unwrap();
    // Nothing is known of a connection that nobody holds.
    assert!(batis.pool().holders().is_empty());
}

#[test]
fn an_exhausted_pool_names_the_callers_own_place() {
    let batis = Batis::builder("sqlite::memory:")
        .pool(|pool| pool.max_size(1).connection_timeout(Duration::from_millis(250)))
        .open()
        .unwrap();
    let _held = batis.connection().unwrap();
    let here = format!("asked for at {}:{}:", file!(), line!() + 1);
    let told = batis.connection().map(|_| ()).unwrap_err().to_string();
    assert!(told.contains(&here), "{told}");
}

#[tokio::test]
async fn an_exhausted_pool_names_the_tasks_own_place() {
    let batis = batis::Batis::builder("sqlite::memory:")
        .mapper_xml("jobs.xml", MAPPER)
        .pool(|pool| pool.max_size(1).connection_timeout(Duration::from_millis(250)))
        .open()
        .await
        .unwrap();
    let _held = batis.connection().await.unwrap();
    let here = format!("asked for at {}:{}:", file!(), line!() + 1);
    let told = batis.connection().await.map(|_| ()).unwrap_err().to_string();
    assert!(told.contains(&here), "{told}");
    let lost = batis.session().select_one::<i64>("jobs.count", params! { name: "%" }).await.unwrap_err();
    assert_eq!(lost.statement(), Some("jobs.count"));
}
