//! What an error means for a command.

use crate::cli::Status;

/// How the command ends, and the hint.
pub(crate) type Verdict = (Status, Option<String>);
