//! Packets out of a file or pipe that the child reads.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};

use crate::base::Report;
use crate::format::Track;
use crate::media::{DemuxOptions, MediaError, Packet, Remarks};

use super::child::{FeedFault, Running, feed};
use super::hang::Reading;
use super::options::{Foreign, ForeignError, Work};
use super::wire::{self, Kind};

/// What is read: an open file, from where it stands, and its name.
pub struct Source {
    /// The file or pipe.
    pub file: File,
    /// A hint to the format.
    pub name: String,
}

/// As [`crate::media::Demuxer`], in a child.
pub struct Demuxer {
    child: Running,
    tracks: Vec<Track>,
    left_out: Vec<String>,
    ended: bool,
    remarks: Remarks,
    fault: FeedFault,
}

impl Demuxer {
    /// Reads `source`. A file that is open for reading only the child has itself; of anything else it gets the bytes. A
    /// child that hangs is ended; one to which nothing comes does not hang.
    ///
    /// # Errors
    ///
    /// As [`crate::media::Demuxer::from_file`]; the child cannot be started or confined, or died.
    pub fn open(
        source: Source,
        options: &DemuxOptions,
        foreign: &Foreign,
        report: &Report,
    ) -> Result<Option<Self>, ForeignError> {
        let work = Work::Demux {
            audio: options.audio,
            tracks: options.tracks.clone(),
            format: options.format.clone(),
            frame_rate: options.frame_rate,
            name: source.name,
        };
        let (stop, mut fault) = (options.stop.clone(), FeedFault::default());
        let shared = source.file.try_clone().ok().filter(is_for_reading);
        let mut child;
        if let Some(place) = shared {
            child = Running::start(foreign, &work, Stdio::from(OwnedFd::from(source.file)), stop, report)?;
            child.reads(Reading::File(place));
        } else {
            child = Running::start(foreign, &work, Stdio::piped(), stop, report)?;
            if let Some(stdin) = child.stdin.take() {
                let (fed, noted) = feed(source.file, stdin);
                child.reads(Reading::Fed(fed));
                fault = noted;
            }
        }
        let mut first = child.receive();
        let mut left_out = Vec::new();
        if let Ok(Some((Kind::LeftOut, body))) = &first {
            left_out = String::from_utf8_lossy(body).lines().map(str::to_owned).collect();
            first = child.receive();
        }
        if let (false, Some(e)) = (matches!(first, Ok(Some((Kind::Tracks, _)))), fault.take()) {
            return Err(MediaError::Read(e).into());
        }
        match first? {
            Some((Kind::Tracks, body)) => {
                let tracks = wire::tracks_of(&body).ok_or(ForeignError::Nonsense)?;
                Ok(Some(Demuxer { child, tracks, left_out, ended: false, remarks: Remarks::default(), fault }))
            }
            Some(_) => Err(ForeignError::Nonsense),
            None => Ok(None),
        }
    }

    /// As [`crate::media::Demuxer::tracks`].
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// As [`crate::media::Demuxer::left_out`]; the words are the child's.
    pub fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// As [`crate::media::Demuxer::remarks`]; known at the end of the input.
    pub fn remarks(&self) -> Remarks {
        self.remarks
    }

    /// As [`crate::media::Demuxer::next_packet`].
    ///
    /// # Errors
    ///
    /// As there; the child died.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, ForeignError> {
        if self.ended || self.child.is_stopped() {
            return Ok(None);
        }
        let mut message = self.child.receive();
        if let Ok(Some((Kind::Tracks, body))) = &message {
            self.describe(body)?;
            message = self.child.receive();
        }
        if let (false, Some(e)) = (matches!(message, Ok(Some((Kind::Packet, _)))), self.fault.take()) {
            self.ended = true;
            return Err(MediaError::Read(e).into());
        }
        match message.inspect_err(|_| self.ended = true)? {
            Some((Kind::Packet, body)) => match wire::packet_of(&body, self.tracks.len()) {
                Some(packet) => return Ok(Some(packet)),
                None => return Err(ForeignError::Nonsense),
            },
            Some((Kind::End, body)) => {
                self.remarks = wire::remarks_of(&body);
                self.ended = true;
            }
            None => self.ended = true,
            Some(_) => return Err(ForeignError::Nonsense),
        }
        Ok(None)
    }

    /// The tracks are described anew: they are the same ones.
    fn describe(&mut self, body: &[u8]) -> Result<(), ForeignError> {
        let now = wire::tracks_of(body).ok_or(ForeignError::Nonsense)?;
        let name = |t: &Track| (t.kind, t.codec.clone(), t.time_base);
        if !now.iter().map(name).eq(self.tracks.iter().map(name)) {
            self.ended = true;
            return Err(ForeignError::Nonsense);
        }
        self.tracks = now;
        Ok(())
    }
}

/// Whether whoever has the descriptor can do nothing with it but read.
fn is_for_reading(file: &File) -> bool {
    let kind = fstat(file).map(|stat| FileType::from_raw_mode(stat.st_mode));
    let reads = fcntl_getfl(file).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDONLY);
    reads && matches!(kind, Ok(FileType::RegularFile))
}
