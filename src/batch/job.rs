//! One job: the command on one item, from its start to its end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::base::lock;
use crate::base::text::io_reason;

use super::input_hash;
use super::job_end::JobEnd;
use super::output_kind::{OutputKind, output_name};
use super::pipes::{self, JobOutput};
use super::shell::Shell;
use super::store::{Draft, Entry, ItemSource, Lock, Store};

/// The longest line of a command's stderr that is kept.
const LINE: u64 = 4096;
/// Why a command was ended that stopped to read from the terminal.
const WANTS_TERMINAL: &str =
    "the command wants to ask on the terminal, and cannot while several run: give it what it asks for in a file";

/// Where outputs go.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Nowhere.
    Nowhere,
    /// To a store, which is the source itself when outputs take the inputs' place.
    Store(&'a dyn Store),
}

/// What a job is about.
pub struct Job<'a> {
    pub shell: &'a Shell<'a>,
    pub source: &'a dyn Store,
    pub target: Target<'a>,
    pub suffix: Option<&'a str>,
    /// Whether the input's hash is taken.
    pub hashed: bool,
    /// Whether a command that writes nothing may have done its work: on the item itself.
    pub may_be_silent: bool,
    pub running: &'a RunningJobs,
}

/// How it ended.
#[derive(Debug)]
pub struct JobResult {
    pub end: JobEnd,
    /// What is wrong with it, where the command itself did not say so.
    pub fault: Option<String>,
    /// The last line of its stderr.
    pub last_line: String,
    pub time: Duration,
    pub input: Option<[u8; 32]>,
    pub output: Option<JobOutput>,
}

/// Process groups that are at work, for the signal that stops them.
#[derive(Debug, Default)]
pub struct RunningJobs {
    groups: Mutex<Vec<Pid>>,
    stopped: AtomicBool,
}

impl RunningJobs {
    /// Sends a signal to all; from then on nothing counts that they leave.
    pub fn signal(&self, signal: Signal) {
        self.stopped.store(true, Ordering::SeqCst);
        for group in lock(&self.groups).iter() {
            let _ = kill_process_group(*group, signal);
        }
    }

