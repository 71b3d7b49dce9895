//! What finds people by their looks.

use super::error::DetectError;
use super::found::Found;
use crate::media::Picture;

/// Finds people, or parts of them, by their looks.
pub trait Detector {
    /// Where they are in the picture, in its pixels.
    ///
    /// # Errors
    ///
    /// [`DetectError`]: the picture could not be examined; it must be hidden as a whole.
    fn detect(&mut self, picture: &Picture) -> Result<Vec<Found>, DetectError>;
}
