//! The settings of one camera's scene: flags, and a file of the same names. `vidveil-scene(5)` describes the file.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Deserialize;

use crate::base::text;
use crate::cli::Failure;
use crate::privacy::{Method, Sensitivity, Settings, TimeBase};
use crate::storage::read_bounded;

use super::values::{Absorb, Also, Colour, MethodName, Number, Place, Polygon, Time, name};

/// The largest scene file, in bytes.
const MAX_FILE: usize = 256 << 10;
/// Polygons of one kind, at most.
const POLYGONS: usize = 64;

/// What was said of a scene; the rest is left to the place's presets and the defaults.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scene {
    /// Where the camera hangs: presets for what is not said otherwise
    #[arg(long, value_name = "PLACE", value_enum)]
    pub place: Option<Place>,

    /// Learn the background for so long, with the whole picture hidden; at least a dozen pictures [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub learn: Option<Time>,

    /// Hide by the picture FILE of the empty scene, a PNG of the video's size, from the first picture on; nothing is learned first
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,

    /// How to hide [default: pixelate]
    #[arg(long, value_name = "METHOD", value_enum)]
    pub method: Option<MethodName>,

    /// Colour of the silhouettes of colourise, as RRGGBB [default: 2060c0]
    #[arg(long, value_name = "RRGGBB")]
    pub colour: Option<Colour>,

    /// Least side of a block in pixels, 8 to 256; blocks grow with what they hide [default: 16]
    #[arg(long, value_name = "PIXELS")]
    pub block: Option<Number<8, 256>>,

    /// Grey levels, 0 to 255, by which pixelated and blurred blocks differ from their neighbours, so that people see what is
    /// hidden [default: 5]
    #[arg(long, value_name = "LEVELS")]
    pub highlight: Option<Number<0, 255>>,

    /// Sensitivity to small things, 1 to 100; each 10 more halve the least area that is hidden, 48 pixels at 50 [default: 50]
    #[arg(long, value_name = "N")]
    pub sensitivity: Option<Number<1, 100>>,

    /// Grey levels, 0 to 255, by which something must differ from the background; less hides more [default: 15]
    #[arg(long, value_name = "LEVELS")]
    pub contrast_threshold: Option<Number<0, 255>>,

    /// Looks of the scene in different lights to remember, 1 to 10: one that comes back is not learned again [default: 1]
    #[arg(long, value_name = "N")]
    pub illumination_states: Option<Number<1, 10>>,

    /// How much change, 1 to 100 per cent, is taken for people and not for another scene, which is hidden whole and learned
    /// anew; at 80 a fifth of the picture [default: 80]
    #[arg(long, value_name = "PERCENT")]
    pub change_tolerance: Option<Number<1, 100>>,

    /// Keep a block hidden for N pictures after its motion is over [default: 1]
    #[arg(long, value_name = "N")]
    pub hold: Option<Number<0, 250>>,

    /// Hide a block N pictures before somebody comes; the output is as many pictures late [default: 2]
    #[arg(long, value_name = "N")]
    pub lookahead: Option<Number<0, 250>>,

    /// Show again what has stood still for TIME, as background; "never" keeps it hidden until its place is proven empty [default: never]
    #[arg(long, value_name = "never|TIME")]
    pub absorb: Option<Absorb>,

    /// Hide a polygon always, given by its corners in pixels, as in "0,0 100,0 100,80"; may be repeated
    #[arg(long, value_name = "CORNERS", allow_hyphen_values = true)]
    pub always_hide: Vec<Polygon>,

    /// Show a polygon even where something moves (only blocks that lie wholly inside); may be repeated
    #[arg(long, value_name = "CORNERS", allow_hyphen_values = true)]
    pub never_hide: Vec<Polygon>,

    /// Hide also what a detector finds, whether it moves or not; needs --model, and a build with the feature "detect"
    #[arg(long, value_name = "WHAT", value_enum)]
    pub also: Option<Also>,

    /// The detector's network: the ONNX file of YuNet for pictures of 640x640
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// Have the detector look at one picture in N, and at the first one after those hidden whole; up to --lookahead + 1, whoever
    /// comes between two looks is hidden all the same [default: 3]
    #[arg(long, value_name = "N")]
    pub detect_every: Option<Number<1, 250>>,
}

