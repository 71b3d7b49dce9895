//! The files that a scene names, read before the child gives up to open any.

use super::detector::{Maker, parse_faces, parse_people, read_models};
use super::error::ProtectError;
use super::reference::Reference;
use super::scene::Scene;
use super::values::Number;
use crate::privacy::{Detector, PersonFinder, Protector};

/// The bytes that were read: of models, nothing is believed yet.
pub(super) struct AssetFiles {
    models: [Option<Vec<u8>>; 2],
    reference: Option<Reference>,
}

/// What was made of the files.
pub(super) struct Assets {
    faces: Option<Maker<dyn Detector + Send>>,
    people: Option<Maker<dyn PersonFinder + Send>>,
    /// The picture of the empty scene.
    pub reference: Option<Reference>,
}

impl AssetFiles {
    /// Reads the files of `scene`.
    ///
    /// # Errors
    ///
    /// One of them cannot be read, or is not what it should be.
    pub fn read(scene: &Scene) -> Result<Self, ProtectError> {
        let models = read_models(scene)?;
        let reference = scene.reference.as_deref().map(Reference::read).transpose()?;
        Ok(Self { models, reference })
    }

    /// Makes detectors of the models: a file from outside is parsed, and its network computed once. To be called in
    /// jail.
    ///
    /// # Errors
    ///
    /// A model is not one that its detector can use.
    pub fn parse(self, scene: &Scene) -> Result<Assets, ProtectError> {
        let [faces, people] = self.models;
        let faces = faces.as_deref().zip(scene.model.as_deref());
        let people = people.as_deref().zip(scene.people_file());
        Ok(Assets {
            faces: faces.map(|(bytes, path)| parse_faces(bytes, path)).transpose()?,
            people: people.map(|(bytes, path)| parse_people(bytes, path)).transpose()?,
            reference: self.reference,
        })
    }
}

impl Assets {
    /// The detector that the scene asks for.
    pub fn detector(&self) -> Option<Box<dyn Detector + Send>> {
        self.faces.as_ref().map(|make| make())
    }

    /// Lets a protector look for people, where there is something that finds them.
    pub fn look_for_people(&self, protector: &mut Protector, scene: &Scene) {
        if let Some(make) = &self.people {
            protector.look_for_people(make(), scene.detect_rate.map_or(3, Number::get).into());
        }
    }
}
