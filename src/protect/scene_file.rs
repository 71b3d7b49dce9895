//! Scene files: the settings of one camera, by the names of the flags. `vidveil-scene(5)` describes the file.

use std::path::Path;

use crate::storage::read_bounded;

use super::choices::CameraPlace;
use super::error::{ProtectError, SceneFault};
use super::people_model::PeopleModel;
use super::scene::Scene;

/// The largest scene file, in bytes.
const MAX_FILE: usize = 256 << 10;
/// Largest number of polygons of one kind.
const POLYGONS: usize = 64;

/// The defaults, as a scene file.
const DEFAULTS: &str = r#"
learn = "60s"
method = "pixelate"
colour = "2060c0"
block = 16
highlight = 5
sensitivity = 50
contrast-threshold = 15
illumination-states = 1
change-tolerance = 80
hold = 1
lookahead = 2
absorb = "never"
detect-every = 3
detect-rate = 3
"#;

impl Scene {
    /// Reads the text of a scene file.
    ///
    /// # Errors
    ///
    /// A key or a value is wrong.
    pub fn parse(text: &str) -> Result<Self, SceneFault> {
        let scene: Self = toml::from_str(text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
            SceneFault { line, what: e.message().trim().replace('\n', ", ") }
        })?;
        if scene.always_hide.len().max(scene.never_hide.len()) > POLYGONS {
            return Err(SceneFault { line: 1, what: format!("more than {POLYGONS} polygons") });
        }
        Ok(scene)
    }

    /// Reads a scene file. A reference picture and models are looked for in its folder.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a key or a value in it is wrong.
    pub fn read(path: &Path) -> Result<Self, ProtectError> {
        let bytes = read_bounded(path, MAX_FILE)?;
        let wrong = |fault| ProtectError::Scene { path: path.to_owned(), fault };
        let text = std::str::from_utf8(&bytes).map_err(|e| {
            let line = bytes.iter().take(e.valid_up_to()).filter(|b| **b == b'\n').count() + 1;
            wrong(SceneFault { line, what: "not UTF-8".into() })
        })?;
        let mut scene = Scene::parse(text).map_err(wrong)?;
        let people = match &mut scene.people_model {
            Some(PeopleModel::File(file)) => Some(file),
            _ => None,
        };
        for file in [scene.reference.as_mut(), scene.model.as_mut(), people].into_iter().flatten() {
            if let Some(folder) = path.parent() {
                *file = folder.join(&*file);
            }
        }
        Ok(scene)
    }

    /// The place's presets, then the defaults, for what was not given. All settings are given then, except files and
    /// polygons.
    pub fn resolved(self) -> Self {
        let preset = match self.place {
            None => "",
            Some(CameraPlace::Indoor) => "illumination-states = 2",
            Some(CameraPlace::Outdoor) => "illumination-states = 3\nhold = 3\nsensitivity = 40",
        };
        [preset, DEFAULTS].into_iter().fold(self, |scene, text| match Scene::parse(text) {
            Ok(other) => scene.or(other),
            Err(_) => scene,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::privacy::{Settings, TimeBase};

    use super::super::values::Number;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "place = \"outdoor\"\nalways-hide = [[[0, 0], [40, -3], [8, 9]]]\nabsorb = \"10m\"\nblock = 24\n";
        let scene = Scene::parse(text).unwrap().resolved();
        assert_eq!(Scene::parse(&scene.to_toml()).unwrap(), scene);
        assert_eq!(scene.hold.map(Number::get), Some(3));
        assert_eq!(scene.block.map(Number::get), Some(24));
        let settings = scene.privacy((1, 10));
        assert_eq!(settings.absorb_ms, Some(600_000));
        assert_eq!(settings.always, [vec![(0, 0), (40, -3), (8, 9)]]);
    }

    #[test]
    fn the_defaults_are_those_of_the_transform() {
        let base = TimeBase { num: 1, den: 10 };
        let usual = Settings { time_base: base, ..Settings::default() };
        assert_eq!(Scene::default().resolved().privacy((1, 10)), usual);
        assert_eq!(Scene::default().privacy((1, 10)), usual);
    }
}
