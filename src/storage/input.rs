//! The input: file arguments or stdin.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::{Meter, Report, Stop};

use super::StorageError;
use super::error::doing;
use super::file::enlarge_pipe;
use super::handle::Handle;
use super::identity::FileIdentity;
use super::queue::{Open, Queue};

/// One read of the input asks for as much.
const BUFFER: usize = 256 * 1024;
/// An open input, buffered; it reports its own progress. It is one file or object (`s3://BUCKET/KEY`), or several
/// consecutive ones: reading ends where a file ends, until [`Input::next_file`] goes on with the next one.
///
/// A read gives what is there and does not wait for a full buffer, so records pass as they come. Files are read no
/// further when it is asked to stop: a read is an error then ([`StorageError::Stopped`]).
/// Seeking works where [`Input::is_seekable`], within the file that is being read.
#[derive(Debug)]
pub struct Input {
    name: String,
    reader: BufReader<Handle>,
    /// Files after this one.
    queue: Queue,
    /// Bytes of the files before this one, and of this one.
    before: u64,
    here: u64,
    length: Option<u64>,
    position: u64,
    progress: Box<dyn Meter>,
    /// The request to stop, where all are files: nobody else ends them.
    stop: Option<Stop>,
    /// Numbers of the files, from 0, that are of one recording with the file before them.
    going_on: BTreeSet<usize>,
    /// Number of the file that is being read.
    number: usize,
}

impl Input {
    /// Opens `path`, or stdin when there is none or it is `-`.
    ///
    /// # Errors
    ///
    /// Stdin is a terminal, `path` is a folder; it cannot be opened.
    pub fn open(path: Option<&Path>, report: &Report) -> Result<Input, StorageError> {
        Input::open_all(path.map(Path::to_owned).as_slice(), report)
    }

    /// Opens the first of `paths`, or stdin when there is none; `-` is stdin, too. Every one of them is checked.
    ///
    /// # Errors
    ///
    /// As [`Input::open`], for each of them; stdin is named twice.
    pub fn open_all(paths: &[PathBuf], report: &Report) -> Result<Input, StorageError> {
        Input::open_with(paths, None, report)
    }

    /// As [`Input::open_all`], and after them a pipe under a name for messages; without paths the pipe alone.
    pub(crate) fn open_with(
        paths: &[PathBuf],
        pipe: Option<(String, File)>,
        report: &Report,
    ) -> Result<Input, StorageError> {
        let (first, queue) = Queue::open(paths, pipe.map(|(name, file)| Open::pipe(name, file)))?;
        let length = queue.length().zip(first.length).map(|(rest, first)| rest.saturating_add(first));
        let progress = report.progress(length);
        let (name, here) = (first.name, first.length.unwrap_or(0));
        first.handle.as_file().map(enlarge_pipe);
        let reader = BufReader::with_capacity(BUFFER, first.handle);
        // a pipe is read to its end: the command before it got the same signal, and is closing
        let stop = length.map(|_| report.stop());
        let (going_on, number) = (BTreeSet::new(), 0);
        Ok(Input { name, reader, queue, before: 0, here, length, position: 0, progress, stop, going_on, number })
    }

    /// Goes on at the beginning of the next file; false when there is none.
    ///
    /// # Errors
    ///
    /// It was there at the start and cannot be opened any more.
    pub fn next_file(&mut self) -> Result<bool, StorageError> {
        self.skip_files(1)
    }

    /// Goes on at the beginning of the file that comes `count` files after this one, at least one; false when there is
    /// none.
    pub(crate) fn skip_files(&mut self, count: usize) -> Result<bool, StorageError> {
        let mut next = None;
        for _ in 0..count.max(1) {
            let Some(part) = self.queue.next() else { return Ok(false) };
            self.before = self.before.saturating_add(self.here);
            self.here = part.length();
            self.number += 1;
            next = Some(part);
        }
        let Some(next) = next else { return Ok(false) };
        let file = next.open()?;
        file.handle.as_file().map(enlarge_pipe);
        self.name = file.name;
        self.reader = BufReader::with_capacity(BUFFER, file.handle);
        self.set_position(self.before);
        Ok(true)
    }