/// A setting whose name and value are the same on the command line and in a file, but for quotes.
enum Said {
    Bare(String),
    Quoted(String),
    Polygons(Vec<Polygon>),
}

impl Scene {
    /// Reads the text of a scene file.
    ///
    /// # Errors
    ///
    /// The line, counted from 1, and what is wrong there.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let scene: Self = toml::from_str(text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
            (line, e.message().trim().replace('\n', ", "))
        })?;
        match scene.always_hide.len().max(scene.never_hide.len()) > POLYGONS {
            true => Err((1, format!("more than {POLYGONS} polygons"))),
            false => Ok(scene),
        }
    }

    /// Reads a scene file. A reference picture and a model are looked for beside it.
    ///
    /// # Errors
    ///
    /// A [`Failure`]: it cannot be read (1), or a key or a value in it is wrong (2).
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = read_bounded(path, MAX_FILE)?;
        let wrong = |line: usize, what: String| {
            Failure::usage(format!("{}, line {line}: {what}", text::quoted_path(path)))
                .hint("vidveil-scene(5) has every key and its values")
        };
        let text = std::str::from_utf8(&bytes).map_err(|e| {
            let line = bytes.iter().take(e.valid_up_to()).filter(|b| **b == b'\n').count() + 1;
            wrong(line, "not UTF-8".into())
        })?;
        let mut scene = Scene::parse(text).map_err(|(line, what)| wrong(line, what))?;
        for file in [&mut scene.reference, &mut scene.model].into_iter().flatten() {
            if let Some(folder) = path.parent() {
                *file = folder.join(&*file);
            }
        }
        Ok(scene)
    }

    /// What is said here, and for the rest what `other` says.
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
        }
    }

    /// The place's presets, then the defaults, for what was not said; so everything is, but for files and polygons.
    pub fn resolved(self) -> Self {
        let preset = match self.place {
            None => "",
            Some(Place::Indoor) => "illumination-states = 2",
            Some(Place::Outdoor) => "illumination-states = 3\nhold = 3\nsensitivity = 40",
        };
        [preset, DEFAULTS].into_iter().fold(self, |scene, text| match Scene::parse(text) {
            Ok(other) => scene.or(other),
            Err(_) => scene,
        })
    }

    fn said(&self) -> Vec<(&'static str, Said)> {
        let mut all = Vec::new();
        let mut bare = |key, value: Option<String>| all.extend(value.map(|v| (key, Said::Bare(v))));
        bare("block", self.block.map(|v| v.to_string()));
        bare("highlight", self.highlight.map(|v| v.to_string()));
        bare("sensitivity", self.sensitivity.map(|v| v.to_string()));
        bare("contrast-threshold", self.contrast_threshold.map(|v| v.to_string()));
        bare("illumination-states", self.illumination_states.map(|v| v.to_string()));
        bare("change-tolerance", self.change_tolerance.map(|v| v.to_string()));
        bare("hold", self.hold.map(|v| v.to_string()));
        bare("lookahead", self.lookahead.map(|v| v.to_string()));
        bare("detect-every", self.detect_every.map(|v| v.to_string()));
        let mut quoted = |key, value: Option<String>| all.extend(value.map(|v| (key, Said::Quoted(v))));
        quoted("place", self.place.map(name));
        quoted("learn", self.learn.map(|v| v.to_string()));
        quoted("method", self.method.map(name));
        quoted("colour", self.colour.map(|v| v.to_string()));
        quoted("absorb", self.absorb.map(|v| v.to_string()));
        quoted("also", self.also.map(name));
        let mut polygons = |key, value: &[Polygon]| {
            all.extend((!value.is_empty()).then(|| (key, Said::Polygons(value.to_vec()))));
        };
        polygons("always-hide", &self.always_hide);
        polygons("never-hide", &self.never_hide);
        all
    }

    /// As a scene file, without the names of the reference picture and of the model.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (key, value) in self.said() {
            let value = match value {
                Said::Bare(value) => value,
                Said::Quoted(value) => format!("\"{value}\""),
                Said::Polygons(polygons) => format!("{:?}", polygons.iter().map(as_arrays).collect::<Vec<_>>()),
            };
            let _ = writeln!(text, "{key} = {value}");
        }
        text
    }

    /// The same settings as flags.
    pub(super) fn to_arguments(&self) -> Vec<OsString> {
        let mut flags = Vec::new();
        for (key, value) in self.said() {
            match value {
                Said::Bare(value) | Said::Quoted(value) => flags.push(format!("--{key}={value}").into()),
                Said::Polygons(polygons) => flags.extend(polygons.iter().map(|p| format!("--{key}={p}").into())),
            }
        }
        for (name, file) in [("--reference=", &self.reference), ("--model=", &self.model)] {
            if let Some(file) = file {
                let mut flag = OsString::from(name);
                flag.push(file);
                flags.push(flag);
            }
        }
        flags
    }

    /// The settings of the privacy transform for pictures with times in `time_base`.
    pub(super) fn privacy(&self, time_base: (u32, u32)) -> Settings {
        let usual = Settings::default();
        let byte = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
        Settings {
            time_base: TimeBase { num: time_base.0, den: time_base.1 },
            learn_ms: self.learn.map_or(usual.learn_ms, Time::millis),
            method: match self.method.unwrap_or_default() {
                MethodName::Pixelate => Method::Pixelate,
                MethodName::Blur => Method::Blur,
                MethodName::Solid => Method::Solid,
                MethodName::Colourise => Method::Colourise { colour: self.colour.map_or([0x20, 0x60, 0xc0], |c| c.0) },
            },
            block: self.block.map_or(usual.block, |n| n.get().into()),
            highlight: self.highlight.map_or(usual.highlight, |n| byte(n.get())),
            illumination_states: self.illumination_states.map_or(usual.illumination_states, |n| n.get().into()),
            absorb_ms: self.absorb.and_then(Absorb::millis),
            hold: self.hold.map_or(usual.hold, |n| n.get().into()),
            lookahead: self.lookahead.map_or(usual.lookahead, |n| n.get().into()),
            detect_every: self.detect_every.map_or(usual.detect_every, |n| n.get().into()),
            sensitivity: Sensitivity::of(
                self.contrast_threshold.map_or(15, |n| byte(n.get())),
                self.sensitivity.map_or(50, |n| byte(n.get())),
                self.change_tolerance.map_or(80, |n| byte(n.get())),
            ),
            always: self.always_hide.iter().map(Polygon::zone).collect(),
            never: self.never_hide.iter().map(Polygon::zone).collect(),
        }
    }
}

