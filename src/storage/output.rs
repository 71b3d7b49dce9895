//! The output of a stream: `-o FILE` or stdout.
//!
//! A stream's file is created at its first byte and written in place, so that another command can
//! follow it. A name that is already taken is refused without `--force`: recordings are evidence, and
//! a mistyped name must not end one. When the command fails, [`crate::cli::run`] removes the file, except
//! for the exit statuses whose file holds an authentic prefix. An object (`-o s3://BUCKET/KEY`) is there when the stream was finished, and
//! else never was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::input::{enlarge_pipe, identity_of};
use super::{Input, location};
use crate::base::text;
use crate::cli::flags::OutputFlags;
use crate::cli::{Failure, Session};

/// Where a command's stream goes. Every write is one write of the system's: nothing waits in a buffer.
#[derive(Debug)]
pub struct StreamOutput {
    target: Target,
    session: Session,
    synced: bool,
}

#[derive(Debug)]
enum Target {
    /// Nothing was written yet.
    Later {
        path: PathBuf,
        force: bool,
    },
    Open(File),
    /// An object, which is there when it is finished and not before.
    #[cfg(feature = "s3")]
    Storage(Box<super::s3::Upload>),
}

impl StreamOutput {
    /// Prepares `-o FILE`, or stdout when there is none or it is `-`; creates nothing yet.
    ///
    /// # Errors
    ///
    /// A [`Failure`] (2): the name is the input's or is taken, the folder is missing, or stdout is a
    /// terminal and `-o -` was not said.
    pub fn open(flags: &OutputFlags, input: Option<&Input>, session: &Session) -> anyhow::Result<Self> {
        StreamOutput::prepare(flags, input, session, false)
    }

    /// The same for text, which may go to a terminal.
    ///
    /// # Errors
    ///
    /// As [`StreamOutput::open`].
    pub fn open_text(flags: &OutputFlags, input: Option<&Input>, session: &Session) -> anyhow::Result<Self> {
        StreamOutput::prepare(flags, input, session, true)
    }

    fn prepare(flags: &OutputFlags, input: Option<&Input>, session: &Session, text: bool) -> anyhow::Result<Self> {
        let target = match flags.path() {
            #[cfg(feature = "s3")]
            Some(path) if location::is_storage(path) => Target::Storage(Box::new(location::create(path, flags.force)?)),
            Some(path) => {
                check_name(path, flags.force, input)?;
                Target::Later { path: path.to_owned(), force: flags.force }
            }
            None => Target::Open(stdout(text || flags.output.is_some(), input)?),
        };
        Ok(StreamOutput { target, session: session.clone(), synced: false })
    }

    /// Ends the stream: waits until a file is on the disk.
    ///
    /// # Errors
    ///
    /// The disk took the bytes but could not keep them.
    pub fn finish(mut self) -> anyhow::Result<()> {
        #[cfg(feature = "s3")]
        if let Target::Storage(_) = &self.target {
            self.synced = true;
            let none = Target::Later { path: PathBuf::new(), force: false };
            return match std::mem::replace(&mut self.target, none) {
                Target::Storage(upload) => upload.finish().map_err(Into::into),
                _ => Ok(()),
            };
        }
        self.sync().context("cannot write the output to the disk")
    }

    fn sync(&mut self) -> io::Result<()> {
        self.synced = true;
        match &self.target {
            Target::Open(file) if file.metadata().is_ok_and(|meta| meta.is_file()) => file.sync_all(),
            _ => Ok(()),
        }
    }

    /// The file below, created now if it was not yet, for what the system can copy by itself; an object has none.
    pub(crate) fn file_below(&mut self) -> io::Result<Option<&mut File>> {
        match &self.target {
            #[cfg(feature = "s3")]
            Target::Storage(_) => Ok(None),
            _ => self.file().map(Some),
        }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if let Target::Later { path, force } = &self.target {
            let (file, identity) = create(path, *force)?;
            if let Some(identity) = identity {
                self.session.created(path, identity);
            }
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
            self.session.warn(format!("cannot write the output to the disk: {}", text::io_reason(&e)));
        }
    }
}

impl Write for StreamOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "s3")]
        if let Target::Storage(upload) = &mut self.target {
            return upload.write(bytes);
        }
        match bytes.is_empty() {
            true => Ok(0),
            false => self.file()?.write(bytes).map_err(|error| text::told(error, "cannot write the output")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Open(file) => file.flush(),
            _ => Ok(()),
        }
    }
}

/// Refuses early, before any work, what would be refused at the first byte.
pub(crate) fn check_name(path: &Path, force: bool, input: Option<&Input>) -> anyhow::Result<()> {
    let name = text::quoted_path(path);
    location::refuse(path)?;
    if identity_of(path).is_some_and(|id| input.is_some_and(|input| input.reads(id))) {
        return Err(same_file(&name).into());
    }
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => return Err(Failure::usage(format!("{name} is a folder")).into()),
        Ok(meta) if meta.is_file() && !force => return Err(taken(path).into()),
        _ => {}
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(Failure::usage(format!("no such folder: {}", text::quoted_path(folder))).into())
        }
        _ => Ok(()),
    }
}

/// The failure for a name that exists.
pub(crate) fn taken(path: &Path) -> Failure {
    Failure::usage(format!("{} exists already", text::quoted_path(path)))
        .hint("choose another name, or say --force to replace it")
}

fn same_file(name: &str) -> Failure {
    Failure::usage(format!("the output {name} is the input")).hint("write to another file, then rename it")
}

fn stdout(terminal_ok: bool, input: Option<&Input>) -> anyhow::Result<File> {
    let stdout = io::stdout();
    if stdout.is_terminal() && !terminal_ok {
        return Err(Failure::usage("binary data is not written to a terminal")
            .hint("write to a pipe or to -o FILE; -o - writes here all the same")
            .into());
    }
    let file = File::from(stdout.as_fd().try_clone_to_owned().context("cannot write to stdout")?);
    let meta = file.metadata().context("cannot write to stdout")?;
    if meta.is_file() && input.is_some_and(|input| input.reads((meta.dev(), meta.ino()))) {
        return Err(same_file("on stdout").into());
    }
    enlarge_pipe(&file);
    Ok(file)
}

/// Opens the file for its first byte. The identity is that of a regular file, which is ours to remove;
/// devices and named pipes are written to as they are.
fn create(path: &Path, force: bool) -> io::Result<(File, Option<(u64, u64)>)> {
    let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file());
    let mut options = OpenOptions::new();
    options.write(true);
    match (special, force) {
        (true, _) => &mut options,
        (false, true) => options.create(true).truncate(true),
        (false, false) => options.create_new(true),
    };
    let told = |error: io::Error| {
        let text = format!("cannot create {}: {}", text::quoted_path(path), text::io_reason(&error));
        io::Error::new(error.kind(), text)
    };
    let file = options.open(path).map_err(told)?;
    let meta = file.metadata().map_err(told)?;
    enlarge_pipe(&file);
    Ok((file, meta.is_file().then(|| (meta.dev(), meta.ino()))))
}
