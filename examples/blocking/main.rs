//! The same mapper file from plain threads, without any async runtime: `cargo run --example blocking [postgres://..]`.
#![allow(clippy::print_stdout)] // an example shows what it does

use batis::blocking::Batis;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct NewUser {
    name: String,
    age: i32,
    city: Option<&'static str>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    name: String,
}

fn main() -> Result<(), batis::Error> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite::memory:".into());
    let mappers = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart/mappers");
    let batis = Batis::builder(url).mapper_dir(mappers).open()?;
    batis.session().update("users.createTable", ())?;

    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let session = batis.session();
                scope.spawn(move || {
                    session.insert(
                        "users.insert",
                        &NewUser { name: format!("user {worker}"), age: 20 + worker, city: None },
                    )
                })
            })
            .collect();
        workers.into_iter().try_for_each(|w| w.join().expect("no worker panics").map(|_| ()))
    })?;

    let older = batis::params! { name: None::<String>, minAge: 21, cities: Vec::<String>::new() };
    let users: Vec<User> = batis.session().select_list("users.search", older)?;
    for User { id, name } in &users {
        println!("{id:>2}  {name}");
    }
    println!("{}", batis.pool().stats());
    Ok(())
}
