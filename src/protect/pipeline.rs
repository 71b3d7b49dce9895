//! From packets to hidden pictures to packets again: one picture out for each packet in, at its time.

use std::collections::{BTreeMap, VecDeque};

use crate::base::Report;
use crate::format::Track;
use crate::media::{Chroma, Decoder, Encoder, EncoderSettings, MediaError, Packet, Picture};
use crate::privacy::{Protected, Protector, Reason};

use super::choices::MethodName;
use super::detector::read_detector;
use super::error::ProtectError;
use super::options::PictureOptions;
use super::pace::Pace;
use super::picture_facts::PictureFacts;
use super::reference::Reference;

/// Largest number of packets whose picture has not come: beyond it the first ones are given up as missing, so that
/// memory stays bounded.
const WAITING: usize = 512;
/// People taller than this number of blocks are near: parts of them may be found apart, and hidden by blocks of the
/// least size.
const BLOCKS_IN_A_PERSON: u32 = 12;

/// What the pipeline makes.
pub(super) enum Coded {
    /// The encoder writes this track from here on.
    Begins(Track),
    /// A public picture.
    Packet(Packet),
    /// What was done to a picture.
    Facts(Box<PictureFacts>),
    /// The overlay's encoder writes this track from here on.
    OverlayBegins(Track),
    /// An original picture with outlines.
    Overlay(Packet),
}

/// What is to be made besides the public pictures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extras {
    pub notes: bool,
    pub overlay: bool,
}

/// Numbers of pictures, for the warnings at the end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pictures: u64,
    damaged: u64,
    missing: u64,
    repeated: u64,
}

impl Counts {
    /// Adds those of another stream.
    pub fn add(&mut self, c: Counts) {
        self.pictures += c.pictures;
        self.damaged += c.damaged;
        self.missing += c.missing;
        self.repeated += c.repeated;
    }

    /// Warns of the pictures that are hidden or repeated for other reasons than people.
    pub fn warn(&self, report: &Report) {
        let bad = self.damaged + self.missing;
        if bad > 0 {
            report.warn(format!(
                "{bad} of {} pictures came damaged from the camera and are hidden whole ({} of them could not be decoded at all)",
                self.pictures, self.missing
            ));
        }
        if self.repeated > 0 {
            report.warn(format!(
                "{} of {} pictures were not analysed in time: the public picture before them was repeated",
                self.repeated, self.pictures
            ));
        }
    }
}

/// Decoder, privacy transform and encoder of one video track.
pub(super) struct Pipeline {
    track: Track,
    options: PictureOptions,
    decoder: Decoder,
    protector: Protector,
    reference: Option<Reference>,
    report: Report,
    encoder: Option<(Encoder, (usize, usize))>,
    extras: Extras,
    /// Originals whose public pictures have not come, for the overlay.
    originals: VecDeque<Option<Picture>>,
    overlay: Option<(Encoder, (usize, usize))>,
    pace: Option<Pace>,
    /// Times and durations of packets whose picture has not come.
    waiting: BTreeMap<i64, i64>,
    /// Time at the end of the last packet, for one without times.
    next: i64,
    counts: Counts,
    warned: bool,
}

impl Pipeline {
    /// `studied` is a protector that has learned the scene already.
    pub fn new(
        track: &Track,
        options: &PictureOptions,
        studied: Option<Protector>,
        extras: Extras,
        report: &Report,
    ) -> Result<Self, ProtectError> {
        let decoder = Decoder::new(track, options.threads as usize).map_err(|e| match e {
            e @ MediaError::UnknownCodec(_) => ProtectError::Codec(e),
            e => e.into(),
        })?;
        let settings = options.scene.privacy(track.time_base);
        let pace = options.realtime.map(|slack| Pace::new(slack.duration(), settings.time_base));
        let mut protector = studied.unwrap_or_else(|| Protector::new(settings));
        if let Some(detector) = read_detector(&options.scene)? {
            protector.ask(detector);
        }
        protector.expect_size(track.width as usize, track.height as usize);
        let reference = options.scene.reference.as_deref().map(Reference::read).transpose()?;
        if let Some(r) = &reference {
            r.check_size(track.width as usize, track.height as usize)?;
        }
        Ok(Pipeline {
            reference,
            report: report.clone(),
            track: track.clone(),
            options: options.clone(),
            decoder,
            protector,
            encoder: None,
            extras,
            originals: VecDeque::new(),
            overlay: None,
            pace,
            waiting: BTreeMap::new(),
            next: 0,
            counts: Counts::default(),
            warned: false,
        })
    }

