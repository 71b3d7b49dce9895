//! The flags that say how pictures are hidden and encoded. Parent and child parse the same ones.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use super::{Scene, Time, detector};

/// How pictures are hidden and encoded.
#[derive(Args, Clone, Debug)]
pub struct PictureFlags {
    /// Take the settings from FILE, one for each camera; flags win over it. See vidveil-scene(5)
    #[arg(long = "scene", value_name = "FILE")]
    pub scene_file: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub scene: Scene,

    /// Read a file twice: learn the background over all of it first, so that nothing is hidden for the sake of learning, and people are
    /// hidden from their first picture on. Who stands still for most of the file is background then
    #[arg(long)]
    pub two_pass: bool,

    /// Keep up with a live camera: a picture that is TIME behind [default: 500ms] is not analysed, and so not shown; the public picture before
    /// it is repeated in its place, and counted
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "500ms", conflicts_with = "two_pass")]
    pub realtime: Option<Time>,

    /// Keep the audio tracks, which are left out otherwise: voices tell who speaks
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
}

const PRESETS: [&str; 9] =
    ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"];

fn crf(s: &str) -> Result<f32, String> {
    s.parse().ok().filter(|n| (0.0..=51.0).contains(n)).ok_or_else(|| "not a number from 0 to 51".into())
}

impl PictureFlags {
    /// The flags over the scene file over the presets over the defaults: everything is said then.
    ///
    /// # Errors
    ///
    /// As [`Scene::read`]; a detector without its model, or in a build without one (2).
    pub fn resolved(self) -> anyhow::Result<Self> {
        let file = self.scene_file.as_deref().map(Scene::read).transpose()?.unwrap_or_default();
        let scene = self.scene.or(file).resolved();
        detector::check(&scene)?;
        Ok(PictureFlags { scene, scene_file: None, ..self })
    }

    /// The same flags as arguments for the child.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let mut args = self.scene.to_arguments();
        let mut add = |flag: String| args.push(flag.into());
        add(format!("--crf={}", self.crf));
        add(format!("--preset={}", self.preset));
        add(format!("--keyint={}", self.keyint));
        add(format!("--threads={}", self.threads));
        if self.two_pass {
            add("--two-pass".into());
        }
        if let Some(slack) = self.realtime {
            add(format!("--realtime={slack}"));
        }
        if self.keep_audio {
            add("--keep-audio".into());
        }
        if self.low_latency {
            add("--low-latency".into());
        }
        args
    }
}
