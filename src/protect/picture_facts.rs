//! What the child reports of each picture, and what people can read of it.

use serde::{Deserialize, Serialize};

use crate::privacy;

/// Largest number of a picture's parts, and of its blobs, that are reported.
const PARTS: usize = 256;

/// Why a whole picture is hidden, in the words of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WholeReason {
    Learning,
    SceneChange,
    CameraMoved,
    Light,
    Damaged,
    Missing,
    Detector,
}

impl WholeReason {
    /// All of them, in the order of the plot's legend.
    pub const ALL: [WholeReason; 7] = [
        WholeReason::Learning,
        WholeReason::SceneChange,
        WholeReason::CameraMoved,
        WholeReason::Light,
        WholeReason::Damaged,
        WholeReason::Missing,
        WholeReason::Detector,
    ];

    /// The text in the plot's legend.
    pub fn text(self) -> &'static str {
        match self {
            WholeReason::Learning => "learning",
            WholeReason::SceneChange => "scene change",
            WholeReason::CameraMoved => "camera moved",
            WholeReason::Light => "light",
            WholeReason::Damaged => "damaged",
            WholeReason::Missing => "missing",
            WholeReason::Detector => "detector",
        }
    }
}

impl From<privacy::Reason> for WholeReason {
    fn from(reason: privacy::Reason) -> Self {
        match reason {
            privacy::Reason::Learning => WholeReason::Learning,
            privacy::Reason::SceneChange => WholeReason::SceneChange,
            privacy::Reason::CameraMoved => WholeReason::CameraMoved,
            privacy::Reason::Light => WholeReason::Light,
            privacy::Reason::Damaged => WholeReason::Damaged,
            privacy::Reason::Missing => WholeReason::Missing,
            privacy::Reason::Detector => WholeReason::Detector,
        }
    }
}

/// One part that is hidden, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HiddenPart {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// One public picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PictureFacts {
    /// Number of the picture in the run, from 0.
    pub picture: u64,
    /// Presentation time in ticks.
    pub pts: i64,
    /// Presentation time in seconds.
    pub seconds: f64,
    /// Presentation time in nanoseconds since 1970, UTC.
    pub utc_ns: i64,
    /// Hidden share, 0 to 1.
    pub share: f32,
    /// Why all of it is hidden; `None` where not all is.
    pub whole: Option<WholeReason>,
    /// It repeats the picture before it.
    pub repeated: bool,
    /// Heights of the blobs found, in pixels.
    pub blobs: Vec<u32>,
    /// What is hidden.
    pub parts: Vec<HiddenPart>,
}

impl PictureFacts {
    /// What was done to a picture; its number and its times other than `pts` are to be filled in.
    pub fn of(facts: &privacy::ProtectionFacts, pts: i64) -> Self {
        let least = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let part = |p: privacy::HiddenRegion| HiddenPart {
            x: least(p.x),
            y: least(p.y),
            width: least(p.width),
            height: least(p.height),
        };
        PictureFacts {
            picture: 0,
            pts,
            seconds: 0.0,
            utc_ns: 0,
            share: facts.share,
            whole: facts.whole.map(WholeReason::from),
            repeated: facts.repeated,
            blobs: facts.heights.iter().copied().take(PARTS).collect(),
            parts: facts.hidden.parts(PARTS).into_iter().map(part).collect(),
        }
    }
}
