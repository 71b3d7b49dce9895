//! How pictures are hidden and encoded, what is written for review, and how the pictures' process is kept.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::media::PictureLimits;

use crate::storage::CreatedFiles;

use super::scene::Scene;
use super::values::Time;

/// How pictures are hidden and encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureOptions {
    /// What is hidden, and how.
    pub scene: Scene,
    /// The background is learned over the whole input first, which is read twice: nothing is hidden for the sake of
    /// learning.
    pub two_pass: bool,
    /// Keeps up with a live camera: a picture that is late by more than this is not analysed and not shown; the public
    /// picture before it is repeated. `None` analyses every picture.
    pub realtime: Option<Time>,
    /// Audio tracks are kept.
    pub keep_audio: bool,
    /// Quality of the H.264 encoder: 0 to 51, lower is better and larger.
    pub crf: f32,
    /// One of libx264's presets.
    pub preset: String,
    /// Largest number of pictures from one key frame to the next.
    pub keyint: u32,
    /// Number of threads of the decoder, and of the encoder. The bytes of the result depend on it, the hidden blocks do
    /// not.
    pub threads: u32,
    /// Each picture is given out as soon as it can be; costs some size.
    pub low_latency: bool,
    /// How large pictures may be.
    pub limits: PictureLimits,
    /// Every picture is hidden whole, and none is decoded.
    pub hide_all: bool,
}

impl Default for PictureOptions {
    fn default() -> Self {
        PictureOptions {
            scene: Scene::default(),
            two_pass: false,
            realtime: None,
            keep_audio: false,
            crf: 20.0,
            preset: "veryfast".into(),
            keyint: 50,
            threads: 2,
            low_latency: false,
            limits: PictureLimits::default(),
            hide_all: false,
        }
    }
}

impl PictureOptions {
    /// The options as the arguments of the program that calls [`super::work`], which are flags of `protect`. The same
    /// options give the same arguments; the id of the public stream follows from them.
    pub fn to_arguments(&self) -> Vec<OsString> {
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
        if self.hide_all {
            add("--hide-all".into());
        }
        if self.limits != PictureLimits::default() {
            add(format!("--max-pixels={}", self.limits.max_pixels));
        }
        args
    }
}

/// What is written for review.
#[derive(Clone, Debug, Default)]
pub struct ReviewOptions {
    /// File for the report: a line of JSON for each picture, and a summary.
    pub report: Option<PathBuf>,
    /// File for the plot of the hidden share over time, a PNG.
    pub plot: Option<PathBuf>,
    /// File for the original with outlines of what is hidden, which is sealed.
    pub overlay: Option<PathBuf>,
    /// Files and folders of the certificates that the overlay is sealed to.
    pub recipients: Vec<PathBuf>,
    /// Files that exist are replaced.
    pub force: bool,
    /// Where the files that are made are remembered.
    pub created: CreatedFiles,
}
