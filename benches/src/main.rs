//! `batis-bench [driver|pool|script|mapper]... [--only TEXT] [--quick] [--json FILE]`; called by `scripts/bench`.

use std::fs::File;
use std::io::{self, Write};
use std::process::ExitCode;

use batis_benches::measure::{Plan, measure};
use batis_benches::{cores, report, work};

const USAGE: &str = "usage: scripts/bench [driver|pool|script|mapper]... [--only TEXT] [--quick] [--json FILE]";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> io::Result<()> {
    let (mut layers, mut only, mut plan, mut json) = (Vec::new(), String::new(), Plan::FULL, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => plan = Plan::QUICK,
            "--only" => only = args.next().ok_or_else(|| io::Error::other(USAGE))?,
            "--json" => json = Some(args.next().ok_or_else(|| io::Error::other(USAGE))?),
            layer if work::LAYERS.contains(&layer) => layers.push(layer.to_owned()),
            _ => return Err(io::Error::other(USAGE)),
        }
    }
    if layers.is_empty() {
        layers = work::LAYERS.map(String::from).into();
    }
    let mut json = json.map(File::create).transpose()?;
    let mut out = io::stdout();
    writeln!(out, "medians of interleaved rounds; the ratio is to the first row of each table")?;
    for layer in layers {
        cores::choose(&layer);
        for mut piece in work::of(&layer).into_iter().filter(|piece| piece.name.contains(&only)) {
            let figures = measure(&mut piece, plan);
            report::table(&mut out, &figures)?;
            if let Some(json) = &mut json {
                report::json_lines(json, &figures)?;
            }
        }
    }
    Ok(())
}
