//! On which cores a layer is measured.
//!
//! A round trip to a server process takes 12 or 70 us depending on whether the system puts both ends on one core, and it seldom changes its mind
//! during a run: so the layers that wait for a server are measured on one core, client and server alike. Pools are about several.

/// Measures what follows on one core, or on those there were at the start. Where the system has no such call nothing changes.
pub fn choose(layer: &str) {
    #[cfg(target_os = "linux")]
    linux::choose(layer == "pool");
    #[cfg(not(target_os = "linux"))]
    let _ = layer;
}

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::OnceLock;

    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    /// The cores that the process may use, before anything was chosen.
    fn all() -> Option<&'static CpuSet> {
        static ALL: OnceLock<Option<CpuSet>> = OnceLock::new();
        ALL.get_or_init(|| sched_getaffinity(None).ok()).as_ref()
    }

    pub(super) fn choose(every: bool) {
        let Some(all) = all() else { return };
        let mut chosen = *all;
        if !every {
            chosen = CpuSet::new();
            if let Some(last) = (0..CpuSet::MAX_CPU).rev().find(|cpu| all.is_set(*cpu)) {
                chosen.set(last);
            }
        }
        // Not allowed: then the figures are as noisy as the machine.
        let _ = sched_setaffinity(None, &chosen);
    }
}
