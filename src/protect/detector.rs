//! The detector that `--also` asks for.

use std::path::Path;

use crate::privacy::Detector;

use super::error::ProtectError;
use super::scene::Scene;

/// The largest model, in bytes.
#[cfg(feature = "detect")]
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

/// Reads the detector that is asked for.
///
/// # Errors
///
/// As [`check_detector`]; the model cannot be read, or is not one that the detector can use.
pub(super) fn read_detector(scene: &Scene) -> Result<Option<Box<dyn Detector + Send>>, ProtectError> {
    check_detector(scene)?;
    scene.also.and(scene.model.as_deref()).map(load).transpose()
}

#[cfg(feature = "detect")]
fn load(path: &Path) -> Result<Box<dyn Detector + Send>, ProtectError> {
    let bytes = crate::storage::read_bounded(path, MAX_FILE)?;
    let detector = crate::privacy::YuNet::parse(&bytes);
    Ok(Box::new(detector.map_err(|source| ProtectError::Model { path: path.to_owned(), source })?))
}

#[cfg(not(feature = "detect"))]
fn load(_: &Path) -> Result<Box<dyn Detector + Send>, ProtectError> {
    // `check_detector` has refused it
    Err(ProtectError::NoDetector)
}
