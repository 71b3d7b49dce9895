//! The input: file arguments or stdin.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::handle::Medium;
use super::queue::{Open, Queue};
use crate::base::text;
use crate::cli::progress::Progress;
use crate::cli::{Failure, Session};

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

/// An open input, buffered; it shows its own progress. It is one file or object (`s3://BUCKET/KEY`), or several one after the other: reading ends where
/// a file ends, until [`Input::next_file`] goes on with the next one.
///
/// A read gives what is there and does not wait for a full buffer, so records pass as they come.
/// Seeking works where [`Input::is_seekable`], within the file that is being read.
#[derive(Debug)]
pub struct Input {
    name: String,
    reader: BufReader<Medium>,
    /// Files behind this one.
    queue: Queue,
    /// Bytes of the files before this one, and of this one.
    before: u64,
    here: u64,
    length: Option<u64>,
    progress: Progress,
}

impl Input {
    /// Opens `path`, or stdin when there is none or it is `-`.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: stdin is a terminal, `path` is a folder (2); it cannot be opened (1).
    pub fn open(path: Option<&Path>, session: &Session) -> anyhow::Result<Input> {
        Input::open_all(path.map(Path::to_owned).as_slice(), session)
    }

    /// Opens the first of `paths`, or stdin when there is none; `-` is stdin, too. Every one of them is looked at.
    ///
    /// # Errors
    ///
    /// As [`Input::open`], for each of them; stdin is named twice (2).
    pub fn open_all(paths: &[PathBuf], session: &Session) -> anyhow::Result<Input> {
        Input::open_with(paths, None, session)
    }

    /// The same, and behind them a pipe under a name for messages; without paths the pipe alone.
    pub(crate) fn open_with(
        paths: &[PathBuf],
        pipe: Option<(String, File)>,
        session: &Session,
    ) -> anyhow::Result<Input> {
        let (first, queue) = Queue::open(paths, pipe.map(|(name, file)| Open::pipe(name, file)), session)?;
        let length = queue.length().zip(first.length).map(|(rest, first)| rest.saturating_add(first));
        let progress = Progress::new(session, length);
        let (name, here) = (first.name, first.length.unwrap_or(0));
        first.medium.as_file().map(enlarge_pipe);
        let reader = BufReader::with_capacity(BUFFER, first.medium);
        Ok(Input { name, reader, queue, before: 0, here, length, progress })
    }

    /// Goes on at the beginning of the next file; false when there is none.
    ///
    /// # Errors
    ///
    /// It was there at the start and cannot be opened any more (1).
    pub fn next_file(&mut self) -> anyhow::Result<bool> {
        self.skip_files(1)
    }

    /// Goes on at the beginning of the file that comes `count` files behind this one, at least one; false when there is none.
    pub(crate) fn skip_files(&mut self, count: usize) -> anyhow::Result<bool> {
        let mut next = None;
        for _ in 0..count.max(1) {
            let Some(part) = self.queue.next() else { return Ok(false) };
            self.before = self.before.saturating_add(self.here);
            self.here = part.length();
            next = Some(part);
        }
        let Some(next) = next else { return Ok(false) };
        let file = next.open()?;
        file.medium.as_file().map(enlarge_pipe);
        self.name = file.name;
        self.reader = BufReader::with_capacity(BUFFER, file.medium);
        self.progress.set(self.before);
        Ok(true)
    }

    /// Whether files come behind this one.
    pub fn has_next(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether the input was given as several files.
    pub fn is_several(&self) -> bool {
        self.queue.of() > 1
    }

    /// Paths of the files behind this one; of what is no file there is none.
    pub(crate) fn paths_behind(&self) -> impl Iterator<Item = Option<&Path>> {
        self.queue.paths()
    }

    /// `stdin`, or the path in quotes, of the file that is being read: ready for a message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes from here to the end of the last file, when all are files.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether all of the input are files, that can be read at any place.
    pub fn is_seekable(&self) -> bool {
        self.length.is_some()
    }

    /// The file below, when it is one and nothing of it was read yet; to be put back to its beginning before it is read here.
    pub(crate) fn whole_file(&mut self) -> Option<&mut Medium> {
        self.length?;
        let at_the_beginning = self.reader.stream_position().is_ok_and(|at| at == 0);
        at_the_beginning.then(|| self.reader.get_mut())
    }

    /// The same at any time.
    pub(crate) fn file_below(&mut self) -> &mut Medium {
        self.reader.get_mut()
    }

    /// Shows how far the file below was read.
    pub(crate) fn show_progress(&mut self, position: u64) {
        self.progress.set(self.before.saturating_add(position));
    }

    /// Whether the file of this device and inode is one of the input's.
    pub(crate) fn reads(&self, identity: (u64, u64)) -> bool {
        self.queue.has(identity)
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
        self.show_progress(position);
        Ok(position)
    }
}

/// Opens a file for reading with an error that a person understands.
pub(crate) fn open(path: &Path) -> anyhow::Result<File> {
    super::location::refuse(path)?;
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
pub(crate) fn read_bounded_into(file: File, path: &Path, limit: usize, bytes: &mut Vec<u8>) -> anyhow::Result<()> {
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
pub(crate) fn identity_of(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// Asks for a larger pipe; what is no pipe, or over the user's allowance, stays as it is.
pub(crate) fn enlarge_pipe(file: &File) {
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE);
}
