//! The socket of a key agent, which has no name: it is made in a private folder that is gone before any other process
//! hears of it, and it is reached by a descriptor that children inherit. So nothing is left over, whatever ends the
//! process.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use anyhow::Context;
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::net::{Shutdown, shutdown, sockopt::socket_peercred};
use rustix::process::geteuid;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base::{random_id, text};
use crate::cli::Failure;

/// The environment variable that gives children the number of the descriptor, and what to begin every request with.
pub const VARIABLE: &str = "VIDVEIL_KEY_AGENT";

/// The length of what every request begins with, in bytes: a process that only has the descriptor, as a decoder that
/// was started by a client, is not let in.
pub(crate) const TOKEN: usize = 16;
/// The lowest descriptor: scripts use lower ones for their own files, and shells those from 10 on.
const LEAST: RawFd = 100;

/// The side that listens.
pub(crate) struct AgentSocket {
    listener: UnixListener,
    /// A descriptor of the socket that children inherit.
    inherited: OwnedFd,
    token: Zeroizing<[u8; TOKEN]>,
}

impl AgentSocket {
    /// A socket that listens, without a name.
    pub fn open() -> anyhow::Result<AgentSocket> {
        let cannot = "cannot make a socket for the key agent";
        let folder = Folder::make().context(cannot)?;
        // by the folder's descriptor, for a path may be longer than what a socket can be bound to
        let handle = File::open(&folder.0).context(cannot)?;
        let listener = UnixListener::bind(format!("/proc/self/fd/{}/s", handle.as_raw_fd())).context(cannot)?;
        let inherited = inheritable(&handle).context(cannot)?;
        Ok(AgentSocket { listener, inherited, token: Zeroizing::new(random_id()?) })
    }

    /// The value of [`VARIABLE`].
    pub fn value(&self) -> String {
        format!("{}:{}", self.inherited.as_raw_fd(), text::hex(&self.token[..]))
    }

    /// The next client of the same user; `None` for a client of another user.
    ///
    /// # Errors
    ///
    /// The system lets nobody in, or the socket is closed.
    pub fn next(&self) -> io::Result<Option<UnixStream>> {
        let (client, _) = self.listener.accept()?;
        Ok(is_same_user(&client).then_some(client))
    }

    /// From now on nobody is let in, and [`AgentSocket::next`] fails.
    pub fn close(&self) {
        let _ = shutdown(&self.listener, Shutdown::Both);
    }

    /// The request in a message that begins with the token.
    pub fn admitted<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        let (token, request) = body.split_first_chunk::<TOKEN>()?;
        bool::from(token[..].ct_eq(&self.token[..])).then_some(request)
    }
}

/// Where the socket is, as a child inherited it.
pub(crate) struct AgentAddress {
    path: String,
    /// Begins every request.
    pub token: Zeroizing<[u8; TOKEN]>,
}

impl AgentAddress {
    /// Reads the value of [`VARIABLE`]; `None` when it is none.
    pub fn parse(value: &str) -> Option<AgentAddress> {
        let (number, hex) = value.split_once(':')?;
        let number: u16 = number.parse().ok()?;
        let digits = hex
            .as_bytes()
            .chunks_exact(2)
            .map(|two| std::str::from_utf8(two).ok().filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit())));
        let bytes: Option<Vec<u8>> = digits.map(|t| u8::from_str_radix(t?, 16).ok()).collect();
        let token = (hex.len() == 2 * TOKEN).then_some(bytes).flatten()?.try_into().ok()?;
        Some(AgentAddress { path: format!("/proc/self/fd/{number}"), token: Zeroizing::new(token) })
    }

    /// A connection.
    ///
    /// # Errors
    ///
    /// The server has ended, or a program between closed the descriptor.
    pub fn connect(&self) -> io::Result<UnixStream> {
        let server = UnixStream::connect(&self.path)?;
        is_same_user(&server).then_some(server).ok_or_else(|| io::ErrorKind::PermissionDenied.into())
    }
}

/// A descriptor of the socket `s` in a folder, which children inherit.
fn inheritable(folder: &File) -> io::Result<OwnedFd> {
    let socket = openat(folder, "s", OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    let socket = fcntl_dupfd_cloexec(&socket, LEAST)?;
    fcntl_setfd(&socket, FdFlags::empty())?;
    Ok(socket)
}

/// Whether the other side runs as the same user.
fn is_same_user(stream: impl AsFd) -> bool {
    socket_peercred(stream).is_ok_and(|peer| peer.uid == geteuid())
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
