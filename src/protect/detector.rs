//! The detector that `--also` asks for.

use std::path::Path;

use crate::privacy::Detector;
use crate::storage::read_bounded;

use super::error::ProtectError;
use super::scene::Scene;

/// The largest model, in bytes.
const MAX_FILE: usize = 64 << 20;

/// Whether the scene's detector and model go together, and with this build.
///
/// # Errors
///
/// There is no model for the detector, or no detector for the model; or this build has none.
pub fn check_detector(scene: &Scene) -> Result<(), ProtectError> {
    match (scene.also, &scene.model) {
        (Some(_), _) if cfg!(not(feature = "detect")) => Err(ProtectError::NoDetector),
        (Some(_), None) => Err(ProtectError::NoModel),
        (None, Some(_)) => Err(ProtectError::UnusedModel),
        _ => Ok(()),
    }
}

/// The bytes of the model that is asked for.
///
/// # Errors
///
/// As [`check_detector`]; the file cannot be read.
pub(super) fn read_model(scene: &Scene) -> Result<Option<Vec<u8>>, ProtectError> {
    check_detector(scene)?;
    let read = |path: &Path| Ok(read_bounded(path, MAX_FILE)?);
    scene.also.and(scene.model.as_deref()).map(read).transpose()
}

/// The detector that is in a model's bytes.
///
/// # Errors
///
/// The model is not one that the detector can use.
#[cfg(feature = "detect")]
pub(super) fn parse_model(bytes: &[u8], path: &Path) -> Result<Box<dyn Detector + Send>, ProtectError> {
    let detector = crate::privacy::YuNet::parse(bytes);
    Ok(Box::new(detector.map_err(|source| ProtectError::Model { path: path.to_owned(), source })?))
}

#[cfg(not(feature = "detect"))]
pub(super) fn parse_model(_: &[u8], _: &Path) -> Result<Box<dyn Detector + Send>, ProtectError> {
    // `check_detector` has refused it
    Err(ProtectError::NoDetector)
}
