//! Flags of `view`: what is shown, and as what.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::base::parse;
use crate::cli::Failure;
use crate::playback::{MOST_ON_A_SHEET, Moment, SheetLayout, Span, moment};

use super::foreign::ForeignFlags;
use super::mode::ModeFlags;
use super::span::span;
use super::tracks::TrackFlags;

/// What is shown of a stream, and as what.
#[derive(Args, Clone, Debug)]
pub struct ViewFlags {
    /// Write FILE.mp4 or FILE.mkv, with --snapshot FILE.png; "-" is stdout, which gets Matroska
    ///
    /// Packets are copied, not encoded again. Mp4 keeps the camera's times exactly, Matroska to the millisecond.
    /// Without -o and with stdout going to a pipe or a file, Matroska is written there as it comes.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replace the output file when there is one
    #[arg(short, long)]
    pub force: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub mode: ModeFlags,

    /// Show it in a player: the first installed one of mpv, ffplay and vlc
    #[arg(long, conflicts_with_all = ["output", "snapshot", "contact_sheet"])]
    pub play: bool,

    /// Player for --play: a program that reads Matroska from stdin, with its arguments
    #[arg(long, value_name = "COMMAND", requires = "play")]
    pub player: Option<String>,

    /// Write the picture shown at TIME, as PNG
    ///
    /// TIME is in seconds (12.5) or hh:mm:ss from the first picture on, or a time of day with its zone
    /// (2026-05-01T14:00:00Z) by the recorder's clock. A first picture that the key does not open counts, too. The
    /// picture is upright and has square pixels.
    #[arg(long, value_name = "TIME", value_parser = moment,
        conflicts_with_all = ["contact_sheet", "from", "to"])]
    pub snapshot: Option<Moment>,

    /// Write small pictures over the whole length, with their times, to FILE.png
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub contact_sheet: Option<PathBuf>,

    /// Write a case for a court to PATH: a zip file when it ends in .zip, else a new folder
    ///
    /// In it are the video (not encoded again), the sealed original excerpt that it was made of, certificates, the
    /// verdict, a contact sheet, a reader in Python, SHA-256 of every file, and a README that says how to check it all.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["output", "snapshot", "contact_sheet", "play", "require_complete"])]
    pub export: Option<PathBuf>,

    /// With --export: sign the list of the SHA-256s with the private key in FILE; the first --signer is its certificate
    #[arg(long, value_name = "FILE", requires_all = ["export", "signer"])]
    pub sign: Option<PathBuf>,

    /// With --export: put in the keys of the excerpt's epochs, which link each sealed frame to the plain video
    ///
    /// With them anybody opens those epochs, and no others of the recording. It takes the key of a recipient.
    #[arg(long, requires = "export")]
    pub disclose_keys: bool,

    /// Pictures side by side on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub columns: u32,

    /// Pictures on the contact sheet
    #[arg(long, value_name = "N", default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ON_A_SHEET)))]
    pub count: u32,

    /// A picture on the contact sheet every TIME (10s, 5m), instead of a number of them; at most 200 come onto it
    #[arg(long, value_name = "TIME", value_parser = parse::positive_duration, conflicts_with = "count")]
    pub every: Option<Duration>,

    /// Begin at TIME, at the last key frame before it
    ///
    /// TIME is as for --snapshot. The output's times begin at 0. In one file the place is found without reading what is
    /// before it.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Option<Moment>,

    /// End before TIME
    ///
    /// Where a picture before TIME leans on one after it, a file has that one, too: mp4 hides it, Matroska cannot.
    ///
    /// What comes after is not read, so whether the stream is whole is not checked, except with --require-complete.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Moment>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub tracks: TrackFlags,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub foreign: ForeignFlags,
}

impl ViewFlags {
    /// From where to where packets are read; a snapshot is read from its key frame on.
    ///
    /// # Errors
    ///
    /// As [`span`].
    pub fn span(&self) -> Result<Span, Failure> {
        span(self.snapshot.or(self.from), self.to)
    }

    /// How the contact sheet looks.
    pub fn layout(&self) -> SheetLayout {
        SheetLayout { columns: self.columns, count: self.count, every: self.every }
    }
}
