//! The files that a scene names, read before the child gives up to open any.

use super::detector::{parse_model, read_model};
use super::error::ProtectError;
use super::reference::Reference;
use super::scene::Scene;
use crate::privacy::Detector;

/// What was read.
pub(super) struct Assets {
    /// The bytes of the detector's model.
    model: Option<Vec<u8>>,
    /// The picture of the empty scene.
    pub reference: Option<Reference>,
}

impl Assets {
    /// Reads the files of `scene`.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or is not what it should be.
    pub fn read(scene: &Scene) -> Result<Self, ProtectError> {
        let model = read_model(scene)?;
        let reference = scene.reference.as_deref().map(Reference::read).transpose()?;
        Ok(Assets { model, reference })
    }

    /// The detector that the scene asks for.
    ///
    /// # Errors
    ///
    /// The model is not one that the detector can use.
    pub fn detector(&self, scene: &Scene) -> Result<Option<Box<dyn Detector + Send>>, ProtectError> {
        let model = self.model.as_deref().zip(scene.model.as_deref());
        model.map(|(bytes, path)| parse_model(bytes, path)).transpose()
    }
}
