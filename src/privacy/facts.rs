//! What was done to a picture, and why.

use super::hidden::Hidden;

/// Why a whole picture is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The background is being learned.
    Learning,
    /// Much of the picture changed at once.
    SceneChange,
    /// The camera was turned or pushed.
    CameraMoved,
    /// The light failed or came on.
    Light,
    /// The picture was decoded with errors.
    Damaged,
    /// The picture could not be decoded.
    Missing,
    /// The detector failed on the picture.
    Detector,
}

/// What was done to a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtectionFacts {
    /// Hidden share of the picture's least cells, 0 to 1.
    pub share: f32,
    /// Why all of it is hidden, if it is.
    pub whole: Option<Reason>,
    /// Heights in pixels of the blobs found in this picture.
    pub heights: Vec<u32>,
    /// The hidden blocks.
    pub hidden: Hidden,
    /// It was not analysed in time: this is the public picture before it once more, of which the other facts are.
    pub repeated: bool,
}
