//! From packets to hidden pictures to packets again: one picture out for each packet in, at its time.

use std::collections::{BTreeMap, VecDeque};

use crate::base::Report;
use crate::format::{ShowTimes, Track};
use crate::media::{Decoder, MediaError, Packet, Picture};
use crate::privacy::{Protected, Protector};

use super::assets::Assets;
use super::choices::MethodName;
use super::counts::Counts;
use super::error::ProtectError;
use super::options::PictureOptions;
use super::pace::Pace;
use super::picture_encoder::{Encoded, PictureEncoder};
use super::picture_facts::PictureFacts;
use super::reference::Reference;
use super::scene::Scene;
use super::second_fields::SecondFields;

/// Largest number of packets whose picture has not come: beyond it the first ones are given up as missing, so that
/// memory stays bounded.
const WAITING: usize = 512;
/// People taller than this number of blocks are near: parts of them may be found apart, and hidden by blocks of the
/// least size.
const BLOCKS_IN_A_PERSON: u32 = 12;

/// What the pipeline makes.
pub(super) enum PipelineOutput {
    /// Of the public stream.
    Public(Encoded),
    /// What was done to a picture.
    Facts(Box<PictureFacts>),
    /// Of the original with outlines.
    Overlay(Encoded),
}

/// What is to be made besides the public pictures.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extras {
    pub notes: bool,
    pub overlay: bool,
}

/// Decoder, privacy transform and encoder of one video track.
pub(super) struct Pipeline {
    scene: Scene,
    /// None where all pictures are hidden whole.
    decoder: Option<Decoder>,
    protector: Protector,
    reference: Option<Reference>,
    report: Report,
    public: PictureEncoder,
    extras: Extras,
    /// Originals whose public pictures have not come, for the overlay.
    originals: VecDeque<Option<Picture>>,
    overlay: PictureEncoder,
    pace: Option<Pace>,
    /// Times and durations of packets whose picture has not come.
    waiting: BTreeMap<i64, i64>,
    fields: SecondFields,
    times: ShowTimes,
    counts: Counts,
    warned: bool,
}

impl Pipeline {
    /// `studied` is a protector that has learned the scene already, of this stream or of the one that it continues.
    pub fn new(
        track: &Track,
        options: &PictureOptions,
        studied: Option<Protector>,
        extras: Extras,
        assets: &Assets,
        report: &Report,
    ) -> Result<Self, ProtectError> {
        let decode = || {
            Decoder::limited(track, options.threads as usize, options.limits).map_err(|e| match e {
                e @ (MediaError::UnknownCodec(_) | MediaError::CodecRefused(_)) => ProtectError::Codec(e),
                e => ProtectError::from(e),
            })
        };
        let decoder = if options.hide_all { None } else { Some(decode()?) };
        let settings = options.scene.privacy(track.time_base);
        let pace = options.realtime.map(|slack| Pace::new(slack.duration(), settings.time_base));
        let time_base = settings.time_base;
        let mut protector = studied.unwrap_or_else(|| Protector::new(settings));
        protector.goes_on_in(time_base);
        if let Some(detector) = assets.detector() {
            protector.ask(detector);
        }
        assets.look_for_people(&mut protector, &options.scene);
        protector.expect_size(track.width as usize, track.height as usize);
        let reference = assets.reference.clone();
        if let Some(r) = &reference {
            r.check_size(track.width as usize, track.height as usize)?;
        }
        Ok(Pipeline {
            reference,
            report: report.clone(),
            scene: options.scene.clone(),
            decoder,
            protector,
            public: PictureEncoder::new(track, options),
            extras,
            originals: VecDeque::new(),
            overlay: PictureEncoder::new(track, options),
            pace,
            waiting: BTreeMap::new(),
            fields: SecondFields::new(track),
            times: ShowTimes::default(),
            counts: Counts::default(),
            warned: false,
        })
    }

    /// What was learned of the scene, after the end.
    pub fn into_protector(self) -> Protector {
        self.protector
    }

    /// The numbers until now.
    pub fn counts(&self) -> Counts {
        self.counts.clone()
    }

