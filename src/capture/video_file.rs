//! A video file or pipe, before it is read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::Report;
use crate::base::text;
use crate::format::PREAMBLE;
use crate::media::{DemuxOptions, Demuxer, MediaError};
use crate::storage::{Input, StorageError, file};

use super::CaptureError;

/// The video, not read yet.
#[derive(Debug)]
pub struct VideoFile {
    file: File,
    name: String,
    path: Option<PathBuf>,
    seekable: bool,
}

impl VideoFile {
    /// Opens `path`, or stdin when there is none or it is `-`.
    ///
    /// # Errors
    ///
    /// Stdin is a terminal, `path` is a folder, or it cannot be opened.
    pub fn open(path: Option<&Path>) -> Result<Self, CaptureError> {
        let path = path.filter(|p| *p != Path::new("-"));
        let (file, name) = match path {
            Some(p) => {
                let file = file::open(p)?;
                (file, text::quoted_path(p))
            }
            None => match file::open_stdin() {
                Ok(file) => (file, "stdin".to_owned()),
                Err(StorageError::StdinTerminal) => return Err(CaptureError::Terminal),
                Err(e) => return Err(e.into()),
            },
        };
        let meta = file.metadata().map_err(|e| CaptureError::read(&name, e))?;
        if meta.is_dir() {
            return Err(CaptureError::Folder { name });
        }
        Ok(VideoFile { file, name, path: path.map(Path::to_owned), seekable: meta.is_file() })
    }

    /// `stdin`, or the path in quotes: ready for a message.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it can be read again from its beginning.
    pub fn is_seekable(&self) -> bool {
        self.seekable
    }

    /// Refuses what can be read once only.
    ///
    /// # Errors
    ///
    /// It is a pipe or a device.
    pub fn check_repeatable(&self) -> Result<(), CaptureError> {
        if self.seekable { Ok(()) } else { Err(CaptureError::NotRepeatable) }
    }

    /// Reads it from its beginning.
    ///
    /// # Errors
    ///
    /// It is a stream already, holds nothing, or is nothing that libavformat reads.
    pub fn demux(&mut self, options: &DemuxOptions, report: &Report) -> Result<Demuxer, CaptureError> {
        let hint = self.path.as_ref().and_then(|p| p.file_name()).and_then(|n| n.to_str());
        let mut file = self.file.try_clone().map_err(|e| CaptureError::read(&self.name, e))?;
        if self.seekable && begins_as_stream(&mut file).map_err(|e| CaptureError::read(&self.name, e))? {
            return Err(CaptureError::Stream { name: self.name.clone() });
        }
        let demuxer = match &self.path {
            // an Input shows how far the work is
            Some(path) if self.seekable => {
                Demuxer::from_seekable(Input::open(Some(path), report)?, hint, options.clone())
            }
            _ => Demuxer::from_file(file, hint, options.clone()),
        };
        demuxer.map_err(|e| match e {
            MediaError::Empty => StorageError::NothingArrived.into(),
            source => CaptureError::Open { name: self.name.clone(), source },
        })
    }
}

/// Whether a file begins as a stream of this project; it is at its beginning afterwards.
fn begins_as_stream(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(PREAMBLE.len() as u64).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head == PREAMBLE)
}
