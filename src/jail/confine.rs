//! Everything is given up but the pipes and computing.

use std::io;

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::descriptors::close_all_but;
use super::syscalls::filters;

/// What a process in jail may use.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    /// Descriptors besides stdin, stdout and stderr.
    pub keep: &'a [i32],
    /// Bytes of memory, with what is only reserved.
    pub memory: u64,
    /// It writes to a file, which it was given open.
    pub writes_file: bool,
    /// A kernel that cannot confine it is refused.
    pub required: bool,
}

/// A process that could not be confined, although that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("this system cannot confine the process that handles video from outside: {missing}")]
pub struct JailError {
    /// What is missing.
    pub missing: String,
}

/// Gives up, for this process and for good, everything but `bounds`. Call it before there is a second thread, and
/// before the first byte from outside is read. Gives what the kernel could not do, in words; `None` when it did
/// everything.
///
/// # Errors
///
/// The kernel lacks something, and it is required.
pub fn enter(bounds: Bounds<'_>) -> Result<Option<String>, JailError> {
    let mut missing = Vec::new();
    let mut lack = |what: &str, result: Result<(), String>| {
        if let Err(why) = result {
            missing.push(format!("{what} ({why})"));
        }
    };
    let io = |result: rustix::io::Result<()>| result.map_err(|e| crate::base::text::io_reason(&io::Error::from(e)));
    // whoever started it reads what it gives: without that there is nothing to do
    lack("an end with its parent", io(set_parent_process_death_signal(Some(Signal::KILL))));
    lack("descriptors closed", close_all_but(bounds.keep).map_err(|e| crate::base::text::io_reason(&e)));
    lack("limits", io(limits(bounds)));
    lack("Landlock", landlock());
    // last, since it takes away what the others need
    lack("seccomp", seccomp());
    if missing.is_empty() {
        return Ok(None);
    }
    let missing = missing.join(", ");
    if bounds.required { Err(JailError { missing }) } else { Ok(Some(missing)) }
}

/// Memory; no new descriptor; no file grows. The number of processes is left to seccomp: the limit counts threads, too,
/// and those of all the user's processes.
fn limits(bounds: Bounds<'_>) -> rustix::io::Result<()> {
    let to = |resource, most: u64| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    to(Resource::As, bounds.memory)?;
    to(Resource::Core, 0)?;
    if !bounds.writes_file {
        to(Resource::Fsize, 0)?;
    }
    // Landlock's own descriptor comes after those that stay
    let most = bounds.keep.iter().copied().max().unwrap_or(2).max(2);
    to(Resource::Nofile, u64::try_from(most).unwrap_or(2) + 2)
}

/// No path is opened, no port bound or connected to, no process outside signalled.
fn landlock() -> Result<(), String> {
    let abi = ABI::V6;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(|rules| rules.create())
        .and_then(|rules| rules.restrict_self())
        .map_err(|e| e.to_string())?;
    match status.ruleset {
        RulesetStatus::NotEnforced => Err("not in this kernel, or switched off".into()),
        _ => Ok(()),
    }
}

fn seccomp() -> Result<(), String> {
    let filters = filters().map_err(|e| e.to_string())?;
    // the last one forbids to install another
    filters.iter().try_for_each(|filter| seccompiler::apply_filter(filter)).map_err(|e| e.to_string())
}
