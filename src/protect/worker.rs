//! The child: decodes, hides, encodes. Plain originals come in, public streams go out; there is no key in this process.

use std::fs::File;
use std::io::{BufReader, Read, Write};

use crate::base::{Report, json, text};
use crate::format::{
    Clock, FormatError, Frame, FrameFlags, Manifest, PlainWriter, Reader, Reason, Record, Role, StreamRecord, Suite,
    Track, TrackKind, sha256,
};
use crate::media::Packet;

use super::error::ProtectError;
use super::first_pass::{Studied, study};
use super::options::PictureOptions;
use super::overlay::Overlay;
use super::picture_facts::PictureFacts;
use super::pipeline::{Coded, Counts, Extras, Pipeline};
use super::pipes::WorkerPipes;

/// Length of a public stream's epochs, in nanoseconds.
const EPOCH_NS: i64 = 60_000_000_000;

/// Largest number of packets of other tracks that wait for the first picture.
const EARLY: usize = 4096;

/// Reads plain originals from `input` and writes public streams to `output`.
///
/// # Errors
///
/// An input without video or with a codec that cannot be decoded; a detector or a reference picture that cannot be
/// used; damage; an output that cannot be written.
pub fn work(
    input: impl Read,
    output: impl Write,
    options: &PictureOptions,
    pipes: WorkerPipes,
    report: &Report,
) -> Result<(), ProtectError> {
    let mut reader = Reader::new(BufReader::with_capacity(256 * 1024, input));
    let notes = WorkerPipes::open(pipes.notes_fd, true)?;
    let mut output =
        WorkerOutput { public: output, notes, overlay: WorkerPipes::open(pipes.overlay_fd, true)?, noted: 0 };
    let mut studied = WorkerPipes::open(pipes.study_fd, false)?.map(|f| study(f, options)).unwrap_or_default();
    let extras = Extras { notes: output.notes.is_some(), overlay: output.overlay.is_some() };
    let mut current: Option<PublicStream<'_>> = None;
    let mut counts = Counts::default();
    let mut result = Ok(());
    loop {
        let record = match reader.next() {
            Ok(Some(r)) => r,
            // the parent reports why nothing came
            Ok(None) | Err(FormatError::Empty) => break,
            Err(e) => {
                result = Err(e.into());
                break;
            }
        };
        match record {
            Record::Stream(s) => current = Some(PublicStream::new(s, options, &mut studied, extras, report)?),
            Record::Start(s) => {
                if let Some(p) = &mut current {
                    p.source_clock = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
                    p.first_epoch.get_or_insert(s.epoch);
                }
            }
            Record::Frame(f) => {
                if let Some(p) = &mut current {
                    p.frame(&f, reader.payload(), &mut output)?;
                }
            }
            Record::Close(c) => {
                if let Some(p) = &mut current {
                    // that of a truncated stream may be the parent's own: then the original has no such record
                    if c.reason != Reason::InputCut {
                        p.last_epoch = Some(c.epoch);
                    }
                }
                if let Some(p) = current.take_if(|_| c.reason != Reason::NotLast) {
                    p.end(c.reason, &mut output, &mut counts)?;
                }
            }
            // an excerpt's last close record has no LAST: the public stream of it is whole all the same
            Record::End(_) => {
                if let Some(p) = current.take() {
                    p.end(Reason::EndOfInput, &mut output, &mut counts)?;
                }
            }
            _ => {}
        }
    }
    if let Some(p) = current {
        p.end(Reason::InputCut, &mut output, &mut counts)?;
    }
    counts.warn(report);
    result
}

/// One public stream, made of one original. It becomes several where the pictures change their size.
struct PublicStream<'a> {
    original: StreamRecord,
    options: &'a PictureOptions,
    video: u16,
    /// Number in the public stream of each of the original's tracks; `None` for those that are left out.
    tracks: Vec<Option<u16>>,
    pictures: Pipeline,
    writer: Option<PlainWriter<Sink>>,
    overlay: Overlay,
    /// Packets of other tracks that came before the encoder could say what it writes.
    early: Vec<(Frame, Vec<u8>)>,
    source_clock: Clock,
    /// Number of the first epoch: an excerpt's is not 0.
    first_epoch: Option<u64>,
    /// Number of the last epoch that was closed.
    last_epoch: Option<u64>,
    /// The pictures in the stream that is being written: their number, the first and the last presentation time in
    /// ticks.
    shown: Option<(u64, Option<i64>, Option<i64>)>,
}

