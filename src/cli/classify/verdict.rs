//! What an error means for a command.

use crate::cli::Status;

/// How the command ends, and the hint.
pub(crate) type Verdict = (Status, Option<String>);

/// What to do where a system cannot confine a process.
pub(super) const SANDBOX: &str =
    "Linux 5.13 and later with Landlock and seccomp can; without --require-sandbox it is warned of";
