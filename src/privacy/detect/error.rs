//! What goes wrong with a detector.

use thiserror::Error;

/// Why a detector cannot be used, or a picture not be examined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DetectError {
    /// The model is not in the format, or it is of another kind; what is wrong.
    #[error("not a network that can be used: {0}")]
    Model(String),
    /// The network failed on a picture.
    #[error("the detector failed: {0}")]
    Run(String),
}
