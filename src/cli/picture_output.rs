//! Where a PNG goes: a file that appears whole, or stdout.

use std::io::Write;

use super::Session;
use crate::storage::{AtomicFile, OutputOptions, StreamOutput};

/// The output of a still picture.
#[derive(Debug)]
pub enum PictureOutput {
    /// Written next to its name, which it gets at the end.
    File(AtomicFile),
    /// Stdout.
    Stdout,
}

impl PictureOutput {
    /// Writes the picture.
    ///
    /// # Errors
    ///
    /// The disk or the pipe does not take it.
    pub fn write(self, picture: &[u8], session: &Session) -> anyhow::Result<()> {
        match self {
            PictureOutput::File(mut file) => {
                file.file().write_all(picture)?;
                Ok(file.commit()?)
            }
            PictureOutput::Stdout => {
                let mut output = stdout(session)?;
                output.write_all(picture)?;
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
