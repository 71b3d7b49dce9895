//! Which tracks are shown.

use clap::Args;

use crate::playback::TrackChoice;

/// Which tracks are shown.
#[derive(Args, Clone, Debug)]
pub struct TrackFlags {
    /// Show only the track N, as inspect numbers them; may be given several times
    #[arg(long, value_name = "N")]
    pub track: Vec<u16>,

    /// Leave out the sound
    #[arg(long)]
    pub no_audio: bool,
}

impl TrackFlags {
    /// The tracks that are chosen.
    pub fn choice(&self) -> TrackChoice {
        TrackChoice { audio: !self.no_audio, only: self.track.clone() }
    }
}
