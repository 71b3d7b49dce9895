//! The output of a stream: a file, an object, or stdout.
//!
//! A stream's file is created at its first byte and written in place, so that another command can
//! follow it. A name that is already taken is refused without `force`: recordings are evidence, and
//! a mistyped name must not end one. When the run fails, its [`CreatedFiles`] remove the file, except
//! where it holds an authentic prefix. An object (`s3://BUCKET/KEY`) is there when the stream was finished, and
//! else never was.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::base::{Report, text};

use super::file::enlarge_pipe;
use super::identity::{FileIdentity, identity_of};
use super::permissions::{file_made_with, fix_file};
use super::read_files::was_read;
use super::{CreatedFiles, Input, OutputFile, StorageError, location, open_stdout};

/// Where a stream is to go.
#[derive(Clone, Debug, Default)]
pub struct OutputOptions {
    /// A file, or an object on storage; `None` is stdout.
    pub path: Option<PathBuf>,
    /// Replace what is there.
    pub force: bool,
    /// Stdout may be a terminal.
    pub terminal_ok: bool,
    /// Where a file that is made is remembered.
    pub created: CreatedFiles,
    /// The permissions of a file that is made; `None` are those that the umask leaves.
    pub mode: Option<u32>,
}

/// Where a command's stream goes. Every write is one write of the system's: nothing waits in a buffer.
#[derive(Debug)]
pub struct StreamOutput {
    target: Target,
    created: CreatedFiles,
    report: Report,
    synced: bool,
}

#[derive(Debug)]
enum Target {
    /// Nothing was written yet.
    Later {
        path: PathBuf,
        force: bool,
        mode: Option<u32>,
    },
    Open(OutputFile),
    /// An object, which is there when it is finished and not before.
    #[cfg(feature = "s3")]
    Storage(Box<super::s3::Upload>),
}

impl StreamOutput {
    /// Prepares the output and creates nothing yet. `input` is what it must not be.
    ///
    /// # Errors
    ///
    /// The name is the input's or is taken, the folder is missing, or stdout is a terminal.
    pub fn open(options: OutputOptions, input: Option<&Input>, report: &Report) -> Result<Self, StorageError> {
        let OutputOptions { path, force, terminal_ok, created, mode } = options;
        let target = match path {
            #[cfg(feature = "s3")]
            Some(path) if location::is_storage(&path) => {
                Target::Storage(Box::new(super::bucket::create(&path, force)?))
            }
            Some(path) => {
                check_name(&path, force, input)?;
                Target::Later { path, force, mode }
            }
            None => Target::Open(stdout(terminal_ok, input)?),
        };
        Ok(StreamOutput { target, created, report: report.clone(), synced: false })
    }

    /// Ends the stream: waits until a file is on the disk.
    ///
    /// # Errors
    ///
    /// The disk took the bytes but could not keep them.
    pub fn finish(mut self) -> Result<(), StorageError> {
        #[cfg(feature = "s3")]
        if let Target::Storage(_) = &self.target {
            self.synced = true;
            let none = Target::Later { path: PathBuf::new(), force: false, mode: None };
            return match std::mem::replace(&mut self.target, none) {
                Target::Storage(upload) => upload.finish().map(drop).map_err(Into::into),
                _ => Ok(()),
            };
        }
        self.sync()
    }

    fn sync(&mut self) -> Result<(), StorageError> {
        self.synced = true;
        match &self.target {
            Target::Open(file) if file.as_file().metadata().is_ok_and(|meta| meta.is_file()) => file.sync(),
            _ => Ok(()),
        }
    }

    /// The file below, created now if it was not yet, for what the system can copy by itself; an object has none.
    pub(crate) fn file_below(&mut self) -> io::Result<Option<&mut OutputFile>> {
        match &self.target {
            #[cfg(feature = "s3")]
            Target::Storage(_) => Ok(None),
            _ => self.file().map(Some),
        }
    }

    fn file(&mut self) -> io::Result<&mut OutputFile> {
        if let Target::Later { path, force, mode } = &self.target {
            let (file, identity) = create(path, *force, *mode, &self.created)?;
            if let Some(identity) = identity {
                self.created.add(path, identity);
            }
            let file = OutputFile::new(file, path);
            self.target = Target::Open(file);
        }
        match &mut self.target {
            Target::Open(file) => Ok(file),
            _ => Err(io::Error::other("the output is not open")),
        }
    }
}

