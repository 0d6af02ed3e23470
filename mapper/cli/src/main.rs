//! The `batis` command: checks, renders and runs the statements of mapper files.
//!
//! ```text
//! args -> commands/{check, render, run} -> project (mapper files) -> report, table, json -> exit code
//! ```
//!
//! Exit codes: 0 fine, 1 findings (mistakes in mapper files, a statement that cannot be rendered), 2 a wrong command line, 3 no connection,
//! 4 the output cannot be written, 5 the database refused the statement.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod failure;
mod github;
mod json;
mod parameter;
mod project;
mod report;
mod sarif;
mod table;

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    let args = Args::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut done = match args.command {
        Command::Check(args) => commands::check(&args, &mut out),
        Command::Render(args) => commands::render(&args, &mut out),
        Command::Run(args) => commands::run(&args, &mut out),
    };
    // What was written before a failure is shown before it.
    if let Err(error) = out.flush() {
        done = done.and(Err(Failure::Output(error)));
    }
    match done {
        Ok(exit) => exit.code(),
        Err(failure) => {
            // Who closed standard error does not want to know.
            let _ = failure.tell(&mut io::stderr().lock());
            failure.exit().code()
        }
    }
}

impl Exit {
    fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