/// The defaults, as a scene file.
const DEFAULTS: &str = r#"
learn = "60s"
method = "pixelate"
colour = "2060c0"
block = 16
highlight = 5
sensitivity = 50
contrast-threshold = 15
illumination-states = 1
change-tolerance = 80
hold = 1
lookahead = 2
absorb = "never"
detect-every = 3
"#;

fn as_arrays(polygon: &Polygon) -> Vec<[i32; 2]> {
    polygon.zone().into_iter().map(|(x, y)| [x, y]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "place = \"outdoor\"\nalways-hide = [[[0, 0], [40, -3], [8, 9]]]\nabsorb = \"10m\"\nblock = 24\n";
        let scene = Scene::parse(text).unwrap().resolved();
        assert_eq!(Scene::parse(&scene.to_toml()).unwrap(), scene);
        assert_eq!(scene.hold.map(Number::get), Some(3));
        assert_eq!(scene.block.map(Number::get), Some(24));
        let settings = scene.privacy((1, 10));
        assert_eq!(settings.absorb_ms, Some(600_000));
        assert_eq!(settings.always, [vec![(0, 0), (40, -3), (8, 9)]]);
    }

    #[test]
    fn the_defaults_are_those_of_the_transform() {
        let base = TimeBase { num: 1, den: 10 };
        let usual = Settings { time_base: base, ..Settings::default() };
        assert_eq!(Scene::default().resolved().privacy((1, 10)), usual);
        assert_eq!(Scene::default().privacy((1, 10)), usual);
    }
}