/// Where the child writes.
struct WorkerOutput<W> {
    public: W,
    notes: Option<File>,
    overlay: Option<File>,
    /// Number of notes that were written.
    noted: u64,
}

/// Records for the parent, collected so that the writer needs no borrow of the output.
type Sink = Vec<u8>;

impl<'a> PublicStream<'a> {
    fn new(
        original: StreamRecord,
        options: &'a PictureOptions,
        studied: &mut Studied,
        extras: Extras,
        report: &Report,
    ) -> Result<Self, ProtectError> {
        if original.role == Role::Public {
            return Err(ProtectError::Public);
        }
        let video = original.first_video().ok_or(ProtectError::NoVideo)?;
        let mut tracks = vec![None; original.tracks.len()];
        let mut next = 1;
        for (i, t) in original.tracks.iter().enumerate() {
            if i == video as usize {
                tracks[i] = Some(0);
            } else if t.kind == TrackKind::Audio && options.keep_audio {
                tracks[i] = Some(next);
                next += 1;
            } else if t.kind == TrackKind::Video {
                report.warn(format!("the second video track ({}) is left out", text::quoted(&t.codec)));
            }
        }
        let info = original.tracks[video as usize].clone();
        let known = studied.iter().position(|(id, _)| *id == original.id).map(|i| studied.remove(i).1);
        let pictures = Pipeline::new(&info, options, known, extras, report)?;
        let source_clock = Clock { wall_ns: original.start_ns, mono_ns: 0 };
        Ok(PublicStream {
            overlay: Overlay::new(&original),
            original,
            options,
            video,
            tracks,
            pictures,
            writer: None,
            early: Vec::new(),
            source_clock,
            first_epoch: None,
            last_epoch: None,
            shown: None,
        })
    }

    fn frame(&mut self, f: &Frame, packet: &[u8], output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        if f.track == self.video {
            let coded = self.pictures.packet(&Packet::from_frame(f, packet))?;
            return self.write(coded, output);
        }
        let Some(Some(track)) = self.tracks.get(f.track as usize) else { return Ok(()) };
        let f = Frame { track: *track, ..*f };
        match &mut self.writer {
            Some(w) => w.frame(&f, packet, self.source_clock)?,
            None if self.early.len() < EARLY => self.early.push((f, packet.to_vec())),
            None => return Err(ProtectError::OnlyAudio),
        }
        self.pass_on(output)
    }

    /// Writes what the encoder gave; a new size begins a new stream.
    fn write(&mut self, coded: Vec<Coded>, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        for c in coded {
            match c {
                Coded::Begins(info) => {
                    if let Some(mut w) = self.writer.take() {
                        self.manifest(&mut w)?;
                        w.finish(Reason::ConfigChanged, self.source_clock)?;
                        output.public.write_all(&w.into_output())?;
                    }
                    let mut w = PlainWriter::begin(Sink::new(), &self.public_record(&info), EPOCH_NS)?;
                    for (f, packet) in self.early.drain(..) {
                        w.frame(&f, &packet, self.source_clock)?;
                    }
                    self.writer = Some(w);
                }
                Coded::Packet(p) => {
                    let f = Frame { track: 0, ..p.to_frame() };
                    let (n, first, last) = self.shown.unwrap_or((0, f.pts, f.pts));
                    self.shown = Some((n + 1, first.min(f.pts), last.max(f.pts)));
                    let w = self.writer.as_mut().ok_or(ProtectError::PacketFirst)?;
                    w.frame(&f, &p.data, self.source_clock)?;
                }
                Coded::Facts(facts) => {
                    self.note(*facts, output)?;
                    continue;
                }
                Coded::OverlayBegins(track) => {
                    if let Some(file) = &mut output.overlay {
                        self.overlay.begins(&track, self.source_clock, file)?;
                    }
                    continue;
                }
                Coded::Overlay(p) => {
                    if let Some(file) = &mut output.overlay {
                        self.overlay.packet(&p, self.source_clock, file)?;
                    }
                    continue;
                }
            }
            self.pass_on(output)?;
        }
        Ok(())
    }

