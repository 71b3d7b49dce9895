//! What the child tells of each picture, and what people can read of it.

use serde::{Deserialize, Serialize};

use crate::privacy::{Facts, Reason};

/// Parts of a picture that are told, at most.
const PARTS: usize = 256;

/// Why a whole picture is hidden, in the words of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Whole {
    Learning,
    SceneChange,
    CameraMoved,
    Light,
    Damaged,
    Missing,
    Detector,
}

impl Whole {
    /// All of them, in the order of the plot's legend.
    pub const ALL: [Whole; 7] = [
        Whole::Learning,
        Whole::SceneChange,
        Whole::CameraMoved,
        Whole::Light,
        Whole::Damaged,
        Whole::Missing,
        Whole::Detector,
    ];

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Whole::Learning => "learning",
            Whole::SceneChange => "scene change",
            Whole::CameraMoved => "camera moved",
            Whole::Light => "light",
            Whole::Damaged => "damaged",
            Whole::Missing => "missing",
            Whole::Detector => "detector",
        }
    }
}

impl From<Reason> for Whole {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Learning => Whole::Learning,
            Reason::SceneChange => Whole::SceneChange,
            Reason::CameraMoved => Whole::CameraMoved,
            Reason::Light => Whole::Light,
            Reason::Damaged => Whole::Damaged,
            Reason::Missing => Whole::Missing,
            Reason::Detector => Whole::Detector,
        }
    }
}

/// One part that is hidden, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// One public picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    /// Which picture of the run, from 0.
    pub picture: u64,
    /// Presentation time in ticks.
    pub pts: i64,
    /// The same in seconds.
    pub seconds: f64,
    /// The same in UTC ns.
    pub utc_ns: i64,
    /// Hidden share, 0 to 1.
    pub share: f32,
    /// Why all of it is hidden.
    pub whole: Option<Whole>,
    /// It is the picture before once more.
    pub repeated: bool,
    /// Heights of the blobs found, in pixels.
    pub blobs: Vec<u32>,
    /// What is hidden.
    pub parts: Vec<Part>,
}

impl Note {
    /// A note of what was done to a picture; the times are to be filled in.
    pub fn of(facts: &Facts, pts: i64) -> Self {
        let least = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let part = |p: crate::privacy::Part| Part {
            x: least(p.x),
            y: least(p.y),
            width: least(p.width),
            height: least(p.height),
        };
        Note {
            picture: 0,
            pts,
            seconds: 0.0,
            utc_ns: 0,
            share: facts.share,
            whole: facts.whole.map(Whole::from),
            repeated: facts.repeated,
            blobs: facts.heights.iter().copied().take(PARTS).collect(),
            parts: facts.hidden.parts(PARTS).into_iter().map(part).collect(),
        }
    }
}
