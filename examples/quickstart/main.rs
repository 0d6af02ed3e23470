//! A database, a mapper file, inserts, a dynamic search, a transaction that rolls back: `cargo run --example quickstart`.
#![allow(clippy::print_stdout)] // an example shows what it does

use batis::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct NewUser {
    name: &'static str,
    age: i32,
    city: Option<&'static str>,
}

/// What to look for; the mapper file leaves out what is not given. `min_age` answers to `minAge` in the file.
#[derive(Serialize, Default)]
struct Search {
    name: Option<&'static str>,
    min_age: Option<i32>,
    cities: Vec<&'static str>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    name: String,
    age: i32,
    city: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), batis::Error> {
    let mappers = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart/mappers");
    let batis = Batis::builder("sqlite::memory:").mapper_dir(mappers).open().await?;
    let session = batis.session();

    session.update("users.createTable", ()).await?;
    let people = [("Ann", 31, Some("Oslo")), ("Bob", 17, Some("Bergen")), ("Cid", 45, Some("Oslo")), ("Dee", 52, None)];
    for (name, age, city) in people {
        session.insert("users.insert", &NewUser { name, age, city }).await?;
    }

    show("everybody", &session, Search::default()).await?;
    show("adults in Oslo", &session, Search { min_age: Some(18), cities: vec!["Oslo"], ..Default::default() }).await?;
    show("named like %e%", &session, Search { name: Some("%e%"), ..Default::default() }).await?;

    // The second insert breaks the unique name, so the first one is taken back as well.
    let failed: Result<(), batis::Error> = session
        .tx(|t| async move {
            t.insert("users.insert", &NewUser { name: "Eve", age: 28, city: None }).await?;
            t.insert("users.insert", &NewUser { name: "Ann", age: 99, city: None }).await?;
            Ok(())
        })
        .await;
    let count: i64 = session.select_one("users.count", ()).await?;
    println!("transaction: {}\nstill {count} users", failed.expect_err("the name is taken"));
    Ok(())
}

async fn show(title: &str, session: &SqlSession, search: Search) -> Result<(), batis::Error> {
    let users: Vec<User> = session.select_list("users.search", &search).await?;
    println!("{title}\n  {:>2}  {:<5} {:>3}  city", "id", "name", "age");
    for User { id, name, age, city } in users {
        println!("  {id:>2}  {name:<5} {age:>3}  {}", city.as_deref().unwrap_or("-"));
    }
    Ok(())
}
