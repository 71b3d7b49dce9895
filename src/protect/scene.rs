//! The settings of one camera's scene.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::choices::{CameraPlace, DetectorTarget, MethodName};
use super::people_model::PeopleModel;
use super::values::{Absorb, Colour, Number, Polygon, Time};

/// What was given for a scene; the rest is left to the place's presets and the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scene {
    /// Where the camera hangs: presets for what is not given otherwise.
    pub place: Option<CameraPlace>,

    /// For how long the background is learned, with the whole picture hidden; at least a dozen pictures. By default 60
    /// s, and 2 s where people are found by a network.
    pub learn: Option<Time>,

    /// A PNG of the empty scene, of the video's size: people are hidden by it from the first picture on, and nothing is
    /// learned first.
    pub reference: Option<PathBuf>,

    /// How to hide. By default by pixelation.
    pub method: Option<MethodName>,

    /// Colour of the silhouettes of [`MethodName::Colourise`]. By default 2060c0.
    pub colour: Option<Colour>,

    /// Least side of a block in pixels; blocks grow with what they hide. By default 16.
    pub block: Option<Number<8, 256>>,

    /// Grey levels by which pixelated and blurred blocks differ from their neighbours, so that people see what is
    /// hidden. By default 5.
    pub highlight: Option<Number<0, 255>>,

    /// Sensitivity to small things; each 10 more halve the least area that is hidden, which is 48 pixels at 50. By
    /// default 50.
    pub sensitivity: Option<Number<1, 100>>,

    /// Grey levels by which something must differ from the background; less hides more. By default 15.
    pub contrast_threshold: Option<Number<0, 255>>,

    /// Number of looks of the scene in different lights that are remembered: one that comes back is not learned again.
    /// By default 1.
    pub illumination_states: Option<Number<1, 10>>,

    /// How much change, in per cent, is taken for people and not for another scene, which is hidden whole and learned
    /// anew. By default 80, at which it is seven tenths of what is known of the picture.
    pub change_tolerance: Option<Number<1, 100>>,

    /// Number of pictures for which a block stays hidden after its motion is over. By default 1.
    pub hold: Option<Number<0, 250>>,

    /// Number of pictures for which a block is hidden before somebody comes; the output is late by as many. By default
    /// 2.
    pub lookahead: Option<Number<0, 250>>,

    /// After how long what stands still is shown again, as background. By default never: it stays hidden until its
    /// place is proven empty.
    pub absorb: Option<Absorb>,

    /// Polygons that are always hidden.
    pub always_hide: Vec<Polygon>,

    /// Polygons that are shown even where something moves; only blocks that lie wholly inside.
    pub never_hide: Vec<Polygon>,

    /// What a detector finds is hidden, too, whether it moves or not; needs `model`, and a build with the feature
    /// `detect`.
    pub also: Option<DetectorTarget>,

    /// The detector's network: the ONNX file of YuNet for pictures of 640x640.
    pub model: Option<PathBuf>,

    /// The network by which people are found: who is there and still, too. By default the one that is installed.
    pub people_model: Option<PeopleModel>,

    /// How often people are looked for in a second of the video, each time in a part of the picture; more often while
    /// the scene is learned. By default 3.
    pub detect_rate: Option<Number<1, 50>>,

    /// Number of the video track that is made public, where the original has several.
    pub track: Option<Number<0, 15>>,

    /// The detector examines one of this many pictures, and the first one after those hidden whole. By default 3.
    pub detect_every: Option<Number<1, 250>>,
}

/// A setting whose name and value are the same on the command line and in a file, but for quotes.
enum Setting {
    Bare(String),
    Quoted(String),
    Polygons(Vec<Polygon>),
}

impl Scene {
    /// The file of the network by which people are found, where there is one.
    pub(super) fn people_file(&self) -> Option<&Path> {
        self.people_model.as_ref().and_then(PeopleModel::file)
    }

