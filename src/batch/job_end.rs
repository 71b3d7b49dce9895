//! How a job ended, by the exit status of its command.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use super::manifest::Outcome;

/// Exit status of a command whose input is damaged.
const DAMAGED: i32 = 3;
/// Exit status of a command that refused.
const REFUSED: i32 = 4;
/// Exit status of a command whose card or token is missing.
const NO_CARD: i32 = 5;
/// In a manifest, a job that a signal ended has this and the signal's number.
const SIGNALLED: i32 = 128;
/// In a manifest, a job that could not be run, or whose end is not known.
const NOT_RUN: i32 = 1;

/// How a job ended. Other commands than this project's use the same numbers, or are taken at their word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// The command succeeded.
    Succeeded,
    /// Its input is damaged.
    Damaged,
    /// It refused: no key, or a policy.
    Refused,
    /// A card or a token is missing.
    NoCard,
    /// It failed in another way, with this exit status.
    Failed(i32),
    /// This signal ended it.
    Signalled(i32),
    /// It could not be run, or how it ended is not known.
    NotRun,
}

impl JobEnd {
    /// What the system says about a child process.
    pub fn of(status: &io::Result<ExitStatus>) -> JobEnd {
        let Ok(status) = status else { return JobEnd::NotRun };
        match (status.code(), status.signal()) {
            (Some(0), _) => JobEnd::Succeeded,
            (Some(DAMAGED), _) => JobEnd::Damaged,
            (Some(REFUSED), _) => JobEnd::Refused,
            (Some(NO_CARD), _) => JobEnd::NoCard,
            (Some(code), _) => JobEnd::Failed(code),
            (None, signal) => JobEnd::Signalled(signal.unwrap_or(0)),
        }
    }

    /// The number that stands in a manifest.
    pub fn code(self) -> i32 {
        match self {
            JobEnd::Succeeded => 0,
            JobEnd::Damaged => DAMAGED,
            JobEnd::Refused => REFUSED,
            JobEnd::NoCard => NO_CARD,
            JobEnd::Failed(code) => code,
            JobEnd::Signalled(signal) => SIGNALLED + signal,
            JobEnd::NotRun => NOT_RUN,
        }
    }

    /// What it means for the item.
    pub fn outcome(self) -> Outcome {
        match self {
            JobEnd::Succeeded => Outcome::Done,
            JobEnd::Damaged => Outcome::Damaged,
            JobEnd::Refused | JobEnd::NoCard => Outcome::Refused,
            JobEnd::Failed(_) | JobEnd::Signalled(_) | JobEnd::NotRun => Outcome::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_system_and_of_manifests() {
        let of = |raw| JobEnd::of(&Ok(ExitStatus::from_raw(raw)));
        assert_eq!((of(0), of(3 << 8), of(9)), (JobEnd::Succeeded, JobEnd::Damaged, JobEnd::Signalled(9)));
        for (raw, code) in [(0, 0), (1 << 8, 1), (4 << 8, 4), (5 << 8, 5), (77 << 8, 77), (15, 143)] {
            assert_eq!(of(raw).code(), code);
        }
        assert_eq!(JobEnd::of(&Err(io::Error::other("lost"))).code(), 1);
        assert_eq!([of(4 << 8).outcome(), of(5 << 8).outcome()], [Outcome::Refused; 2]);
        assert_eq!([of(2 << 8).outcome(), of(9).outcome()], [Outcome::Failed; 2]);
    }
}
