//! A damaged file copied, as much of it as is whole. The old one stays.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::base::Report;
use crate::storage::{AtomicFile, Existing, Input};

use super::copy_whole::{Copied, copy_whole};
use super::error::ArchiveError;
use super::folder::is_being_written;

/// What a repair did.
#[derive(Debug)]
pub enum Repaired {
    /// Nothing: the file is whole.
    Whole,
    /// What is whole of the file was copied.
    Copied {
        /// The copy.
        output: PathBuf,
        /// What it holds, and what is lost.
        copied: Copied,
    },
}

/// Copies what is whole of `file` to `output`, or next to it as `NAME.recovered.vv`.
///
/// # Errors
///
/// It is being written, or is no stream; the new name is taken.
pub fn repair(file: &Path, output: Option<&Path>, report: &Report) -> Result<Repaired, ArchiveError> {
    if File::open(file).is_ok_and(|f| is_being_written(&f)) {
        return Err(ArchiveError::BeingWritten(file.to_owned()));
    }
    let output = output.map_or_else(|| recovered_name(file), Path::to_owned);
    let input = Input::open(Some(file), report)?;
    let mut new = AtomicFile::create(&output, 0o666, Existing::Refuse, Some(&input))?;
    let mut writer = BufWriter::with_capacity(1 << 20, new.file());
    let copied = copy_whole(input, &mut writer)?;
    writer.flush().map_err(ArchiveError::WriteCopy)?;
    drop(writer);
    if copied.lost.is_empty() && !copied.recovered {
        return Ok(Repaired::Whole);
    }
    new.commit()?;
    Ok(Repaired::Copied { output, copied })
}

fn recovered_name(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.strip_suffix(".part").unwrap_or(&name);
    let name = name.strip_suffix(".vv").unwrap_or(name);
    file.with_file_name(format!("{name}.recovered.vv"))
}