    /// The numbers until now.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Takes a packet, and gives what is ready.
    pub fn packet(&mut self, p: &Packet) -> Result<Vec<Coded>, ProtectError> {
        let pts = p.pts.or(p.dts).unwrap_or(self.next);
        self.next = pts.saturating_add(p.duration.max(1));
        if let Some(pace) = &mut self.pace {
            pace.arrived(pts);
        }
        self.waiting.insert(pts, p.duration);
        let p = Packet { pts: Some(pts), ..p.clone() };
        match self.decoder.send(&p) {
            Ok(()) => {}
            // its picture goes out hidden when its turn comes
            Err(e) if e.is_recoverable() => {}
            Err(e) => return Err(e.into()),
        }
        let mut out = Vec::new();
        self.take_decoded(&mut out)?;
        while self.waiting.len() > WAITING {
            self.give_up_first(&mut out)?;
        }
        Ok(out)
    }

    /// No packet follows.
    pub fn flush(&mut self) -> Result<Vec<Coded>, ProtectError> {
        let mut out = Vec::new();
        match self.decoder.flush() {
            Err(e) if !e.is_recoverable() => return Err(e.into()),
            _ => {}
        }
        self.take_decoded(&mut out)?;
        while !self.waiting.is_empty() {
            self.give_up_first(&mut out)?;
        }
        let last = self.protector.flush();
        self.encode(last, &mut out)?;
        self.finish_encoder(false, &mut out)?;
        self.finish_encoder(true, &mut out)?;
        Ok(out)
    }

    fn take_decoded(&mut self, out: &mut Vec<Coded>) -> Result<(), ProtectError> {
        while let Some(picture) = self.decoder.receive() {
            // pictures come in the order of their times: what is earlier and still waiting will not come
            while self.waiting.first_key_value().is_some_and(|(t, _)| *t < picture.pts) {
                self.give_up_first(out)?;
            }
            // one picture for each packet: a second one for the same packet would change the count
            if let Some(duration) = self.waiting.remove(&picture.pts) {
                if let Some(reference) = self.reference.take() {
                    reference.check_size(picture.width(), picture.height())?;
                    self.protector.know_empty(reference.like(&picture)?);
                }
                let picture = Picture { duration, ..picture };
                if self.extras.overlay {
                    self.originals.push_back(Some(picture.clone()));
                }
                let is_late = self.pace.as_ref().is_some_and(|p| p.is_late(picture.pts));
                let hidden =
                    if is_late { self.protector.repeat(picture.pts, duration) } else { self.protector.push(picture) };
                self.encode(hidden, out)?;
            }
        }
        Ok(())
    }

    fn give_up_first(&mut self, out: &mut Vec<Coded>) -> Result<(), ProtectError> {
        if let Some((pts, duration)) = self.waiting.pop_first() {
            if self.extras.overlay {
                self.originals.push_back(None);
            }
            let hidden = self.protector.hide_whole(pts, duration);
            self.encode(hidden, out)?;
        }
        Ok(())
    }

