//! The flags of one camera's scene, of the same names as in a scene file.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::protect::{
    Absorb, CameraPlace, Colour, DetectorTarget, MethodName, Number, PeopleModel, Polygon, Scene, Time,
};

/// What is hidden, and how; what is not given is left to the scene file, the place's presets and the defaults.
#[derive(Args, Clone, Debug, Default)]
pub struct SceneFlags {
    /// Where the camera hangs: presets for what is not given otherwise
    #[arg(long, value_name = "PLACE", value_enum)]
    pub place: Option<CameraPlace>,

    /// Learn the background for TIME, with the whole picture hidden; at least a dozen pictures; 2s where
    /// people are found by a network [default: 60s]
    #[arg(long, value_name = "TIME")]
    pub learn: Option<Time>,

    /// Hide by the picture FILE of the empty scene, a PNG of the video's size, from the first picture on; nothing is
    /// learned first
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

    /// Grey levels, 0 to 255, by which pixelated and blurred blocks differ from their neighbours, so that people see
    /// what is hidden [default: 5]
    #[arg(long, value_name = "LEVELS")]
    pub highlight: Option<Number<0, 255>>,

    /// Sensitivity to small things, 1 to 100; each 10 more halve the least area that is hidden, 48 pixels at 50
    /// [default: 50]
    #[arg(long, value_name = "N")]
    pub sensitivity: Option<Number<1, 100>>,

    /// Grey levels, 0 to 255, by which something must differ from the background; less hides more [default: 15]
    #[arg(long, value_name = "LEVELS")]
    pub contrast_threshold: Option<Number<0, 255>>,

    /// Looks of the scene in different lights to remember, 1 to 10: one that comes back is not learned again [default:
    /// 1]
    #[arg(long, value_name = "N")]
    pub illumination_states: Option<Number<1, 10>>,

    /// How much change, 1 to 100 per cent, is taken for people and not for another scene, which is hidden whole and
    /// learned anew; at 80 a fifth of the picture [default: 80]
    #[arg(long, value_name = "PERCENT")]
    pub change_tolerance: Option<Number<1, 100>>,

    /// Keep a block hidden for N pictures after its motion is over [default: 1]
    #[arg(long, value_name = "N")]
    pub hold: Option<Number<0, 250>>,

    /// Hide a block N pictures before somebody comes; the output is as many pictures late [default: 2]
    #[arg(long, value_name = "N")]
    pub lookahead: Option<Number<0, 250>>,

    /// Show again what has stood still for TIME, as background; "never" keeps it hidden until its place is proven empty
    /// [default: never]
    #[arg(long, value_name = "never|TIME")]
    pub absorb: Option<Absorb>,

    /// Hide a polygon always, given by its corners in pixels, as in "0,0 100,0 100,80"; may be repeated
    #[arg(long, value_name = "CORNERS", allow_hyphen_values = true)]
    pub always_hide: Vec<Polygon>,

    /// Show a polygon even where something moves (only blocks that lie wholly inside); may be repeated
    #[arg(long, value_name = "CORNERS", allow_hyphen_values = true)]
    pub never_hide: Vec<Polygon>,

    /// Hide also what another detector finds, whether it moves or not; needs --model
    #[arg(long, value_name = "WHAT", value_enum)]
    pub also: Option<DetectorTarget>,

    /// The network of --also: the ONNX file of YuNet for pictures of 640x640
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,

    /// Have the detector of --also look at one picture in N, and at the first one after those hidden whole; up to
    /// --lookahead + 1, whoever comes between two looks is hidden all the same [default: 3]
    #[arg(long, value_name = "N")]
    pub detect_every: Option<Number<1, 250>>,

    /// Find people by the network in FILE, those who are there and still, too: NanoDet as scripts/get-model makes it,
    /// or a YOLOX; "none" does without [default: what is installed]
    #[arg(long, value_name = "FILE|none")]
    pub people_model: Option<PeopleModel>,

    /// Look for people N times in a second of the video, 1 to 50, each time in a part of the picture; more often while
    /// the scene is learned [default: 3]
    #[arg(long, value_name = "N")]
    pub detect_rate: Option<Number<1, 50>>,

    /// Make the video track N public, where the original has several; inspect numbers them
    #[arg(long, value_name = "N")]
    pub track: Option<Number<0, 15>>,
}

impl SceneFlags {
    /// What was given.
    pub fn scene(self) -> Scene {
        Scene {
            place: self.place,
            learn: self.learn,
            reference: self.reference,
            method: self.method,
            colour: self.colour,
            block: self.block,
            highlight: self.highlight,
            sensitivity: self.sensitivity,
            contrast_threshold: self.contrast_threshold,
            illumination_states: self.illumination_states,
            change_tolerance: self.change_tolerance,
            hold: self.hold,
            lookahead: self.lookahead,
            absorb: self.absorb,
            always_hide: self.always_hide,
            never_hide: self.never_hide,
            also: self.also,
            model: self.model,
            detect_every: self.detect_every,
            people_model: self.people_model,
            detect_rate: self.detect_rate,
            track: self.track,
        }
    }
}

impl ValueEnum for MethodName {
    fn value_variants<'a>() -> &'a [Self] {
        &MethodName::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            MethodName::Pixelate => "Blocks of their mean colour; what is left shows the colours of clothes",
            MethodName::Blur => "Blocks that run into each other; weaker against machines",
            MethodName::Solid => "Grey; nothing is left",
            MethodName::Colourise => "A silhouette in one colour; nothing is left but the outline",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for CameraPlace {
    fn value_variants<'a>() -> &'a [Self] {
        &CameraPlace::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            CameraPlace::Indoor => "Two illumination states: lamps are on or off",
            CameraPlace::Outdoor => {
                "Three illumination states, blocks held for three pictures, sensitivity 40: leaves, rain and small birds stay in view"
            }
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}

impl ValueEnum for DetectorTarget {
    fn value_variants<'a>() -> &'a [Self] {
        &DetectorTarget::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            DetectorTarget::Faces => "Faces, of those who sit still, too",
        };
        Some(PossibleValue::new(self.name()).help(help))
    }
}
