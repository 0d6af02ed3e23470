//! What the machine does to a measurement, as far as it tells; on Linux.

use std::fmt;
use std::fs;

/// Whether the kernel lets nobody of ordinary priority take this process' cores away (SCHED_FIFO or SCHED_RR).
pub(crate) fn is_real_time() -> bool {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the program's name, which may have blanks, the policy is the 39th field.
    let policy = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(38));
    matches!(policy, Some("1" | "2"))
}

/// In one line: at what priority, and how many others want the cores.
pub(crate) struct Conditions;

impl fmt::Display for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let priority = if is_real_time() { "real-time" } else { "ordinary" };
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().next().unwrap_or("unknown");
        write!(f, "{priority} priority, {cores} cores, load of the last minute {load}")
    }
}
