//! `reprocess`: a run of a command over an archive, shown and driven.
//!
//! | file | idea |
//! |---|---|
//! | `run` | flags in, a run out |
//! | `progress` | events, progress and the summary of a run |
//! | `status` | how far runs are, printed |

mod progress;
mod run;
mod status;

pub use run::reprocess;
