//! A file that is written, whose errors say which file it is, how much it took and how much more was wanted.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::base::text::quoted_path;

use super::StorageError;

/// A file that is written.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    /// Ready for a message.
    name: String,
    at: u64,
    /// Where the file ends.
    end: u64,
    /// How long it is to become, where that is known.
    expected: u64,
}

impl OutputFile {
    /// An empty file, called `path` in messages.
    pub fn new(file: File, path: &Path) -> Self {
        OutputFile::named(file, quoted_path(path))
    }

    /// As [`OutputFile::new`]; `name` is ready for a message.
    pub(crate) fn named(file: File, name: String) -> Self {
        OutputFile { file, name, at: 0, end: 0, expected: 0 }
    }

    /// The file itself, for what is no write.
    pub fn as_file(&self) -> &File {
        &self.file
    }

    /// The same file once more, at the same place.
    pub fn try_clone(&self) -> io::Result<Self> {
        let file = self.file.try_clone().map_err(|e| self.not_written(e, 0))?;
        Ok(OutputFile { file, name: self.name.clone(), ..*self })
    }

    /// Says how long it is to become: what a full disk does not take of it is known then.
    pub fn expect_length(&mut self, length: u64) {
        self.expected = length;
    }

    /// Waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// [`StorageError::Sync`]: the disk took the bytes and could not keep them.
    pub fn sync(&self) -> Result<(), StorageError> {
        self.file.sync_all().map_err(|source| StorageError::Sync { name: self.name.clone(), source })
    }

    /// Has `write` add to the file itself, as a call that copies does; it gives how many bytes it added.
    pub(crate) fn add(&mut self, write: impl FnOnce(&mut File) -> io::Result<u64>) -> io::Result<u64> {
        let added = write(&mut self.file);
        // of a copy that failed the system does not say how far it came
        let at = self.file.stream_position().unwrap_or(self.at);
        self.moved(at.saturating_sub(self.at));
        added.map_err(|e| self.not_written(e, 1))
    }

    fn moved(&mut self, count: u64) {
        self.at = self.at.saturating_add(count);
        self.end = self.end.max(self.at);
    }

    fn not_written(&self, reason: io::Error, wanted: u64) -> io::Error {
        not_written(reason, &self.name, self.end, self.expected.saturating_sub(self.end).max(wanted))
    }
}

/// The error of a write as [`StorageError::NotWritten`], in an error of the same kind. Kinds that callers look at stay
/// what they are: an interrupted call is done again, a broken pipe is silent.
pub(crate) fn not_written(reason: io::Error, name: &str, written: u64, wanted: u64) -> io::Error {
    match reason.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::BrokenPipe => reason,
        kind => io::Error::new(kind, StorageError::NotWritten { name: name.to_owned(), written, wanted, reason }),
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(count) => {
                self.moved(count as u64);
                Ok(count)
            }
            Err(e) => Err(self.not_written(e, bytes.len() as u64)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Read for OutputFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.moved(count as u64);
        Ok(count)
    }
}

impl Seek for OutputFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_full_disk_did_not_take_is_told_with_name_and_sizes() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut file = OutputFile::new(full, Path::new("a.vv"));
        let error = file.write_all(&[0; 2000]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(
            error.to_string(),
            "cannot write \"a.vv\": no space left on device (it has 0 B, and 2.0 KiB more are wanted)"
        );
    }
}
