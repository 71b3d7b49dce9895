//! The flags that say how pictures are hidden and encoded. Parent and child parse the same ones.

use std::path::PathBuf;

use clap::Args;

use crate::protect::{PeopleModel, PictureOptions, ProtectError, Scene, Time, WorkerPipes, check_detector};

use super::foreign::ForeignFlags;
use super::scene::SceneFlags;

/// How pictures are hidden and encoded.
#[derive(Args, Clone, Debug)]
pub struct PictureFlags {
    /// Take the settings from FILE, one for each camera; flags win over it. See vidveil-scene(5)
    #[arg(long = "scene", value_name = "FILE")]
    pub scene_file: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub scene: SceneFlags,

    /// Read a file twice: learn the background over all of it first, so that nothing is hidden for the sake of
    /// learning, and people are hidden from their first picture on. Who stands still for most of the file is background
    /// then
    #[arg(long)]
    pub two_pass: bool,

    /// Keep up with a live camera: a picture that is TIME behind [default: 500ms] is not analysed, and so not shown;
    /// the public picture before it is repeated in its place, and counted
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "500ms", conflicts_with = "two_pass")]
    pub realtime: Option<Time>,

    /// Keep the audio tracks, which are left out otherwise: voices reveal speakers
    #[arg(long)]
    pub keep_audio: bool,

    /// Quality of the H.264 encoder: 0 to 51, lower is better and larger
    #[arg(long, value_name = "N", default_value_t = 20.0, value_parser = crf)]
    pub crf: f32,

    /// Speed of the H.264 encoder, one of libx264's presets
    #[arg(long, value_name = "NAME", default_value = "veryfast", value_parser = PRESETS)]
    pub preset: String,

    /// A key frame at least every N pictures
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub keyint: u32,

    /// Threads of decoder and encoder; the bytes of the result depend on it, the hidden blocks do not
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub threads: u32,

    /// Give each picture out as soon as it can be; costs some size
    #[arg(long)]
    pub low_latency: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub foreign: ForeignFlags,

    /// Hide every picture whole, and decode none
    #[arg(long, hide = true)]
    pub hide_all: bool,
}

const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

fn crf(s: &str) -> Result<f32, String> {
    s.parse().ok().filter(|n| (0.0..=51.0).contains(n)).ok_or_else(|| "not a number from 0 to 51".into())
}

impl PictureFlags {
    /// The flags over the scene file over the presets over the defaults: all settings are given then, but the network
    /// that finds people where none is installed.
    ///
    /// # Errors
    ///
    /// As [`Scene::read`] and [`check_detector`].
    pub fn options(self) -> Result<PictureOptions, ProtectError> {
        let file = self.scene_file.as_deref().map(Scene::read).transpose()?.unwrap_or_default();
        let mut scene = self.scene.scene().or(file).resolved();
        scene.people_model = scene.people_model.or_else(PeopleModel::installed);
        check_detector(&scene)?;
        Ok(PictureOptions {
            scene,
            two_pass: self.two_pass,
            realtime: self.realtime,
            keep_audio: self.keep_audio,
            crf: self.crf,
            preset: self.preset,
            keyint: self.keyint,
            threads: self.threads,
            low_latency: self.low_latency,
            limits: self.foreign.limits(),
            hide_all: self.hide_all,
        })
    }
}

/// How a `protect` process is made the child: hidden flags, which the parent gives.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct WorkerFlags {
    /// Be the process that decodes
    #[arg(long, hide = true)]
    pub worker: bool,

    /// Write a line of JSON for each picture to this descriptor
    #[arg(long, hide = true)]
    pub notes_fd: Option<i32>,

    /// Write the stream with outlines to this descriptor
    #[arg(long, hide = true)]
    pub overlay_fd: Option<i32>,

    /// Nothing is signed after this time, UTC nanoseconds: another stream begins
    #[arg(long, hide = true, value_name = "NS", allow_negative_numbers = true)]
    pub signed_until: Option<i64>,

    /// Write a byte for each packet that is done to this descriptor
    #[arg(long, hide = true)]
    pub beats_fd: Option<i32>,

    /// Learn from what comes on this descriptor first
    #[arg(long, hide = true)]
    pub study_fd: Option<i32>,
}

impl WorkerFlags {
    /// The pipes that were named.
    pub fn pipes(&self) -> WorkerPipes {
        WorkerPipes {
            notes_fd: self.notes_fd,
            overlay_fd: self.overlay_fd,
            study_fd: self.study_fd,
            beats_fd: self.beats_fd,
        }
    }
}
