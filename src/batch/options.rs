//! What a run does, and how.

use std::time::Duration;

use super::plan::Plan;
use super::select::Selection;
use super::shard::ShardChoice;

/// What a run does with which items.
#[derive(Debug, Clone)]
pub enum Work {
    /// A command, over the items of a folder.
    Command {
        /// Run in a shell for each item, which is its stdin.
        command: String,
        /// Folder of the items, or one item: a path, or a name on storage.
        source: String,
        /// Folder of the outputs; without one, and without `in_place`, outputs are thrown away.
        destination: Option<String>,
        /// Whether each output takes its input's place.
        in_place: bool,
        /// Which items.
        selection: Selection,
        /// What outputs are named with in the place of `.vv`.
        suffix: Option<String>,
    },
    /// The items of a plan, with the command of the plan.
    Plan(Plan),
}

/// How a run works. The default does all of the work with one job for each core, and stops at the first item that
/// fails.
#[derive(Debug, Clone, Default)]
pub struct BatchOptions {
    /// Nothing is made or written: the run can be inspected, but not started.
    pub dry_run: bool,
    /// Jobs at once; `None` is one for each core.
    pub jobs: Option<usize>,
    /// How often an item that fails is tried again.
    pub retry: u32,
    /// Whether other items are begun when one has failed.
    pub keep_going: bool,
    /// Whether the output of a command is kept that found its input damaged.
    pub keep_damaged: bool,
    /// The permissions of outputs; without them sealed and public streams have those that the umask leaves, and what
    /// else is written is this user's alone.
    pub mode: Option<u32>,
    /// Items that were done longer ago are done again.
    pub again_after: Option<Duration>,
    /// Whether the hash of every input that was done is compared, and not only its size and time.
    pub check_input: bool,
    /// The share of this run; `None` is all.
    pub shard: Option<ShardChoice>,
    /// The number of shares, where the scheduler does not give it.
    pub shards: Option<u32>,
    /// Where the state is kept; `None` is in the user's state folder, by the folder of the outputs, or
    /// of the items; on storage it is there.
    pub state: Option<String>,
}
