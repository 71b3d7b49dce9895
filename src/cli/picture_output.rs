//! Where a PNG goes: a file that appears whole, or stdout.

use std::io::Write;
use std::path::Path;

use super::Session;
use crate::storage::{AtomicFile, Existing, Input, OutputOptions, StreamOutput};

/// The output of a still picture.
#[derive(Debug)]
pub enum PictureOutput {
    /// Written next to its name, which it gets at the end.
    File(AtomicFile),
    /// Stdout.
    Stdout,
}

impl PictureOutput {
    /// Prepares a file, or stdout when `path` is missing or `-`.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::create`].
    pub fn open(path: Option<&Path>, existing: Existing, input: &Input) -> anyhow::Result<Self> {
        match path.filter(|path| *path != Path::new("-")) {
            Some(path) => Ok(PictureOutput::File(AtomicFile::create(path, 0o666, existing, Some(input))?)),
            None => Ok(PictureOutput::Stdout),
        }
    }

    /// Writes the picture; where there is none, there is no file.
    ///
    /// # Errors
    ///
    /// The disk or the pipe does not take it.
    pub fn write(self, picture: Option<Vec<u8>>, session: &Session) -> anyhow::Result<()> {
        let Some(picture) = picture else { return Ok(()) };
        match self {
            PictureOutput::File(mut file) => {
                file.file().write_all(&picture)?;
                Ok(file.commit()?)
            }
            PictureOutput::Stdout => {
                let mut output = stdout(session)?;
                output.write_all(&picture)?;
                Ok(output.finish()?)
            }
        }
    }
}

/// Stdout for binary data, because the command line asks for it.
///
/// # Errors
///
/// It is closed.
pub fn stdout(session: &Session) -> anyhow::Result<StreamOutput> {
    let options = OutputOptions { terminal_ok: true, ..OutputOptions::default() };
    Ok(StreamOutput::open(options, None, &session.report())?)
}
