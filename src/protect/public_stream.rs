//! One public stream, made of one original.

use std::collections::VecDeque;
use std::io::Write;

use crate::base::{Report, text};
use crate::format::{
    Clock, Close, Frame, FrameFlags, Manifest, PlainWriter, Reason, Role, Start, StreamRecord, Track, TrackKind,
};
use crate::media::Packet;
use crate::privacy::Protector;

use super::assets::Assets;
use super::counts::Counts;
use super::error::ProtectError;
use super::first_pass::Studied;
use super::options::PictureOptions;
use super::overlay::Overlay;
use super::picture_encoder::Encoded;
use super::pipeline::{Extras, Pipeline, PipelineOutput};
use super::public_record::public_record;
use super::signer_split::SignerSplit;
use super::video_track::video_track;
use super::worker_output::WorkerOutput;

/// Length of a public stream's epochs, in nanoseconds.
const EPOCH_NS: i64 = 60_000_000_000;

/// Bytes of public streams that wait for the first close record of the original; of more, those that are over end
/// without a manifest.
const HELD: usize = 64 << 20;

/// Audio tracks of a public stream.
const MAX_AUDIO: u16 = 14;

/// Largest number of packets of other tracks that wait for the first picture.
const EARLY: usize = 4096;

/// One public stream, made of one original. It becomes several where the pictures change their size.
pub(super) struct PublicStream<'a> {
    original: StreamRecord,
    options: &'a PictureOptions,
    video: u16,
    /// Number in the public stream of each of the original's tracks; `None` for those that are left out.
    tracks: Vec<Option<u16>>,
    pictures: Pipeline,
    writer: Option<PlainWriter<Sink>>,
    /// Streams before that one which are over, and wait for a close record of the original: their manifests name it.
    over: VecDeque<Over>,
    overlay: Overlay,
    /// Packets of other tracks that came before the encoder could say what it writes.
    early: Vec<(Frame, Vec<u8>)>,
    /// The original's clock at the last start of an epoch.
    source_clock: Clock,
    /// What it was at the last picture that was written: the end of a stream belongs to the same epoch.
    last_clock: Clock,
    /// Number of the first epoch: an excerpt's is not 0.
    first_epoch: Option<u64>,
    /// Number of the last epoch that was closed.
    last_epoch: Option<u64>,
    /// What the encoder writes now.
    track: Option<Track>,
    /// Where another stream must begin, because the signer's certificate ends.
    split: SignerSplit,
    /// The pictures in the stream that is being written.
    shown: Shown,
}

/// A public stream that is over but for its manifest and its end.
struct Over {
    writer: PlainWriter<Sink>,
    shown: Shown,
    reason: Reason,
    clock: Clock,
}

/// Pictures: their number, the first and the last presentation time in ticks.
type Shown = Option<(u64, Option<i64>, Option<i64>)>;

/// Records for the parent, collected so that the writer needs no borrow of the output.
type Sink = Vec<u8>;

impl<'a> PublicStream<'a> {
    /// The public stream of `original`, of which nothing was read but its record. `studied` holds what was learned
    /// before. It becomes two where its signer may not sign any more after `signed_until_ns`, UTC ns.
    ///
    /// # Errors
    ///
    /// It is public, has no video, or none that can be decoded; what the scene names cannot be used.
    pub fn new(
        original: StreamRecord,
        options: &'a PictureOptions,
        studied: &mut Studied,
        extras: Extras,
        signed_until_ns: Option<i64>,
        assets: &Assets,
        report: &Report,
    ) -> Result<Self, ProtectError> {
        if original.role == Role::Public {
            return Err(ProtectError::Public);
        }
        let video = video_track(&original, options.scene.track)?;
        let mut tracks = vec![None; original.tracks.len()];
        let mut next = 1;
        for (i, t) in original.tracks.iter().enumerate() {
            if i == video as usize {
                tracks[i] = Some(0);
            } else if t.kind == TrackKind::Audio && options.keep_audio {
                // with the pictures and the manifest there are 16
                if next > MAX_AUDIO {
                    report.warn(format!("track {i} ({}) is left out: it is one too many", text::quoted(&t.codec)));
                    continue;
                }
                tracks[i] = Some(next);
                next += 1;
            }
        }
        let known = studied.iter().position(|(id, _)| *id == original.id).map(|i| studied.remove(i).1);
        let pictures = Pipeline::new(&original.tracks[video as usize], options, known, extras, assets, report)?;
        let source_clock = Clock { wall_ns: original.start_ns, mono_ns: 0 };
        Ok(PublicStream {
            overlay: Overlay::new(&original),
            original,
            options,
            video,
            tracks,
            pictures,
            writer: None,
            over: VecDeque::new(),
            early: Vec::new(),
            source_clock,
            last_clock: source_clock,
            first_epoch: None,
            last_epoch: None,
            track: None,
            split: SignerSplit::new(signed_until_ns),
            shown: None,
        })
    }

    /// An epoch of the original starts.
    pub fn epoch_starts(&mut self, s: &Start) {
        self.source_clock = Clock { wall_ns: s.wall_ns, mono_ns: s.mono_ns };
        self.first_epoch.get_or_insert(s.epoch);
    }

    /// An epoch of the original is closed.
    pub fn epoch_ends(&mut self, c: &Close) {
        // the close record of a truncated stream may be the parent's own: then the original has no such record
        if c.reason != Reason::InputCut {
            self.last_epoch = Some(c.epoch);
        }
    }