    /// Takes a packet, and gives what is ready.
    pub fn packet(&mut self, p: &Packet) -> Result<Vec<PipelineOutput>, ProtectError> {
        let mut p = p.clone();
        if !p.hidden {
            let pts = self.times.of(&p.to_frame());
            if let Some(pace) = &mut self.pace {
                pace.arrived(pts);
            }
            if !self.fields.take(&p, pts) {
                self.waiting.insert(pts, p.duration);
            }
            p.pts = Some(pts);
        }
        match self.decoder.as_mut().map_or(Ok(()), |decoder| decoder.send(&p)) {
            Ok(()) => {}
            // its picture goes out hidden when its turn comes
            Err(e) if e.is_recoverable() => self.counts.refused(&e),
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
    pub fn flush(&mut self) -> Result<Vec<PipelineOutput>, ProtectError> {
        let mut out = Vec::new();
        match self.decoder.as_mut().map_or(Ok(()), Decoder::flush) {
            Err(e) if !e.is_recoverable() => return Err(e.into()),
            _ => {}
        }
        self.take_decoded(&mut out)?;
        while !self.waiting.is_empty() {
            self.give_up_first(&mut out)?;
        }
        let last = self.protector.flush();
        self.encode(last, &mut out)?;
        out.extend(self.public.finish()?.into_iter().map(PipelineOutput::Public));
        out.extend(self.overlay.finish()?.into_iter().map(PipelineOutput::Overlay));
        Ok(out)
    }

    fn take_decoded(&mut self, out: &mut Vec<PipelineOutput>) -> Result<(), ProtectError> {
        while let Some(picture) = self.decoder.as_mut().and_then(Decoder::receive) {
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
                let is_late = self.pace.as_mut().is_some_and(|p| p.is_late(&self.report));
                let hidden =
                    if is_late { self.protector.repeat(picture.pts, duration) } else { self.protector.push(picture) };
                self.encode(hidden, out)?;
            }
        }
        Ok(())
    }

    fn give_up_first(&mut self, out: &mut Vec<PipelineOutput>) -> Result<(), ProtectError> {
        if let Some((pts, duration)) = self.waiting.pop_first() {
            if self.extras.overlay {
                self.originals.push_back(None);
            }
            let hidden = self.protector.hide_whole(pts, duration);
            self.encode(hidden, out)?;
        }
        Ok(())
    }

    /// A picture of two fields that came in two packets goes out twice, so that there is one for each packet.
    fn encode(&mut self, hidden: Vec<Protected>, out: &mut Vec<PipelineOutput>) -> Result<(), ProtectError> {
        for p in hidden {
            let again = self.fields.second_of(p.picture.pts).map(|(pts, duration)| Protected {
                picture: Picture { pts, duration, ..p.picture.clone() },
                facts: p.facts.clone(),
            });
            let original = if self.extras.overlay { self.originals.pop_front().flatten() } else { None };
            for p in [Some(p), again].into_iter().flatten() {
                self.encode_one(p, original.clone(), out)?;
            }
        }
        Ok(())
    }

    fn encode_one(
        &mut self,
        p: Protected,
        original: Option<Picture>,
        out: &mut Vec<PipelineOutput>,
    ) -> Result<(), ProtectError> {
        self.counts.picture(&p.facts);
        self.warn_of_small_blocks(&p.facts.heights);
        let Picture { pts, duration, .. } = p.picture;
        if self.extras.notes {
            out.push(PipelineOutput::Facts(Box::new(PictureFacts::of(&p.facts, pts))));
        }
        if self.extras.overlay {
            // where there is no original, its public picture says at least that
            let original = original.unwrap_or_else(|| p.picture.clone());
            let mut original = Picture { pts, duration, ..original };
            p.facts.hidden.outline(&mut original);
            out.extend(self.overlay.encode(&original)?.into_iter().map(PipelineOutput::Overlay));
        }
        out.extend(self.public.encode(&p.picture)?.into_iter().map(PipelineOutput::Public));
        Ok(())
    }

    /// Warns once when the least blocks are small against somebody.
    fn warn_of_small_blocks(&mut self, heights: &[u32]) {
        let scene = &self.scene;
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
}
