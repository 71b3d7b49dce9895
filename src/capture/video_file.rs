//! A video file or pipe, before it is read.

use std::fs::File;
use std::io::{IsTerminal, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::base::Report;
use crate::base::text;
use crate::cli::Failure;
use crate::format::PREAMBLE;
use crate::media::{DemuxOptions, Demuxer, MediaError};
use crate::storage::{Input, StorageError};

/// The video, not read yet.
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
    /// A [`Failure`]: stdin is a terminal, `path` is a folder (2); it cannot be opened (1).
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let path = path.filter(|p| *p != Path::new("-"));
        let (file, name) = match path {
            Some(p) => {
                let name = text::quoted_path(p);
                let file = File::open(p)
                    .map_err(|e| Failure::failed(format!("cannot open {name}: {}", text::io_reason(&e))))?;
                (file, name)
            }
            None => {
                let stdin = std::io::stdin();
                if stdin.is_terminal() {
                    let hint = "give a video file or a pipe, as in: capture VIDEO";
                    return Err(Failure::usage("input is a terminal").hint(hint).into());
                }
                (File::from(stdin.as_fd().try_clone_to_owned().context("cannot read stdin")?), "stdin".to_owned())
            }
        };
        let meta = file.metadata().with_context(|| format!("cannot read {name}"))?;
        if meta.is_dir() {
            return Err(Failure::usage(format!("{name} is a folder, not a video")).into());
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

    /// Reads it from its beginning.
    ///
    /// # Errors
    ///
    /// It is a stream already (2), holds nothing (3), or is nothing that libavformat reads.
    pub fn demux(&mut self, options: &DemuxOptions, report: &Report) -> anyhow::Result<Demuxer> {
        let hint = self.path.as_ref().and_then(|p| p.file_name()).and_then(|n| n.to_str());
        let mut file = self.file.try_clone().with_context(|| format!("cannot read {}", self.name))?;
        if self.seekable && self.begins_as_stream(&mut file)? {
            return Err(Failure::usage(format!("{} is a vidveil stream already", self.name))
                .hint("give it to encrypt-stream, protect or view")
                .into());
        }
        let demuxer = match &self.path {
            // it shows how far the work is
            Some(path) if self.seekable => {
                Demuxer::from_seekable(Input::open(Some(path), report)?, hint, options.clone())
            }
            _ => Demuxer::from_file(file, hint, options.clone()),
        };
        demuxer.map_err(|e| match e {
            MediaError::Empty => StorageError::NothingArrived.into(),
            e => anyhow::Error::from(e).context(format!("cannot read {}", self.name)),
        })
    }

    fn begins_as_stream(&self, file: &mut File) -> anyhow::Result<bool> {
        let cannot = || format!("cannot read {}", self.name);
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0)).with_context(cannot)?;
        file.take(PREAMBLE.len() as u64).read_to_end(&mut head).with_context(cannot)?;
        file.seek(SeekFrom::Start(0)).with_context(cannot)?;
        Ok(head == PREAMBLE)
    }
}
