//! A video file or pipe, before it is read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::base::{Meter, Report, text};
use crate::foreign::{Demuxer, Foreign, ForeignError, Source};
use crate::format::PREAMBLE;
use crate::media::{DemuxOptions, MediaError};
use crate::storage::{StorageError, file, open_stdin};

use super::CaptureError;

/// The video, not read yet.
#[derive(Debug)]
pub struct VideoFile {
    file: File,
    name: String,
    path: Option<PathBuf>,
    seekable: bool,
    progress: Option<Box<dyn Meter>>,
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
            None => match open_stdin() {
                Ok(file) => (file, "stdin".to_owned()),
                Err(StorageError::StdinTerminal) => return Err(CaptureError::Terminal),
                Err(e) => return Err(e.into()),
            },
        };
        let meta = file.metadata().map_err(|e| CaptureError::read(&name, e))?;
        if meta.is_dir() {
            return Err(CaptureError::Folder { name });
        }
        Ok(VideoFile { file, name, path: path.map(Path::to_owned), seekable: meta.is_file(), progress: None })
    }

    /// What comes through a pipe; `name` is ready for a message.
    pub fn from_pipe(file: File, name: &str) -> Self {
        VideoFile { file, name: name.to_owned(), path: None, seekable: false, progress: None }
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

    /// Reads it from its beginning, in a process of its own.
    ///
    /// # Errors
    ///
    /// It is a stream already, holds nothing, or is nothing that is read; the process fails.
    pub fn demux(
        &mut self,
        options: &DemuxOptions,
        foreign: &Foreign,
        report: &Report,
    ) -> Result<Demuxer, CaptureError> {
        let hint = self.path.as_ref().and_then(|p| p.file_name()).and_then(|n| n.to_str());
        let name = hint.unwrap_or_default().to_owned();
        // the same place in the file: it shows how far the process is
        let mut file = self.file.try_clone().map_err(|e| CaptureError::read(&self.name, e))?;
        if self.seekable {
            if begins_as_stream(&mut file).map_err(|e| CaptureError::read(&self.name, e))? {
                return Err(CaptureError::Stream { name: self.name.clone() });
            }
            let length = file.metadata().ok().map(|meta| meta.len());
            self.progress = Some(report.progress(length));
        }
        let opened = Demuxer::open(Source { file, name }, options, foreign, report);
        let failed = |source| CaptureError::Open { name: self.name.clone(), source };
        match opened {
            Ok(Some(demuxer)) => Ok(demuxer),
            Ok(None) => Err(failed(MediaError::Stopped)),
            Err(ForeignError::Media(MediaError::Empty)) => Err(StorageError::NothingArrived.into()),
            Err(ForeignError::Media(source)) => Err(failed(source)),
            Err(source) => Err(CaptureError::Foreign { name: self.name.clone(), source }),
        }
    }

    /// Shows how far the file was read.
    pub fn show_progress(&mut self) {
        if let (Some(meter), Ok(position)) = (&mut self.progress, self.file.stream_position()) {
            meter.set(position);
        }
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
