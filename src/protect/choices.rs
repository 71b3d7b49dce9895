//! Settings of a scene that are one of a few names.

use serde::Deserialize;

/// How what must be hidden is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodName {
    /// Blocks of their mean colour; the colours of clothes stay visible
    #[default]
    Pixelate,
    /// Blocks that run into each other; weaker against machines
    Blur,
    /// Grey; nothing is left
    Solid,
    /// A silhouette in one colour; nothing is left but the outline
    Colourise,
}

impl MethodName {
    /// All of them.
    pub const ALL: [MethodName; 4] = [MethodName::Pixelate, MethodName::Blur, MethodName::Solid, MethodName::Colourise];

    /// The name on the command line and in a scene file.
    pub fn name(self) -> &'static str {
        match self {
            MethodName::Pixelate => "pixelate",
            MethodName::Blur => "blur",
            MethodName::Solid => "solid",
            MethodName::Colourise => "colourise",
        }
    }
}

/// Where the camera hangs, which chooses other defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraPlace {
    /// Two illumination states: lamps are on or off
    Indoor,
    /// Three illumination states, blocks held for three pictures, sensitivity 40: leaves, rain and small birds stay in
    /// view
    Outdoor,
}

impl CameraPlace {
    /// All of them.
    pub const ALL: [CameraPlace; 2] = [CameraPlace::Indoor, CameraPlace::Outdoor];

    /// The name on the command line and in a scene file.
    pub fn name(self) -> &'static str {
        match self {
            CameraPlace::Indoor => "indoor",
            CameraPlace::Outdoor => "outdoor",
        }
    }
}

/// What a detector looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DetectorTarget {
    /// Faces, those of people who sit still included
    Faces,
}

impl DetectorTarget {
    /// All of them.
    pub const ALL: [DetectorTarget; 1] = [DetectorTarget::Faces];

    /// The name on the command line and in a scene file.
    pub fn name(self) -> &'static str {
        match self {
            DetectorTarget::Faces => "faces",
        }
    }
}