    /// Whether a signal was sent.
    pub fn were_signalled(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn add(&self, group: Pid) {
        lock(&self.groups).push(group);
        if self.were_signalled() {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    fn remove(&self, group: Pid) {
        lock(&self.groups).retain(|g| *g != group);
    }
}

impl Job<'_> {
    /// Runs it to its end. `position` is the byte of its input at which it is, `hear` is given every line of its
    /// stderr.
    ///
    /// # Errors
    ///
    /// It cannot be started, or its input or output failed.
    pub fn run(
        &self,
        entry: &Entry,
        lock_of_item: &dyn Lock,
        position: &AtomicU64,
        hear: &(dyn Fn(&str) + Sync),
    ) -> io::Result<JobResult> {
        let began = Instant::now();
        let opened = self.source.open(&entry.name)?;
        let mut draft = match self.target {
            Target::Store(store) if store.path(&entry.name).is_some() => Some(store.begin(&entry.name)?),
            _ => None,
        };
        let file = draft.as_mut().and_then(|d| d.file()).map(|f| f.try_clone()).transpose()?;
        let stdout = match (self.target, file) {
            (_, Some(file)) => Stdio::from(file),
            (Target::Nowhere, None) => Stdio::null(),
            (Target::Store(_), None) => Stdio::piped(),
        };
        let (stdin, follower, feeder) = match opened {
            ItemSource::File(file) => (Stdio::from(file.try_clone()?), Some(file), None),
            ItemSource::Stream(stream) => (Stdio::piped(), None, Some(stream)),
        };
        let mut child = self.shell.start(&self.variables(entry), (stdin, stdout), lock_of_item.file())?;
        let group = Pid::from_child(&child);
        self.running.add(group);
        let (ended, pipes) = (AtomicBool::new(false), (child.stdin.take(), child.stdout.take(), child.stderr.take()));
        let (stdin, stdout, stderr) = pipes;
        let name = |kind: &OutputKind| output_name(&entry.name, self.suffix, kind);
        thread::scope(|scope| {
            let lines = scope.spawn(|| stderr.map_or(String::new(), |e| listen(e, hear)));
            let input = scope.spawn(|| match (&follower, feeder, stdin) {
                (Some(file), ..) if self.hashed => input_hash::follow(file, position, &ended).map(Some),
                (Some(file), ..) => {
                    input_hash::watch(file, position, &ended);
                    Ok(None)
                }
                (None, Some(stream), Some(stdin)) => pipes::feed(stream, stdin, position).map(Some),
                _ => Ok(None),
            });
            let output = scope.spawn(|| match (self.target, stdout) {
                (Target::Store(store), Some(stdout)) => pipes::store_output(stdout, store, name).map(Some),
                _ => Ok(None),
            });
            let (end, mut fault) = self.wait(&mut child, group);
            let time = began.elapsed();
            ended.store(true, Ordering::Release);
            input.thread().unpark();
            let broke = || io::Error::other("a thread of the run broke");
            let last_line = lines.join().unwrap_or_default();
            let input = input.join().map_err(|_| broke())??;
            let output = match output.join().map_err(|_| broke())?? {
                Some(output) => Some(output),
                None => draft.map(|d| of_file(d, name)).transpose()?,
            };
            if end == JobEnd::Succeeded && fault.is_none() {
                let counts = output.as_ref().filter(|o| o.bytes > 0 || !self.may_be_silent);
                fault = counts.and_then(|o| o.kind.fault(o.bytes)).map(str::to_owned);
            }
            Ok(JobResult { end, fault, last_line, time, input, output })
        })
    }

    fn variables(&self, entry: &Entry) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![("VIDVEIL_ITEM", OsString::from(&entry.name))];
        variables.extend(self.source.path(&entry.name).map(|p| ("VIDVEIL_INPUT", p.into())));
        if let Target::Store(store) = self.target {
            let kind = OutputKind::default();
            let path = store.path(&output_name(&entry.name, self.suffix, &kind));
            variables.extend(path.map(|p| ("VIDVEIL_OUTPUT", p.into())));
        }
        variables
    }

    /// How the job ended, and why, where it did not end by itself. What it left running is ended with it.
    fn wait(&self, child: &mut Child, group: Pid) -> (JobEnd, Option<String>) {
        let mut fault = None;
        loop {
            let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
            let status = match waitid(WaitId::Pid(group), options) {
                Err(rustix::io::Errno::INTR) => continue,
                Ok(Some(status)) => status,
                _ => break,
            };
            if !status.stopped() {
                break;
            }
            let _ = waitid(WaitId::Pid(group), WaitIdOptions::STOPPED | WaitIdOptions::NOHANG);
            // it stands still in the background as it wants to read from the terminal, or to set it
            let terminal = [Signal::TTIN, Signal::TTOU].map(|s| Some(s.as_raw()));
            if terminal.contains(&status.stopping_signal()) {
                fault = Some(WANTS_TERMINAL.into());
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
        // until somebody asks how it ended, its number is not another's
        let _ = kill_process_group(group, Signal::KILL);
        self.running.remove(group);
        self.shell.orphan_guard.ends(child.id());
        let status = child.wait();
        let end = JobEnd::of(&status);
        let fault = match (&status, end) {
            (Err(e), _) => Some(format!("it is not known how the command ended: {}", io_reason(e))),
            (Ok(_), JobEnd::Signalled(signal)) => {
                Some(fault.unwrap_or_else(|| format!("signal {signal} ended the command")))
            }
            _ => fault,
        };
        (end, fault)
    }
}

/// A draft that the job wrote to by itself; its hash is taken later, where it is wanted.
fn of_file(mut draft: Box<dyn Draft>, name: impl Fn(&OutputKind) -> String) -> io::Result<JobOutput> {
    let (mut kind, mut bytes) = (OutputKind::default(), 0);
    if let Some(file) = draft.file() {
        bytes = file.metadata()?.len();
        kind = OutputKind::of(file);
    }
    let draft = Some(draft).filter(|_| bytes > 0);
    Ok(JobOutput { draft, name: name(&kind), kind, bytes, sha256: None })
}

/// Gives every line of a command's stderr to `hear`, and returns the last one that is not empty.
fn listen(stderr: impl Into<OwnedFd>, hear: &(dyn Fn(&str) + Sync)) -> String {
    let mut stderr = BufReader::new(File::from(stderr.into()));
    let mut last = String::new();
    loop {
        let mut line = Vec::new();
        match stderr.by_ref().take(LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return last,
            Ok(_) => {}
        }
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if !line.is_empty() {
            hear(&line);
            // the hint after an error says what to do, and not what happened
            if !line.contains(": hint: ") {
                last = line;
            }
        }
    }
}
