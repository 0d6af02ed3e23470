//! The mapper files of a real MyBatis application (JPetStore 6), unchanged, on SQLite and on PostgreSQL from one source:
//! `cargo run --example jpetstore -- FOLDER [POSTGRES_URL]`. FOLDER holds `mappers/` and `database/{schema,dataload}.sql`; without a URL a
//! private PostgreSQL is started. Ends with an error if the two databases answer differently.
#![allow(clippy::print_stdout)] // an example shows what it does

mod shop;

use std::error::Error;
use std::fs;
use std::path::Path;

use batis::Batis;
use batis_testkit::Cluster;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("usage: cargo run --example jpetstore -- FOLDER [POSTGRES_URL]")?;
    let folder = Path::new(&folder);

    let on_sqlite = visit("sqlite::memory:", folder).await?;
    println!("{}", on_sqlite.join("\n"));

    let on_postgres = match args.next() {
        Some(url) => visit(&url, folder).await?,
        None => {
            let database = Cluster::shared()?.create_database()?;
            visit(&database.url(), folder).await?
        }
    };
    if on_sqlite != on_postgres {
        return Err(format!("PostgreSQL answers differently:\n{}", on_postgres.join("\n")).into());
    }
    println!("\nPostgreSQL answers the same, {} lines", on_postgres.len());
    Ok(())
}

/// Loads schema and rows, and visits the shop.
async fn visit(url: &str, folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let batis = Batis::builder(url).mapper_dir(folder.join("mappers")).open().await?;
    let mut connection = batis.connection().await?;
    for file in ["schema.sql", "dataload.sql"] {
        connection.execute_script(&fs::read_to_string(folder.join("database").join(file))?).await?;
    }
    drop(connection);
    Ok(shop::visit(&batis.session()).await?)
}
