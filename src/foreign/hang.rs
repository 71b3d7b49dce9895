//! A child that reads an input and hangs: it neither gives anything nor takes what is there. One that waits for a
//! camera which sends nothing does not.

use std::fs::File;
use std::io::Seek;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Ticks of a process's time in a second, on every Linux.
const TICKS: u64 = 100;

/// What a child reads.
pub(super) enum Reading {
    /// A file that it shares with us: its place in it is ours, too.
    File(File),
    /// What it is fed.
    Fed(Fed),
}

/// What is fed to a child. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Fed(Arc<(AtomicU64, AtomicBool)>);

impl Fed {
    /// This many bytes more are about to be written, or nothing any more; it is the child's turn.
    pub fn owes(&self) {
        self.0.1.store(true, Ordering::Relaxed);
    }

    /// It took this many bytes.
    pub fn took(&self, bytes: usize) {
        self.0.0.fetch_add(bytes as u64, Ordering::Relaxed);
        self.0.1.store(false, Ordering::Relaxed);
    }
}

/// Watches a child while something is waited for that it gives.
pub(super) struct Hang {
    reading: Reading,
    process: u32,
    limit: Duration,
    /// Since when it has not got on: how far it had read, and how long it had computed.
    since: Instant,
    read: u64,
    computed: Duration,
    pub hung: bool,
}

impl Hang {
    pub fn new(reading: Reading, process: u32, limit: Duration) -> Self {
        let (since, read, computed) = (Instant::now(), 0, Duration::ZERO);
        Hang { reading, process, limit, since, read, computed, hung: false }
    }

    /// It is waited for from now on.
    pub fn begin(&mut self) {
        (self.since, self.computed) = (Instant::now(), self.computes());
    }

    /// Whether it hangs: it has not read any further, and has either computed for the whole limit or left for that time
    /// what it could read.
    pub fn look(&mut self) -> bool {
        let (read, owes) = self.state();
        if read != self.read {
            self.read = read;
            self.begin();
        }
        let idle = owes && self.since.elapsed() >= self.limit;
        self.hung |= idle || self.computes().saturating_sub(self.computed) >= self.limit;
        self.hung
    }

    /// How far it has read, and whether there is more, or an end, that it has not taken.
    fn state(&mut self) -> (u64, bool) {
        match &mut self.reading {
            Reading::File(file) => (file.stream_position().unwrap_or(0), true),
            Reading::Fed(fed) => (fed.0.0.load(Ordering::Relaxed), fed.0.1.load(Ordering::Relaxed)),
        }
    }

    /// How long it has computed (proc_pid_stat(5), fields 14 and 15).
    fn computes(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process)).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 1000 / TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hang(fed: &Fed, limit: Duration) -> Hang {
        let mut hang = Hang::new(Reading::Fed(fed.clone()), std::process::id(), limit);
        hang.begin();
        hang
    }

    #[test]
    fn who_waits_for_a_camera_does_not_hang_and_who_leaves_what_is_there_does() {
        let fed = Fed::default();
        // no time is too long: only what it owes counts
        let mut waiting = hang(&fed, Duration::from_secs(3600));
        assert!(!waiting.look());
        fed.owes();
        assert!(!waiting.look(), "its time has just begun");
        let mut idle = hang(&fed, Duration::ZERO);
        assert!(idle.look());
        let mut taking = hang(&fed, Duration::from_secs(3600));
        fed.took(5);
        assert!(!taking.look() && taking.read == 5);
    }

    #[test]
    fn who_computes_without_end_hangs_although_there_is_nothing_to_read() {
        let mut computing = hang(&Fed::default(), Duration::from_millis(30));
        while !computing.look() {
            std::hint::black_box((0..100_000_u64).sum::<u64>());
        }
        assert!(computing.hung);
    }
}