/// A stream that ends with an error ends here, too: what stays of it must be on the disk like any other.
impl Drop for StreamOutput {
    fn drop(&mut self) {
        if self.synced {
            return;
        }
        if let Err(e) = self.sync() {
            let why = e.source().and_then(|source| source.downcast_ref()).map(text::io_reason);
            self.report.warn([Some(e.to_string()), why].into_iter().flatten().collect::<Vec<_>>().join(": "));
        }
    }
}

impl Write for StreamOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "s3")]
        if let Target::Storage(upload) = &mut self.target {
            return upload.write(bytes);
        }
        if bytes.is_empty() {
            return Ok(0);
        }
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Open(file) => file.flush(),
            _ => Ok(()),
        }
    }
}

/// Refuses early, before any work, what would be refused at the first byte.
///
/// # Errors
///
/// `path` is the input's, is taken, is a folder or lies in a missing one, or is a name on storage.
pub fn check_name(path: &Path, force: bool, input: Option<&Input>) -> Result<(), StorageError> {
    location::refuse(path)?;
    if identity_of(path).is_some_and(|id| input.is_some_and(|input| input.reads(id))) {
        return Err(StorageError::SameFile { name: text::quoted_path(path) });
    }
    if identity_of(path).is_some_and(was_read) {
        return Err(StorageError::AlsoRead(path.to_owned()));
    }
    match fs::metadata(path) {
        Ok(meta) if !meta.is_dir() && !meta.is_file() && !force && is_foreign(&meta) => {
            return Err(StorageError::Foreign(path.to_owned()));
        }
        Ok(meta) if meta.is_dir() => return Err(StorageError::OutputFolder(path.to_owned())),
        Ok(meta) if meta.is_file() && !force => return Err(StorageError::Exists(path.to_owned())),
        _ => {}
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => Err(StorageError::NoFolder(folder.to_owned())),
        _ => Ok(()),
    }
}

fn stdout(terminal_ok: bool, input: Option<&Input>) -> Result<OutputFile, StorageError> {
    let stdout = open_stdout()?;
    let file = stdout.as_file();
    if file.is_terminal() && !terminal_ok {
        return Err(StorageError::StdoutTerminal);
    }
    let meta = file.metadata().map_err(StorageError::Stdout)?;
    let identity = (meta.dev(), meta.ino());
    if meta.is_file() && (was_read(identity) || input.is_some_and(|input| input.reads(identity))) {
        return Err(StorageError::SameFile { name: "on stdout".into() });
    }
    enlarge_pipe(file);
    Ok(stdout)
}

/// Opens the file for its first byte. The identity is that of a regular file, which is ours to remove;
/// devices and named pipes are written to as they are.
fn create(
    path: &Path,
    force: bool,
    mode: Option<u32>,
    created: &CreatedFiles,
) -> io::Result<(File, Option<FileIdentity>)> {
    let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    let mut options = OpenOptions::new();
    options.write(true).mode(file_made_with(mode));
    match (special, force) {
        (true, _) => &mut options,
        // what is there is looked at before it is cut
        (false, true) => options.create(true).truncate(false),
        (false, false) => options.create_new(true),
    };
    let named = |error: io::Error| {
        let text = format!("cannot create {}: {}", text::quoted_path(path), text::io_reason(&error));
        io::Error::new(error.kind(), text)
    };
    let file = options.open(path).map_err(named)?;
    let meta = file.metadata().map_err(named)?;
    let identity = (meta.dev(), meta.ino());
    if meta.is_file() && force {
        if was_read(identity) || created.has(identity) {
            return Err(io::Error::other(StorageError::AlsoRead(path.to_owned())));
        }
        file.set_len(0).map_err(named)?;
    }
    if meta.is_file() {
        fix_file(&file, mode).map_err(named)?;
    }
    enlarge_pipe(&file);
    Ok((file, meta.is_file().then_some(identity)))
}

/// Whether what is no regular file belongs to somebody who is neither this user nor root.
fn is_foreign(meta: &fs::Metadata) -> bool {
    let own = rustix::process::geteuid().as_raw();
    meta.uid() != own && meta.uid() != 0
}