    /// Reports a picture to the parent, in one line.
    fn note(&self, facts: PictureFacts, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        let Some(file) = &mut output.notes else { return Ok(()) };
        let ns = self.original.tracks.get(self.video as usize).and_then(|t| t.to_ns(facts.pts)).unwrap_or(0);
        let utc_ns = self.original.utc_ns(ns);
        let facts = PictureFacts { picture: output.noted, seconds: ns as f64 / 1e9, utc_ns, ..facts };
        output.noted += 1;
        Ok(file.write_all(json::line(&facts).as_bytes())?)
    }

    fn pass_on(&mut self, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        if let Some(w) = &mut self.writer {
            let bytes = w.get_mut();
            output.public.write_all(bytes)?;
            output.public.flush()?;
            bytes.clear();
        }
        Ok(())
    }

    fn end(
        mut self,
        reason: Reason,
        output: &mut WorkerOutput<impl Write>,
        counts: &mut Counts,
    ) -> Result<(), ProtectError> {
        let coded = self.pictures.flush()?;
        self.write(coded, output)?;
        if let Some(mut w) = self.writer.take() {
            self.manifest(&mut w)?;
            w.finish(reason, self.source_clock)?;
            output.public.write_all(&w.into_output())?;
            output.public.flush()?;
        }
        if let Some(file) = &mut output.overlay {
            self.overlay.end(reason, self.source_clock, file)?;
        }
        counts.add(self.pictures.counts());
        Ok(())
    }

    /// Writes which original the stream was made from. What only the parent knows of it, the hashes, is zeros; where no
    /// epoch was closed there is nothing to name.
    fn manifest(&mut self, w: &mut PlainWriter<Sink>) -> Result<(), ProtectError> {
        let (frames, first_pts, last_pts) = self.shown.take().unwrap_or((0, None, None));
        let (Some(first_epoch), Some(last_epoch)) = (self.first_epoch, self.last_epoch) else { return Ok(()) };
        let manifest = Manifest {
            stream: self.original.id,
            stream_hash: [0; 32],
            first_epoch,
            last_epoch,
            last_close: [0; 32],
            frames,
            first_pts,
            last_pts,
            program: concat!("vidveil ", env!("CARGO_PKG_VERSION")).into(),
            settings: self.options.scene.to_toml(),
        };
        let packet = manifest.to_packet().map_err(|_| ProtectError::LongSettings)?;
        // in the order of the stream record: the pictures, the sound, the manifest
        let track = 1 + self.tracks.iter().flatten().filter(|t| **t > 0).count();
        let flags = FrameFlags::default();
        let f = Frame {
            track: u16::try_from(track).unwrap_or(u16::MAX),
            flags,
            counter: 0,
            pts: None,
            dts: None,
            duration: 0,
        };
        Ok(w.frame(&f, &packet, self.source_clock)?)
    }

    /// The public stream's record. Its id follows from the original and the settings, so that the same input gives the
    /// same bytes.
    fn public_record(&self, video: &Track) -> StreamRecord {
        let mut seed = b"vidveil1 public\0".to_vec();
        seed.extend_from_slice(&self.original.id);
        for argument in self.options.to_arguments() {
            seed.extend_from_slice(argument.as_encoded_bytes());
            seed.push(0);
        }
        seed.extend_from_slice(format!("{}x{}", video.width, video.height).as_bytes());
        // several excerpts of one stream are several public streams
        match self.first_epoch {
            None | Some(0) => {}
            Some(n) => seed.extend_from_slice(format!(" epoch {n}").as_bytes()),
        }
        let mut id = [0; 16];
        id.copy_from_slice(&sha256(&seed)[..16]);
        let mut tracks = vec![video.clone()];
        let kept = self.original.tracks.iter().zip(&self.tracks);
        tracks.extend(kept.filter(|(t, to)| to.is_some() && t.kind == TrackKind::Audio).map(|(t, _)| t.clone()));
        tracks.push(Manifest::track());
        StreamRecord {
            id,
            role: Role::Public,
            suite: Suite::Plain,
            continues: None,
            signer: Vec::new(),
            tracks,
            ..self.original.clone()
        }
    }
}
