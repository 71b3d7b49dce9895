//! Runs of a command over an archive.

use std::error::Error;

use crate::batch::{BatchError, PlanFault};

use super::storage::{of_io, of_storage};
use super::verdict::Verdict;
use crate::cli::Status;

pub(super) fn classify(cause: &(dyn Error + 'static), command: &str) -> Option<Verdict> {
    Some(of_batch(cause.downcast_ref::<BatchError>()?, command))
}

/// `command` is the command that was called.
pub(crate) fn of_batch(e: &BatchError, command: &str) -> Verdict {
    use BatchError::*;
    let failed = |hint: &str| (Status::Failed, Some(hint.to_owned()));
    let usage = |hint: &str| (Status::Usage, Some(hint.to_owned()));
    match e {
        EmptyCommand => usage("reprocess --do COMMAND SRC [DST]"),
        Suffix | NotUtf8 { .. } | TaskVariable { .. } => (Status::Usage, None),
        SameFolder => usage("--in-place puts each output in its input's place"),
        NoObject { .. } => failed("a folder on storage ends with a slash: s3://BUCKET/FOLDER/"),
        NoStateHome => usage("give --state DIR"),
        NoRun { .. } => failed("name the folder of the outputs, or that of --state"),
        Plan { fault: PlanFault::Head, .. } => failed("reprocess --dry-run --json writes a plan"),
        NoTask => usage("run it as a task of a Slurm array or of an indexed Kubernetes Job, or give --shard I/N"),
        ShareCount => usage("submit all tasks first, as in --array=0-7, set JOB_COMPLETIONS, or give --shards N"),
        OtherShareCount { .. } => {
            usage("a plan keeps its shares until all is done; reprocess status shows what is missing")
        }
        NoShare { .. } => usage("reprocess status --array-spec shows which to submit"),
        Storage(e) => of_storage(e, command),
        Io(e) | Read { source: e, .. } | Create { source: e, .. } => of_io(e).unwrap_or((Status::Failed, None)),
        StateFolder { source: e, .. } | StateRead { source: e, .. } => of_io(e).unwrap_or((Status::Failed, None)),
        Shell(e) | OwnFolder(e) => of_io(e).unwrap_or((Status::Failed, None)),
        Certificate { .. } | NoState | Plan { .. } | PlanTruncated { .. } | Path(_) | Halted { .. } => {
            (Status::Failed, None)
        }
    }
}
