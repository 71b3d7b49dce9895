//! One job: the command on one item, from its start to its end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use crate::base::text;

use super::input_hash;
use super::output_kind::{Kind, output_name};
use super::pipes::{self, Taken};
use super::shell::Shell;
use super::store::{Draft, Entry, Lock, Source, Store};

/// The longest line of a command's stderr that is kept.
const LINE: u64 = 4096;
/// Exit status of a job that a signal ended: this and the signal's number.
const SIGNALLED: i32 = 128;

/// Where outputs go.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Nowhere.
    Nowhere,
    /// To a store, which is the source itself when outputs take the inputs' place.
    Store(&'a dyn Store),
}

/// What a job is about.
#[derive(Debug)]
pub struct Job<'a> {
    pub shell: &'a Shell,
    pub source: &'a dyn Store,
    pub target: Target<'a>,
    pub suffix: Option<&'a str>,
    /// Whether the input's hash is taken.
    pub hashed: bool,
    /// Whether a command that writes nothing may have done its work: on the item itself.
    pub may_be_silent: bool,
    pub running: &'a Running,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    pub exit: i32,
    /// What the shell or the system says about it, where the command itself did not.
    pub fault: Option<String>,
    /// The last line of its stderr.
    pub last_line: String,
    pub time: Duration,
    pub input: Option<[u8; 32]>,
    pub output: Option<Taken>,
}

/// Process groups that are at work, to be told when the run is stopped.
#[derive(Debug, Default)]
pub struct Running {
    groups: Mutex<Vec<Pid>>,
    stopped: AtomicBool,
}

impl Running {
    /// Sends a signal to all, and from then on nothing counts that they leave.
    pub fn tell(&self, signal: Signal) {
        self.stopped.store(true, Ordering::SeqCst);
        for group in self.groups.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = kill_process_group(*group, signal);
        }
    }

    /// Whether they were told.
    pub fn were_told(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn add(&self, group: Pid) {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).push(group);
        if self.were_told() {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }

    fn remove(&self, group: Pid) {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).retain(|g| *g != group);
    }
}

impl Job<'_> {
    /// Runs it to its end. `at` tells how far in its input it is, `say` is given every line of its stderr.
    ///
    /// # Errors
    ///
    /// It cannot be started, or its input or output failed.
    pub fn run(
        &self,
        entry: &Entry,
        lock: &dyn Lock,
        at: &AtomicU64,
        say: &(dyn Fn(&str) + Sync),
    ) -> io::Result<Ended> {
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
            Source::File(file) => (Stdio::from(file.try_clone()?), Some(file), None),
            Source::Stream(stream) => (Stdio::piped(), None, Some(stream)),
        };
        let mut child = self.shell.start(&self.variables(entry), (stdin, stdout), lock.file())?;
        let group = Pid::from_child(&child);
        self.running.add(group);
        let (ended, pipes) = (AtomicBool::new(false), (child.stdin.take(), child.stdout.take(), child.stderr.take()));
        let (stdin, stdout, stderr) = pipes;
        let name = |kind: &Kind| output_name(&entry.name, self.suffix, kind);
        thread::scope(|scope| {
            let lines = scope.spawn(|| stderr.map_or(String::new(), |e| listen(e, say)));
            let input = scope.spawn(|| match (&follower, feeder, stdin) {
                (Some(file), ..) if self.hashed => input_hash::follow(file, at, &ended).map(Some),
                (Some(file), ..) => {
                    input_hash::watch(file, at, &ended);
                    Ok(None)
                }
                (None, Some(stream), Some(stdin)) => pipes::feed(stream, stdin, at).map(Some),
                _ => Ok(None),
            });
            let output = scope.spawn(|| match (self.target, stdout) {
                (Target::Store(store), Some(stdout)) => pipes::take(stdout, store, name).map(Some),
                _ => Ok(None),
            });
            let (exit, mut fault) = self.wait(&mut child, group);
            let time = began.elapsed();
            ended.store(true, Ordering::Release);
            input.thread().unpark();
            let broke = || io::Error::other("a thread of the run broke");
            let last_line = lines.join().unwrap_or_default();
            let input = input.join().map_err(|_| broke())??;
            let output = match output.join().map_err(|_| broke())?? {
                Some(taken) => Some(taken),
                None => draft.map(|d| of_file(d, name)).transpose()?,
            };
            if exit == 0 && fault.is_none() {
                let counts = output.as_ref().filter(|o| o.bytes > 0 || !self.may_be_silent);
                fault = counts.and_then(|o| o.kind.fault(o.bytes)).map(str::to_owned);
            }
            Ok(Ended { exit, fault, last_line, time, input, output })
        })
    }

    fn variables(&self, entry: &Entry) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![("VIDVEIL_ITEM", OsString::from(&entry.name))];
        variables.extend(self.source.path(&entry.name).map(|p| ("VIDVEIL_INPUT", p.into())));
        if let Target::Store(store) = self.target {
            let kind = Kind { is_stream: false, role: None, has_end: false };
            let path = store.path(&output_name(&entry.name, self.suffix, &kind));
            variables.extend(path.map(|p| ("VIDVEIL_OUTPUT", p.into())));
        }
        variables
    }

    /// The exit status, and what ended the job if it did not do so itself. What it left running is ended with it.
    fn wait(&self, child: &mut Child, group: Pid) -> (i32, Option<String>) {
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
                fault = Some("the command wants to ask on the terminal, and cannot while several run: give it what it asks for in a file".into());
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
        // as long as nobody has asked how it ended, its number is not another's
        let _ = kill_process_group(group, Signal::KILL);
        self.running.remove(group);
        self.shell.leash.ends(child.id());
        match child.wait() {
            Ok(status) => {
                use std::os::unix::process::ExitStatusExt;
                let signal = status.signal();
                if let (Some(n), None) = (signal, &fault) {
                    fault = Some(format!("signal {n} ended the command"));
                }
                (status.code().unwrap_or(SIGNALLED + signal.unwrap_or(0)), fault)
            }
            Err(e) => (1, Some(format!("it is not known how the command ended: {}", text::io_reason(&e)))),
        }
    }
}

/// A draft that the job wrote to by itself; its hash is taken later, where it is wanted.
fn of_file(mut draft: Box<dyn Draft>, name: impl Fn(&Kind) -> String) -> io::Result<Taken> {
    let (mut kind, mut bytes) = (Kind { is_stream: false, role: None, has_end: false }, 0);
    if let Some(file) = draft.file() {
        bytes = file.metadata()?.len();
        kind = Kind::of(file);
    }
    let draft = Some(draft).filter(|_| bytes > 0);
    Ok(Taken { draft, name: name(&kind), kind, bytes, sha256: None })
}

/// Gives every line of a command's stderr to `say`, and the last one that is not empty back.
fn listen(stderr: impl Into<OwnedFd>, say: &(dyn Fn(&str) + Sync)) -> String {
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
            say(&line);
            // the hint behind an error tells what to do, and not what happened
            if !line.contains(": hint: ") {
                last = line;
            }
        }
    }
}
