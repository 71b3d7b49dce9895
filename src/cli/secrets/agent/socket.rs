//! The socket of a key agent, which has no name: it is made in a private folder that is gone before any other process
//! hears of it, and it is reached by a descriptor that jobs inherit. So nothing is left over, whatever ends the
//! process.
//!
//! The descriptor is what a job needs, and nothing that could be read elsewhere is: who connects must have been started
//! by the process with the keys, or by one that was. Each connection begins with a number of its own, which the request
//! repeats: what was meant for another one asks for nothing.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use anyhow::Context;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::{Shutdown, shutdown, sockopt::socket_peercred};
use rustix::process::{geteuid, getpid};

use crate::base::{random_id, text};
use crate::cli::Failure;

/// The environment variable that gives jobs the number of the descriptor, which is no secret.
pub const VARIABLE: &str = "VIDVEIL_KEY_AGENT";

/// The length of what a connection begins with, and repeats with its request, in bytes.
pub(crate) const NONCE: usize = 16;
/// How many processes may lie between the one with the keys and a client.
const MAX_GENERATIONS: usize = 256;
/// The lowest descriptor: scripts use lower ones for their own files, and shells those from 10 on.
const LEAST: RawFd = 100;

/// The side that listens.
pub(crate) struct AgentSocket {
    listener: UnixListener,
    /// A descriptor of the socket, for jobs.
    inherited: OwnedFd,
}

impl AgentSocket {
    /// A socket that listens, without a name.
    pub fn open() -> anyhow::Result<AgentSocket> {
        let cannot = "cannot make a socket for the key agent";
        let folder = Folder::make().context(cannot)?;
        // by the folder's descriptor, for a path may be longer than what a socket can be bound to
        let handle = File::open(&folder.0).context(cannot)?;
        let listener = UnixListener::bind(format!("/proc/self/fd/{}/s", handle.as_raw_fd())).context(cannot)?;
        let inherited = reachable(&handle).context(cannot)?;
        Ok(AgentSocket { listener, inherited })
    }

    /// The value of [`VARIABLE`].
    pub fn value(&self) -> String {
        self.inherited.as_raw_fd().to_string()
    }

    /// What jobs are to inherit. Nothing else does: it is closed where a program is executed.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.inherited.as_fd()
    }

    /// The next client that this process has started, itself or through others, as the same user; `None` for another
    /// one.
    ///
    /// # Errors
    ///
    /// The system lets nobody in, or the socket is closed.
    pub fn next(&self) -> io::Result<Option<UnixStream>> {
        let (client, _) = self.listener.accept()?;
        let peer = socket_peercred(&client)?;
        let is_ours = peer.uid == geteuid() && is_descendant(peer.pid.as_raw_nonzero().get());
        Ok(is_ours.then_some(client))
    }

    /// From now on nobody is let in, and [`AgentSocket::next`] fails.
    pub fn close(&self) {
        let _ = shutdown(&self.listener, Shutdown::Both);
    }
}

/// Where the socket is, as a job inherited it.
pub(crate) struct AgentAddress(RawFd);

impl AgentAddress {
    /// Reads the value of [`VARIABLE`]; `None` when it is none.
    pub fn parse(value: &str) -> Option<AgentAddress> {
        // a lower one is something else
        value.parse().ok().filter(|number| (LEAST..=RawFd::from(u16::MAX)).contains(number)).map(AgentAddress)
    }

    /// The number of the descriptor.
    pub fn number(&self) -> RawFd {
        self.0
    }

    /// A connection.
    ///
    /// # Errors
    ///
    /// The server has ended, or a program between closed the descriptor.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let server = UnixStream::connect(format!("/proc/self/fd/{}", self.0))?;
        let is_same_user = socket_peercred(&server)?.uid == geteuid();
        is_same_user.then_some(server).ok_or_else(|| io::ErrorKind::PermissionDenied.into())
    }
}

/// A descriptor of the socket `s` in a folder, by which it can be connected to.
fn reachable(folder: &File) -> io::Result<OwnedFd> {
    let socket = openat(folder, "s", OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    Ok(fcntl_dupfd_cloexec(&socket, LEAST)?)
}

/// Whether a process is this one, or was started by it, itself or through others. One whose parent has ended is
/// nobody's.
fn is_descendant(mut pid: i32) -> bool {
    let own = getpid().as_raw_nonzero().get();
    for _ in 0..MAX_GENERATIONS {
        match parent(pid) {
            _ if pid == own => return true,
            Some(parent) if parent > 0 => pid = parent,
            _ => return false,
        }
    }
    false
}

/// The parent of a process: the fourth field (proc_pid_stat(5)); the second, a name in brackets, may have brackets.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// A folder for this user only, for a moment.
struct Folder(PathBuf);

impl Folder {
    fn make() -> anyhow::Result<Folder> {
        let name = format!("vidveil-{}", text::hex(&random_id()?));
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        let mut why = None;
        for place in runtime.into_iter().chain([env::temp_dir()]) {
            let path = place.join(&name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Folder(path)),
                Err(e) => why = Some(format!("no folder in {}: {}", text::quoted_path(&place), text::io_reason(&e))),
            }
        }
        Err(Failure::failed(why.unwrap_or_default()).hint("TMPDIR names a folder that can be written to").into())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.0.join("s"));
        let _ = fs::remove_dir(&self.0);
    }
}