    fn encode(&mut self, hidden: Vec<Protected>, out: &mut Vec<Coded>) -> Result<(), ProtectError> {
        for p in hidden {
            self.counts.pictures += 1;
            self.counts.damaged += u64::from(p.facts.whole == Some(Reason::Damaged));
            self.counts.missing += u64::from(p.facts.whole == Some(Reason::Missing));
            self.counts.repeated += u64::from(p.facts.repeated);
            self.warn_of_small_blocks(&p.facts.heights);
            if self.extras.notes {
                out.push(Coded::Facts(Box::new(PictureFacts::of(&p.facts, p.picture.pts))));
            }
            if self.extras.overlay {
                // where there is no original, its public picture says at least that
                let mut original = self.originals.pop_front().flatten().unwrap_or_else(|| p.picture.clone());
                p.facts.hidden.outline(&mut original);
                let made = self.code(&original, true)?;
                out.extend(made);
            }
            let made = self.code(&p.picture, false)?;
            out.extend(made);
        }
        Ok(())
    }

    /// Encodes a public picture, or one of the overlay; another size is another encoder.
    fn code(&mut self, picture: &Picture, overlay: bool) -> Result<Vec<Coded>, ProtectError> {
        let mut out = Vec::new();
        let size = (picture.width(), picture.height());
        if self.encoder(overlay).as_ref().is_some_and(|(_, s)| *s != size) {
            self.finish_encoder(overlay, &mut out)?;
        }
        if self.encoder(overlay).is_none() {
            let encoder = Encoder::new(self.encoder_settings(picture))?;
            // the encoder does not know how the camera hangs
            let track = Track { rotation: self.track.rotation, ..encoder.track_info() };
            out.push(if overlay { Coded::OverlayBegins(track) } else { Coded::Begins(track) });
            *self.encoder(overlay) = Some((encoder, size));
        }
        if let Some((encoder, _)) = self.encoder(overlay) {
            encoder.send(picture)?;
            take_packets(encoder, overlay, &mut out);
        }
        Ok(out)
    }

    fn encoder(&mut self, overlay: bool) -> &mut Option<(Encoder, (usize, usize))> {
        if overlay { &mut self.overlay } else { &mut self.encoder }
    }

    /// Warns once when the least blocks are small against somebody.
    fn warn_of_small_blocks(&mut self, heights: &[u32]) {
        let scene = &self.options.scene;
        let least = scene.block.map_or(16, |n| u32::from(n.get()));
        let tallest = heights.iter().copied().max().unwrap_or(0);
        let shows_colours = matches!(scene.method, None | Some(MethodName::Pixelate | MethodName::Blur));
        if shows_colours && !self.warned && tallest > least * BLOCKS_IN_A_PERSON {
            self.warned = true;
            self.report.warn(format!("blocks of {least} pixels are small against people {tallest} pixels tall"));
            self.report.hint(format!(
                "blocks grow with what they hide, but parts of somebody may be found apart: use --block {}, or --method solid",
                (tallest / 6).next_multiple_of(8).min(256)
            ));
        }
    }

    fn finish_encoder(&mut self, overlay: bool, out: &mut Vec<Coded>) -> Result<(), ProtectError> {
        if let Some((mut encoder, _)) = self.encoder(overlay).take() {
            encoder.flush()?;
            take_packets(&mut encoder, overlay, out);
        }
        Ok(())
    }

    fn encoder_settings(&self, first: &Picture) -> EncoderSettings {
        let f = &self.options;
        EncoderSettings {
            width: u32::try_from(first.width()).unwrap_or(u32::MAX),
            height: u32::try_from(first.height()).unwrap_or(u32::MAX),
            chroma: Chroma::of(first),
            time_base: self.track.time_base,
            frame_rate: self.track.frame_rate,
            sample_aspect: self.track.sample_aspect,
            full_range: first.full_range,
            crf: f.crf,
            preset: f.preset.clone(),
            keyint: f.keyint,
            threads: f.threads,
            low_latency: f.low_latency,
        }
    }
}

fn take_packets(encoder: &mut Encoder, overlay: bool, out: &mut Vec<Coded>) {
    while let Some(packet) = encoder.receive() {
        out.push(if overlay { Coded::Overlay(packet) } else { Coded::Packet(packet) });
    }
}
