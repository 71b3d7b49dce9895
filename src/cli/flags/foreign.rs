//! Flags of the commands that hand video to libav, and the table of what is read at all.

use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::base::parse;
use crate::cli::FOREIGN;
use crate::foreign::Foreign;
use crate::format::TrackKind;
use crate::jail::JailProgram;
use crate::media::{CODECS, CONTAINERS, PictureLimits};

/// No limit is higher: libav itself takes no more.
const MOST_PIXELS: i64 = 1 << 28;

/// How far video from outside is trusted.
#[derive(Args, Clone, Debug)]
pub struct ForeignFlags {
    /// Refuse video with pictures of more than N pixels; of pictures near that, 8 may be kept to lean on
    #[arg(long, value_name = "N", default_value_t = PictureLimits::DEFAULT_PIXELS,
        value_parser = clap::value_parser!(u32).range(1..=MOST_PIXELS))]
    pub max_pixels: u32,

    /// End the process that handles the video when it does not get on for TIME, as with one picture; a camera that
    /// sends nothing does not count
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = parse::positive_duration)]
    pub max_picture_time: Duration,

    /// Refuse to work where this system cannot confine the process that handles the video; without it, that is warned
    /// of
    #[arg(long)]
    pub require_sandbox: bool,
}

impl ForeignFlags {
    /// How large pictures may be.
    pub fn limits(&self) -> PictureLimits {
        PictureLimits { max_pixels: self.max_pixels }
    }
}

impl ForeignFlags {
    /// How video is handled: by this program, as a process that can do nothing else.
    ///
    /// # Errors
    ///
    /// The system does not say which program this is.
    pub fn foreign(&self) -> anyhow::Result<Foreign> {
        let path = std::env::current_exe().context("cannot find the own program")?;
        let program = JailProgram { path, arguments: vec![FOREIGN.into()], required: self.require_sandbox };
        Ok(Foreign::new(program, self.limits(), self.max_picture_time))
    }
}

/// A section of help and manual page: what is read at all.
pub fn formats_section() -> String {
    let mut text = String::from(
        "Formats:\nThese containers and codecs are read, and no others: what a file says it is chooses among these only. \
         No other file and no address is opened, whatever the file names.\n",
    );
    let mut list = |title: &str, rows: Vec<(&str, &str)>| {
        text += &format!("  {title}\n");
        rows.into_iter().for_each(|(name, about)| text += &format!("    {name:<24} {about}\n"));
    };
    let codecs = |kind| CODECS.iter().filter(move |codec| codec.kind == kind).map(|codec| (codec.name, codec.about));
    list("containers", CONTAINERS.iter().map(|container| (container.name, container.about)).collect());
    list("video", codecs(TrackKind::Video).collect());
    list("audio", codecs(TrackKind::Audio).collect());
    text
}
