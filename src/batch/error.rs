//! What can go wrong with a run over an archive, before and besides what goes wrong with its items.

use std::env::JoinPathsError;
use std::io;
use std::path::PathBuf;

use crate::base::text::{io_reason, quoted, quoted_path};
use crate::keys::KeyError;
use crate::storage::StorageError;

/// A run that cannot be begun, or cannot go on. An item that fails is no error: see [`super::Summary`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The command is empty.
    #[error("the command of --do is empty")]
    EmptyCommand,
    /// The suffix of outputs is empty, or has a slash.
    #[error("--suffix is a part of a name, as .mp4")]
    Suffix,
    /// Items and outputs are in the same folder.
    #[error("SRC and DST are the same folder")]
    SameFolder,
    /// The one item has a name that is not UTF-8.
    #[error("{} has a name that is not UTF-8", quoted(.name))]
    NotUtf8 {
        /// Its name, as far as it is text.
        name: String,
    },
    /// Something cannot be read: the items, a plan.
    #[error("cannot read {name}")]
    Read {
        /// Its name, ready for a message.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder of the outputs cannot be made.
    #[error("cannot create {}", quoted(.name))]
    Create {
        /// Its name.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The one item is an object that is not there.
    #[error("no such object: {}", quoted(.name))]
    NoObject {
        /// `s3://BUCKET/KEY`.
        name: String,
    },
    /// The certificate that chooses items cannot be read.
    #[error("cannot read the certificate in {}", quoted(.name))]
    Certificate {
        /// The file's name.
        name: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The folder of the state cannot be made.
    #[error("cannot keep the state of the run in {}: give --state DIR", quoted_path(.path))]
    StateFolder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The state cannot be read.
    #[error("cannot read the state in {}", quoted(.state))]
    StateRead {
        /// Where it is.
        state: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The run has no place for its state: it was prepared for viewing only.
    #[error("the run has no state")]
    NoState,
    /// The environment names no place for the state of runs.
    #[error("there is no place for the state of the run: neither XDG_STATE_HOME nor HOME is set")]
    NoStateHome,
    /// No plan is kept there.
    #[error("there is no run in {}", quoted(.place))]
    NoRun {
        /// Where one was looked for.
        place: String,
    },
    /// A plan is none, or was changed.
    #[error("{plan} is no plan: line {line}: {fault}")]
    Plan {
        /// The plan's name, ready for a message.
        plan: String,
        /// The line, from 1 on.
        line: usize,
        /// What is wrong with it.
        fault: PlanFault,
    },
    /// A plan has not as many items as it says.
    #[error("{plan} is not all there: {found} of {items} items")]
    PlanTruncated {
        /// The plan's name, ready for a message.
        plan: String,
        /// Items that are there.
        found: usize,
        /// Items that should be.
        items: u64,
    },
    /// A variable of the scheduler is no number.
    #[error("the variable {name} is no number: {}", quoted(.value))]
    TaskVariable {
        /// The variable's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// No scheduler says which task this is.
    #[error("--shard auto finds neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX")]
    NoTask,
    /// The number of shares cannot be known.
    #[error("it is not known how many shares there are: the tasks are numbered with gaps, or not counted")]
    ShareCount,
    /// The plan that is kept has another number of shares.
    #[error("the plan has {planned} shares, and {wanted} are asked for")]
    OtherShareCount {
        /// Shares of the plan.
        planned: u32,
        /// Shares that were asked for.
        wanted: u32,
    },
    /// The task is none of those that the plan was divided for.
    #[error("the plan has no share for task {task}: its tasks are {first} to {last}")]
    NoShare {
        /// The task's number.
        task: u32,
        /// The first task of the plan.
        first: u32,
        /// The last task of the plan.
        last: u32,
    },
    /// No shell can be started.
    #[error("cannot start a shell")]
    Shell(#[source] io::Error),
    /// It is not known where the running program is.
    #[error("cannot find the folder of the commands")]
    OwnFolder(#[source] io::Error),
    /// The folder of the running program cannot stand in PATH.
    #[error("PATH cannot be made: the folder of the commands has a colon in its name")]
    Path(#[source] JoinPathsError),
    /// The state or the items failed in the middle of the run.
    #[error("the run cannot go on, its state is in {}: {}", quoted(.state), io_reason(.reason))]
    Halted {
        /// Where the state is.
        state: String,
        /// What failed.
        reason: io::Error,
    },
    /// Names and objects.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A file of the state, or an item, cannot be read or written.
    #[error("{}", io_reason(.0))]
    Io(#[from] io::Error),
}

/// What is wrong with a line of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFault {
    /// The first line is none of a plan.
    #[error("it does not say what is done")]
    Head,
    /// The first line is of another version, or makes no sense.
    #[error("another version, or no shares")]
    Version,
    /// A further line is no item.
    #[error("no item")]
    Item,
    /// An item that the plan cannot have.
    #[error("a name that leads out of the source, or a share that does not exist")]
    Outside,
}
