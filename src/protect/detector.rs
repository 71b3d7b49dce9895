//! The detectors that a scene asks for.

use std::path::Path;

use crate::privacy::{Detector, PersonFinder};
use crate::storage::read_bounded;

use super::error::ProtectError;
use super::scene::Scene;

/// The largest model, in bytes.
const MAX_FILE: usize = 64 << 20;

/// Whether the scene's detectors and models go together, and with this build.
///
/// # Errors
///
/// There is no model for the detector, or no detector for the model; or this build has none.
pub fn check_detector(scene: &Scene) -> Result<(), ProtectError> {
    let people = scene.people_file();
    match (scene.also, &scene.model) {
        (Some(_), _) if cfg!(not(feature = "detect")) => Err(ProtectError::NoDetector("--also faces")),
        _ if people.is_some() && cfg!(not(feature = "detect")) => Err(ProtectError::NoDetector("--people-model")),
        (Some(_), None) => Err(ProtectError::NoModel),
        (None, Some(_)) => Err(ProtectError::UnusedModel),
        _ => Ok(()),
    }
}

/// The bytes of the models that are asked for: of what `--also` names, and of people.
///
/// # Errors
///
/// As [`check_detector`]; a file cannot be read.
pub(super) fn read_models(scene: &Scene) -> Result<[Option<Vec<u8>>; 2], ProtectError> {
    check_detector(scene)?;
    let read = |path: &Path| Ok::<_, ProtectError>(read_bounded(path, MAX_FILE)?);
    let also = scene.also.and(scene.model.as_deref()).map(read).transpose()?;
    let people = scene.people_file().map(read).transpose()?;
    Ok([also, people])
}

/// Makes one detector for each stream of a network that was read once.
pub(super) type Maker<T> = Box<dyn Fn() -> Box<T>>;

/// The detector of faces that is in a model's bytes.
///
/// # Errors
///
/// The model is not one that the detector can use.
#[cfg(feature = "detect")]
pub(super) fn parse_faces(bytes: &[u8], path: &Path) -> Result<Maker<dyn Detector + Send>, ProtectError> {
    let detector = crate::privacy::YuNet::parse(bytes);
    let detector = detector.map_err(|source| ProtectError::Model { path: path.to_owned(), source })?;
    Ok(Box::new(move || Box::new(detector.clone())))
}

/// The detector of people that is in a model's bytes.
///
/// # Errors
///
/// The model is not one that the detector can use.
#[cfg(feature = "detect")]
pub(super) fn parse_people(bytes: &[u8], path: &Path) -> Result<Maker<dyn PersonFinder + Send>, ProtectError> {
    let finder = crate::privacy::PersonNet::parse(bytes);
    let finder = finder.map_err(|source| ProtectError::PeopleModel { path: path.to_owned(), source })?;
    Ok(Box::new(move || Box::new(finder.clone())))
}

// `check_detector` has refused what comes here
#[cfg(not(feature = "detect"))]
pub(super) fn parse_faces(_: &[u8], _: &Path) -> Result<Maker<dyn Detector + Send>, ProtectError> {
    Err(ProtectError::NoDetector("--also faces"))
}

#[cfg(not(feature = "detect"))]
pub(super) fn parse_people(_: &[u8], _: &Path) -> Result<Maker<dyn PersonFinder + Send>, ProtectError> {
    Err(ProtectError::NoDetector("--people-model"))
}
