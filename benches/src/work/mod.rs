//! The pieces of work, by layer.

mod bulk;
mod driver;
mod mapper;
mod pool;
mod script;
mod user;

use crate::Work;

/// The layers, from below.
pub const LAYERS: [&str; 4] = ["driver", "pool", "script", "mapper"];

/// All work of a layer.
#[must_use]
pub fn of(layer: &str) -> Vec<Work> {
    match layer {
        "driver" => driver::all(),
        "pool" => pool::all(),
        "script" => script::all(),
        "mapper" => mapper::all(),
        _ => Vec::new(),
    }
}
