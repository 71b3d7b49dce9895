//! What the workers of a run share.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use crate::base::Report;

use super::commit::Finished;
use super::counts::Counter;
use super::due::DueRules;
use super::job::RunningJobs;
use super::manifest::Manifests;
use super::observer::Observer;
use super::shard::Shard;
use super::shell::Shell;
use super::store::{Entry, RunState, Store};

/// Between two looks at the request to stop and at the progress.
pub const TICK: Duration = Duration::from_millis(100);

/// What is done with each item.
pub struct Settings<'a> {
    pub command: &'a str,
    pub shell: Shell<'a>,
    pub source: &'a dyn Store,
    pub rules: DueRules<'a>,
    pub state: &'a dyn RunState,
    pub suffix: Option<&'a str>,
    pub shard: Shard,
    pub jobs: usize,
    pub retry: u32,
    pub keep_going: bool,
    pub keep_damaged: bool,
    pub mode: Option<u32>,
    /// Whether the command changes the item itself, and quickly: then reading all of it would take longer than the
    /// work.
    pub works_inside: bool,
    /// Counts the items.
    pub counter: &'a Counter,
    /// Follows the run.
    pub observer: &'a dyn Observer,
    /// Hears notes, and may ask to stop.
    pub report: &'a Report,
}

/// The items, and how far they are.
pub struct Shared<'a> {
    pub settings: &'a Settings<'a>,
    pub manifests: Mutex<Manifests>,
    pub queue: Mutex<VecDeque<Entry>>,
    /// Items that another run had when their turn came.
    pub later: Mutex<VecDeque<Entry>>,
    /// The byte of its input at which each worker's job is.
    pub positions: Vec<AtomicU64>,
    pub running: RunningJobs,
    /// No further item is begun.
    pub halted: AtomicBool,
    pub results: SyncSender<Finished>,
    /// Why the run cannot go on.
    pub error: Mutex<Option<io::Error>>,
    /// Whether it was reported that another run is at work.
    pub has_waited: AtomicBool,
}
