//! One file for each command.

mod cases;
mod check;
mod render;
mod run;
mod variants;

pub(crate) use check::check;
pub(crate) use render::render;
pub(crate) use run::run;
