//! An encoder for pictures whose size may change.

use crate::format::Track;
use crate::media::{Chroma, Encoder, EncoderSettings, Packet, Picture};

use super::error::ProtectError;
use super::options::PictureOptions;

/// What an encoder gives.
pub(super) enum Encoded {
    /// The packets that follow are of this track.
    Begins(Track),
    /// A picture.
    Packet(Packet),
}

/// Encodes pictures; from another size on they are of another track.
pub(super) struct PictureEncoder {
    /// The original.
    track: Track,
    options: PictureOptions,
    /// The encoder, and the width and height of its pictures.
    encoder: Option<(Encoder, (usize, usize))>,
}

impl PictureEncoder {
    /// An encoder for pictures of the original `track`.
    pub fn new(track: &Track, options: &PictureOptions) -> Self {
        PictureEncoder { track: track.clone(), options: options.clone(), encoder: None }
    }

    /// Takes a picture, and gives what is ready.
    ///
    /// # Errors
    ///
    /// The encoder does not take the picture.
    pub fn encode(&mut self, picture: &Picture) -> Result<Vec<Encoded>, ProtectError> {
        let size = (picture.width(), picture.height());
        let mut out = match &self.encoder {
            Some((_, before)) if *before != size => self.finish()?,
            _ => Vec::new(),
        };
        let (encoder, _) = match &mut self.encoder {
            Some(encoder) => encoder,
            none => {
                let encoder = Encoder::new(settings(&self.track, &self.options, picture))?;
                // the encoder does not know how the camera hangs
                let Track { rotation, mirrored, .. } = self.track;
                out.push(Encoded::Begins(Track { rotation, mirrored, ..encoder.track_info() }));
                none.insert((encoder, size))
            }
        };
        encoder.send(picture)?;
        take_packets(encoder, &mut out);
        Ok(out)
    }

    /// Gives the last packets. Another picture begins another track.
    ///
    /// # Errors
    ///
    /// The encoder fails.
    pub fn finish(&mut self) -> Result<Vec<Encoded>, ProtectError> {
        let mut out = Vec::new();
        if let Some((mut encoder, _)) = self.encoder.take() {
            encoder.flush()?;
            take_packets(&mut encoder, &mut out);
        }
        Ok(out)
    }
}

fn settings(track: &Track, options: &PictureOptions, first: &Picture) -> EncoderSettings {
    EncoderSettings {
        width: u32::try_from(first.width()).unwrap_or(u32::MAX),
        height: u32::try_from(first.height()).unwrap_or(u32::MAX),
        chroma: Chroma::of(first),
        time_base: track.time_base,
        frame_rate: track.frame_rate,
        sample_aspect: track.sample_aspect,
        full_range: first.full_range,
        crf: options.crf,
        preset: options.preset.clone(),
        keyint: options.keyint,
        threads: options.threads,
        low_latency: options.low_latency,
    }
}

fn take_packets(encoder: &mut Encoder, out: &mut Vec<Encoded>) {
    while let Some(packet) = encoder.receive() {
        out.push(Encoded::Packet(packet));
    }
}
