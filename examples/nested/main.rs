//! Joined rows into structs with lists, enums and a nested select: `cargo run --example nested`.
#![allow(clippy::print_stdout)] // an example shows what it does

use batis::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Blog {
    title: String,
    author: Option<String>,
    posts: Vec<Post>,
}

/// A discriminator's cases, by the types that they name.
#[derive(Deserialize)]
enum Post {
    Text { body: String },
    Picture { url: String, tags: Vec<String> },
}

const SCHEMA: &str = "
    create table author (id integer primary key, name text not null);
    create table blog (id integer primary key, title text not null, author_id integer references author);
    create table post (id integer primary key, blog_id integer not null references blog, kind text not null, body text not null);
    create table tag (post_id integer not null references post, name text not null);
    insert into author values (1, 'Ann');
    insert into blog values (1, 'Rust', 1), (2, 'Mountains', 1), (3, 'Nothing yet', null);
    insert into post values (10, 1, 'text', 'On traits'), (11, 1, 'picture', 'crab.png'), (12, 2, 'picture', 'alps.jpg');
    insert into tag values (11, 'animal'), (11, 'logo'), (12, 'snow');";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), batis::Error> {
    let mapper = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/nested/BlogMapper.xml");
    let batis = Batis::builder("sqlite::memory:").mapper_file(mapper).open().await?;
    batis.connection().await?.execute_script(SCHEMA).await?;

    let blogs: Vec<Blog> = batis.session().select_list("blogs.all", ()).await?;
    for Blog { title, author, posts } in blogs {
        println!("{title} by {}", author.as_deref().unwrap_or("nobody"));
        for post in posts {
            match post {
                Post::Text { body } => println!("  {body}"),
                Post::Picture { url, tags } => println!("  [{url}] {}", tags.join(", ")),
            }
        }
    }
    Ok(())
}