    /// Number of the file that is being read, from 0.
    pub(crate) fn number(&self) -> usize {
        self.number
    }

    /// Whether files that were read can be read again.
    pub(crate) fn can_go_back(&self) -> bool {
        self.is_seekable() && self.queue.are_named()
    }

    /// Goes back to the beginning of the file of this number, which was read before, where all are files.
    ///
    /// # Errors
    ///
    /// It is gone, or another file has its name now.
    pub(crate) fn go_back_to_file(&mut self, number: usize) -> Result<(), StorageError> {
        let file = self.queue.again(number)?;
        let rest = self.queue.length().unwrap_or(0);
        self.number = number;
        (self.name, self.here) = (file.name, file.length.unwrap_or(0));
        self.before = self.length.unwrap_or(0).saturating_sub(rest).saturating_sub(self.here);
        self.reader = BufReader::with_capacity(BUFFER, file.handle);
        self.set_position(self.before);
        Ok(())
    }

    /// The files of these numbers, from 0, are of one recording with the file before them.
    pub(crate) fn with_going_on(mut self, numbers: impl IntoIterator<Item = usize>) -> Self {
        self.going_on.extend(numbers);
        self
    }

    /// Whether the file that is being read is of one recording with the one before it, as the segments of a folder are:
    /// then nothing may be missing between them.
    pub(crate) fn goes_on(&self) -> bool {
        self.going_on.contains(&self.number)
    }

    /// Bytes of the files before this one, as far as they are known.
    pub(crate) fn bytes_before(&self) -> u64 {
        self.before
    }

    /// Whether files come after this one.
    pub fn has_next(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Whether the input was given as several files.
    pub fn is_several(&self) -> bool {
        self.queue.of() > 1
    }

    /// Paths of the files after this one; of what is no file there is none.
    pub(crate) fn paths_after(&self) -> impl Iterator<Item = Option<&Path>> {
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

    /// The file below, when it is one and nothing of it was read yet; to be put back to its beginning before it is read
    /// here.
    pub(crate) fn whole_file(&mut self) -> Option<&mut Handle> {
        self.length?;
        let at_the_beginning = self.reader.stream_position().is_ok_and(|at| at == 0);
        at_the_beginning.then(|| self.reader.get_mut())
    }

    /// The file below, at any time.
    pub(crate) fn file_below(&mut self) -> &mut Handle {
        self.reader.get_mut()
    }

    /// Shows how far the file below was read.
    pub(crate) fn show_progress(&mut self, position: u64) {
        self.set_position(self.before.saturating_add(position));
    }

    fn set_position(&mut self, position: u64) {
        self.position = position;
        self.progress.set(position);
    }

    fn add(&mut self, count: usize) {
        self.set_position(self.position.saturating_add(count as u64));
    }

    /// A request to stop ends nothing here: whoever reads knows what to do then.
    pub(crate) fn read_on_when_stopped(&mut self) {
        self.stop = None;
    }

    fn check_stop(&self) -> io::Result<()> {
        match &self.stop {
            Some(stop) if stop.is_set() => Err(io::Error::other(StorageError::Stopped)),
            _ => Ok(()),
        }
    }

    /// Whether the file of this device and inode is one of the input's.
    pub(crate) fn reads(&self, identity: FileIdentity) -> bool {
        self.queue.has(identity)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check_stop()?;
        let count = self.reader.read(buffer).map_err(|error| doing(error, &format!("cannot read {}", self.name)))?;
        self.add(count);
        Ok(count)
    }
}

impl BufRead for Input {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check_stop()?;
        self.reader.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.add(count);
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = self.reader.seek(to)?;
        self.show_progress(position);
        Ok(position)
    }
}