    /// Takes a frame of the original, whose packet is `packet`.
    pub fn frame(
        &mut self,
        f: &Frame,
        packet: &[u8],
        output: &mut WorkerOutput<impl Write>,
    ) -> Result<(), ProtectError> {
        if f.track == self.video {
            let made = self.pictures.packet(&Packet::from_frame(f, packet))?;
            return self.write(made, output);
        }
        let Some(Some(track)) = self.tracks.get(f.track as usize) else { return Ok(()) };
        let f = Frame { track: *track, ..*f };
        let clock = self.split.clock(self.source_clock, self.last_clock);
        match &mut self.writer {
            Some(w) => w.frame(&f, packet, clock)?,
            None if self.early.len() < EARLY => self.early.push((f, packet.to_vec())),
            None => return Err(ProtectError::OnlyAudio),
        }
        self.pass_on(output)
    }

    /// Writes what the pipeline gave; a new size begins a new stream.
    fn write(&mut self, made: Vec<PipelineOutput>, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        for made in made {
            match made {
                PipelineOutput::Public(Encoded::Begins(track)) => {
                    self.begin_next(&track, Reason::ConfigChanged, output)?;
                    self.track = Some(track);
                }
                PipelineOutput::Public(Encoded::Packet(p)) => {
                    let f = Frame { track: 0, ..p.to_frame() };
                    self.divide(&f, output)?;
                    let (n, first, last) = self.shown.unwrap_or((0, f.pts, f.pts));
                    self.shown = Some((n + 1, first.min(f.pts), last.max(f.pts)));
                    let w = self.writer.as_mut().ok_or(ProtectError::PacketFirst)?;
                    self.last_clock = self.split.clock(self.source_clock, self.last_clock);
                    w.frame(&f, &p.data, self.last_clock)?;
                }
                PipelineOutput::Facts(facts) => {
                    output.note(*facts, &self.original, self.video)?;
                    continue;
                }
                PipelineOutput::Overlay(Encoded::Begins(track)) => {
                    if let Some(file) = &mut output.overlay {
                        self.overlay.begins(&track, self.source_clock, file)?;
                    }
                    continue;
                }
                PipelineOutput::Overlay(Encoded::Packet(p)) => {
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

    /// Begins another stream before the frame `f` of the video, where the signer's end asks for it.
    fn divide(&mut self, f: &Frame, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        let (stated_ns, is_first) = (self.source_clock.wall_ns, self.shown.is_none());
        if let Some(track) = self.track.take_if(|_| self.split.is_now(f.flags.key, stated_ns, is_first)) {
            self.begin_next(&track, Reason::NoRecipients, output)?;
            self.track = Some(track);
        }
        Ok(())
    }

    /// Ends the stream that is written, if one is, for this reason, and begins the next one.
    fn begin_next(
        &mut self,
        track: &Track,
        reason: Reason,
        output: &mut WorkerOutput<impl Write>,
    ) -> Result<(), ProtectError> {
        if let Some(writer) = self.writer.take() {
            let (shown, clock) = (self.shown.take(), self.last_clock);
            self.over.push_back(Over { writer, shown, reason, clock });
        }
        self.end_those_over(output)?;
        let record = public_record(&self.original, self.options, self.first_epoch, &self.tracks, track);
        let mut w = PlainWriter::begin(Sink::new(), &self.split.record(record), EPOCH_NS)?;
        for (f, packet) in self.early.drain(..) {
            w.frame(&f, &packet, self.source_clock)?;
        }
        self.writer = Some(w);
        Ok(())
    }

    /// Ends the streams that are over, if the original's close record that they are to name has come, or they have
    /// waited for it too long.
    fn end_those_over(&mut self, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        let waiting = self.over.iter_mut().map(|o| &mut o.writer).chain(&mut self.writer);
        let held: usize = waiting.map(|w| w.get_mut().len()).sum();
        if self.last_epoch.is_none() && held <= HELD {
            return Ok(());
        }
        self.end_all_over(output)
    }

    fn end_all_over(&mut self, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        while let Some(Over { mut writer, shown, reason, clock }) = self.over.pop_front() {
            self.manifest(&mut writer, shown, clock)?;
            writer.finish(reason, clock)?;
            output.public.write_all(&writer.into_output())?;
            output.public.flush()?;
        }
        Ok(())
    }

    fn pass_on(&mut self, output: &mut WorkerOutput<impl Write>) -> Result<(), ProtectError> {
        if !self.over.is_empty() {
            self.end_those_over(output)?;
        }
        if let Some(w) = self.writer.as_mut().filter(|_| self.over.is_empty()) {
            let bytes = w.get_mut();
            output.public.write_all(bytes)?;
            output.public.flush()?;
            bytes.clear();
        }
        Ok(())
    }

    /// Ends the stream. Adds the numbers of its pictures to `counts`, and gives what was learned, for a stream that
    /// goes on from this one.
    pub fn end(
        mut self,
        reason: Reason,
        output: &mut WorkerOutput<impl Write>,
        counts: &mut Counts,
    ) -> Result<([u8; 16], Protector), ProtectError> {
        let made = self.pictures.flush()?;
        self.write(made, output)?;
        if let Some(writer) = self.writer.take() {
            let (shown, clock) = (self.shown.take(), self.last_clock);
            self.over.push_back(Over { writer, shown, reason, clock });
        }
        // no close record comes any more
        self.end_all_over(output)?;
        if let Some(file) = &mut output.overlay {
            self.overlay.end(reason, self.source_clock, file)?;
        }
        counts.add(self.pictures.counts());
        Ok((self.original.id, self.pictures.into_protector()))
    }

    /// Writes which original the stream was made from. What only the parent knows of it, the hashes, is zeros; where no
    /// epoch was closed there is nothing to name.
    fn manifest(&self, w: &mut PlainWriter<Sink>, shown: Shown, clock: Clock) -> Result<(), ProtectError> {
        let (frames, first_pts, last_pts) = shown.unwrap_or((0, None, None));
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
        Ok(w.frame(&f, &packet, clock)?)
    }
}