    /// What is given here, and for the rest what `other` gives.
    pub fn or(self, other: Scene) -> Self {
        let list = |a: Vec<Polygon>, b: Vec<Polygon>| if a.is_empty() { b } else { a };
        Scene {
            place: self.place.or(other.place),
            learn: self.learn.or(other.learn),
            reference: self.reference.or(other.reference),
            method: self.method.or(other.method),
            colour: self.colour.or(other.colour),
            block: self.block.or(other.block),
            highlight: self.highlight.or(other.highlight),
            sensitivity: self.sensitivity.or(other.sensitivity),
            contrast_threshold: self.contrast_threshold.or(other.contrast_threshold),
            illumination_states: self.illumination_states.or(other.illumination_states),
            change_tolerance: self.change_tolerance.or(other.change_tolerance),
            hold: self.hold.or(other.hold),
            lookahead: self.lookahead.or(other.lookahead),
            absorb: self.absorb.or(other.absorb),
            always_hide: list(self.always_hide, other.always_hide),
            never_hide: list(self.never_hide, other.never_hide),
            also: self.also.or(other.also),
            model: self.model.or(other.model),
            detect_every: self.detect_every.or(other.detect_every),
            people_model: self.people_model.or(other.people_model),
            detect_rate: self.detect_rate.or(other.detect_rate),
            track: self.track.or(other.track),
        }
    }

    fn settings(&self) -> Vec<(&'static str, Setting)> {
        let mut all = Vec::new();
        let mut bare = |key, value: Option<String>| all.extend(value.map(|v| (key, Setting::Bare(v))));
        bare("block", self.block.map(|v| v.to_string()));
        bare("highlight", self.highlight.map(|v| v.to_string()));
        bare("sensitivity", self.sensitivity.map(|v| v.to_string()));
        bare("contrast-threshold", self.contrast_threshold.map(|v| v.to_string()));
        bare("illumination-states", self.illumination_states.map(|v| v.to_string()));
        bare("change-tolerance", self.change_tolerance.map(|v| v.to_string()));
        bare("hold", self.hold.map(|v| v.to_string()));
        bare("lookahead", self.lookahead.map(|v| v.to_string()));
        bare("detect-every", self.detect_every.map(|v| v.to_string()));
        bare("detect-rate", self.detect_rate.map(|v| v.to_string()));
        bare("track", self.track.map(|v| v.to_string()));
        let mut quoted = |key, value: Option<String>| all.extend(value.map(|v| (key, Setting::Quoted(v))));
        quoted("place", self.place.map(|v| v.name().to_owned()));
        quoted("learn", self.learn.map(|v| v.to_string()));
        quoted("method", self.method.map(|v| v.name().to_owned()));
        quoted("colour", self.colour.map(|v| v.to_string()));
        quoted("absorb", self.absorb.map(|v| v.to_string()));
        quoted("also", self.also.map(|v| v.name().to_owned()));
        let mut polygons = |key, value: &[Polygon]| {
            all.extend((!value.is_empty()).then(|| (key, Setting::Polygons(value.to_vec()))));
        };
        polygons("always-hide", &self.always_hide);
        polygons("never-hide", &self.never_hide);
        all
    }

    /// As a scene file, without the names of the reference picture and of the models.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (key, value) in self.settings() {
            let value = match value {
                Setting::Bare(value) => value,
                Setting::Quoted(value) => format!("\"{value}\""),
                Setting::Polygons(polygons) => format!("{:?}", polygons.iter().map(as_arrays).collect::<Vec<_>>()),
            };
            let _ = writeln!(text, "{key} = {value}");
        }
        // who reads it later knows then that nobody was looked for
        if self.people_model == Some(PeopleModel::Off) {
            text += "people-model = \"none\"\n";
        }
        text
    }

    /// The same settings as flags.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let mut flags = Vec::new();
        for (key, value) in self.settings() {
            match value {
                Setting::Bare(value) | Setting::Quoted(value) => flags.push(format!("--{key}={value}").into()),
                Setting::Polygons(polygons) => flags.extend(polygons.iter().map(|p| format!("--{key}={p}").into())),
            }
        }
        let path = |file: &Option<PathBuf>| file.as_ref().map(|file| file.as_os_str().to_owned());
        let people = self.people_model.as_ref().map(PeopleModel::argument);
        for (name, file) in
            [("--reference=", path(&self.reference)), ("--model=", path(&self.model)), ("--people-model=", people)]
        {
            if let Some(file) = file {
                let mut flag = OsString::from(name);
                flag.push(file);
                flags.push(flag);
            }
        }
        flags
    }
}

fn as_arrays(polygon: &Polygon) -> Vec<[i32; 2]> {
    polygon.zone().into_iter().map(|(x, y)| [x, y]).collect()
}
