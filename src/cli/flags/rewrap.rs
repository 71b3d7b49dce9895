//! Which part of a stream, and who gets it.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Failure;
use crate::format::TrackKind;
use crate::playback::{Moment, Span, moment};
use crate::seal::Tracks;

use super::span::span;

/// A part of a stream that is granted or cut out.
#[derive(Args, Clone, Debug, Default)]
pub struct PartFlags {
    /// Give the owner of the certificate in FILE the keys of the epochs from --from to --to, and of nothing else
    ///
    /// The keys stand in a copy of the stream, or with --sidecar in a small file of their own. May be repeated.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipients", "add", "in_place", "sign", "cut"])]
    pub grant: Vec<PathBuf>,

    /// Write the grant to FILE, to be read with --grant-file, and do not copy the stream
    #[arg(long, value_name = "FILE", requires = "grant", conflicts_with = "output")]
    pub sidecar: Option<PathBuf>,

    /// Grant this track only: video, audio, or its number
    #[arg(long, value_name = "TRACK", requires = "grant", value_parser = granted_tracks)]
    pub track: Option<Tracks>,

    /// Begin with the epoch of TIME
    ///
    /// TIME is in seconds (12.5) or hh:mm:ss from the first picture on, or a time of day with its zone
    /// (2026-05-01T14:00:00Z) by the recorder's clock.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Moment>,

    /// End with the epoch before TIME
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Moment>,
}

impl PartFlags {
    /// From when to when.
    ///
    /// # Errors
    ///
    /// As [`span`].
    pub fn span(&self) -> Result<Span, Failure> {
        span(self.from, self.to)
    }
}

/// `video`, `audio`, `data` or the number of a track.
fn granted_tracks(text: &str) -> Result<Tracks, String> {
    match text {
        "video" => Ok(Tracks::First(TrackKind::Video)),
        "audio" => Ok(Tracks::First(TrackKind::Audio)),
        "data" => Ok(Tracks::First(TrackKind::Data)),
        n => n.parse().map(Tracks::One).map_err(|_| "give video, audio, data, or a track's number".into()),
    }
}
