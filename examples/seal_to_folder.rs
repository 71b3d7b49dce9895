//! A recorder in one program: a video file, sealed to certificates, into a folder of segments.
//!
//!     cargo run --example seal_to_folder -- VIDEO CERTIFICATE ARCHIVE

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Cursor, Write};
use std::path::PathBuf;

use vidveil::archive::{SegmentFile, SegmentName, SegmentStore, Segmenter};
use vidveil::base::{Report, Reporter, SystemClock, random_id, wall_ns};
use vidveil::format::{Reader, Reason, StreamRecord};
use vidveil::media::{DemuxOptions, Demuxer};
use vidveil::recipients::{CertificateFiles, Recipients, RecipientsOptions};
use vidveil::seal::{SealSettings, Sealer};

/// Segments as files of one folder.
struct Folder(PathBuf);

struct Segment(File);

impl Write for Segment {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl SegmentFile for Segment {
    fn cut_to(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}

impl SegmentStore for Folder {
    type File = Segment;

    fn create(&mut self, name: &SegmentName) -> io::Result<Segment> {
        let path = self.0.join(name.to_string());
        OpenOptions::new().write(true).create_new(true).open(path).map(Segment)
    }

    fn keep(&mut self, file: Segment, name: &SegmentName) -> io::Result<()> {
        file.0.sync_all()?;
        let part = self.0.join(format!("{name}.part"));
        std::fs::rename(part, self.0.join(name.to_string()))
    }

    fn discard(&mut self, _file: Segment, name: &SegmentName) -> io::Result<()> {
        std::fs::remove_file(self.0.join(name.to_string()))
    }
}

/// Who is left out, and why, goes to stderr.
struct Warnings;

impl Reporter for Warnings {
    fn warn(&self, message: &str) {
        eprintln!("{message}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(video), Some(certificate), Some(archive)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("give VIDEO, CERTIFICATE and ARCHIVE".into());
    };
    std::fs::create_dir_all(&archive)?;

    let mut demuxer = Demuxer::from_file(File::open(video)?, None, DemuxOptions::default())?;
    let stream = StreamRecord::original(random_id()?, "gate", wall_ns(), demuxer.tracks().to_vec());
    // a file, or a folder of certificates, re-read at every epoch; without a reporter, who is left out stays unsaid
    let files = CertificateFiles::new(&[certificate])?;
    let recipients = Box::new(Recipients::open(files, &RecipientsOptions::default(), &Report::new(Warnings))?);
    let clock = SystemClock::start();
    let mut sealer = Sealer::begin(Vec::new(), &stream, SealSettings::default(), recipients, clock.now())?;
    while let Some(packet) = demuxer.next_packet()? {
        sealer.frame(&packet.to_frame(), &packet.data, clock.now())?;
    }
    sealer.finish(Reason::EndOfInput)?;

    // segments of a minute; a recorder that runs for long gives each record to the segmenter as it comes
    let mut segmenter = Segmenter::new(Folder(archive), 60_000_000_000);
    let mut reader = Reader::new(Cursor::new(sealer.into_output()));
    while let Some(record) = reader.next()? {
        if let Some(kept) = segmenter.add(record, reader.raw(), clock.now().mono_ns)? {
            println!("{}: {} bytes", kept.name, kept.bytes);
        }
    }
    if let Some(kept) = segmenter.stop()? {
        println!("{}: {} bytes", kept.name, kept.bytes);
    }
    Ok(())
}
