//! The input: a file argument or stdin.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Context;

use super::progress::Progress;
use super::{Failure, Session, text};

/// One read of the input asks for as much.
const BUFFER: usize = 256 * 1024;
/// What a pipe between two commands holds, where the system allows it: a few compressed keyframes.
const PIPE: usize = 1024 * 1024;

/// What a reader says when its input ends before its first byte.
pub const NOTHING_ARRIVED: &str = "nothing arrived: did the command before fail?";

/// The failure (3) for an input without a single byte.
pub fn nothing_arrived() -> Failure {
    Failure::damaged(NOTHING_ARRIVED)
}

/// An open input, buffered; it shows its own progress.
///
/// A read gives what is there and does not wait for a full buffer, so records pass as they come.
/// Seeking works where [`Input::is_seekable`].
#[derive(Debug)]
pub struct Input {
    name: String,
    reader: BufReader<File>,
    length: Option<u64>,
    identity: Option<(u64, u64)>,
    progress: Progress,
}

impl Input {
    /// Opens `path`, or stdin when there is none or it is `-`.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: stdin is a terminal, `path` is a folder (2); it cannot be opened (1).
    pub fn open(path: Option<&Path>, session: &Session) -> anyhow::Result<Input> {
        match path {
            Some(path) if path != Path::new("-") => Input::from_file(text::quoted_path(path), open(path)?, session),
            _ => Input::stdin(session),
        }
    }

    fn stdin(session: &Session) -> anyhow::Result<Input> {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            let hint = format!("give a file or a pipe, as in: {} < FILE", session.name());
            return Err(Failure::usage("input is a terminal").hint(hint).into());
        }
        let file = File::from(stdin.as_fd().try_clone_to_owned().context("cannot read stdin")?);
        Input::from_file("stdin".into(), file, session)
    }

    /// An open file or pipe, under a name for messages.
    pub(super) fn of(name: String, file: File, session: &Session) -> anyhow::Result<Input> {
        Input::from_file(name, file, session)
    }

    fn from_file(name: String, mut file: File, session: &Session) -> anyhow::Result<Input> {
        let meta = file.metadata().with_context(|| format!("cannot read {name}"))?;
        if meta.is_dir() {
            return Err(Failure::usage(format!("{name} is a folder, not a file")).into());
        }
        enlarge_pipe(&file);
        // Stdin can be a file that the shell has already read a part of.
        let length = match meta.is_file() {
            true => Some(meta.len().saturating_sub(file.stream_position().unwrap_or(0))),
            false => None,
        };
        let identity = meta.is_file().then(|| (meta.dev(), meta.ino()));
        let progress = Progress::new(session, length);
        Ok(Input { name, reader: BufReader::with_capacity(BUFFER, file), length, identity, progress })
    }

    /// `stdin`, or the path in quotes: ready for a message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes from here to the end, when the input is a file.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether the input is a file that can be read at any place.
    pub fn is_seekable(&self) -> bool {
        self.length.is_some()
    }

    /// The file below, when it is one and nothing of it was read yet; to be put back to its beginning before it is read here.
    pub(super) fn whole_file(&mut self) -> Option<&mut File> {
        self.length?;
        let at_the_beginning = self.reader.stream_position().is_ok_and(|at| at == 0);
        at_the_beginning.then(|| self.reader.get_mut())
    }

    /// The same at any time.
    pub(super) fn file_below(&mut self) -> &mut File {
        self.reader.get_mut()
    }

    /// Shows how far the file below was read.
    pub(super) fn show_progress(&mut self, position: u64) {
        self.progress.set(position);
    }

    /// Device and inode, when the input is a file.
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        self.identity
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count =
            self.reader.read(buffer).map_err(|error| text::told(error, &format!("cannot read {}", self.name)))?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.progress.add(count as u64);
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = self.reader.seek(to)?;
        self.progress.set(position);
        Ok(position)
    }
}

/// Opens a file for reading with an error that a person understands.
pub(super) fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).map_err(|error| {
        let name = text::quoted_path(path);
        match error.kind() {
            io::ErrorKind::NotFound => Failure::failed(format!("no such file: {name}")),
            _ => Failure::failed(format!("cannot open {name}: {}", text::io_reason(&error))),
        }
        .into()
    })
}

/// Reads a whole small file, as a certificate, and refuses one of more than `limit` bytes.
///
/// # Errors
///
/// A [`Failure`]: a folder (2), missing or unreadable or too long (1).
pub fn read_bounded(path: &Path, limit: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_bounded_into(open(path)?, path, limit, &mut bytes)?;
    Ok(bytes)
}

/// Appends the file to `bytes`, whose room the caller has chosen.
pub(super) fn read_bounded_into(file: File, path: &Path, limit: usize, bytes: &mut Vec<u8>) -> anyhow::Result<()> {
    let name = text::quoted_path(path);
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Failure::usage(format!("{name} is a folder, not a file")).into());
    }
    let read = file.take(limit as u64 + 1).read_to_end(bytes).with_context(|| format!("cannot read {name}"))?;
    if read > limit {
        let limit = text::human_size(limit as u64);
        return Err(Failure::failed(format!("{name} is longer than {limit}, which is not what it should be")).into());
    }
    Ok(())
}

/// Device and inode of what a name means now, links followed.
pub(super) fn identity_of(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// Asks for a larger pipe; what is no pipe, or over the user's allowance, stays as it is.
pub(super) fn enlarge_pipe(file: &File) {
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE);
}
