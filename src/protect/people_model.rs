//! The network by which people are found.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use crate::storage::{InstalledModel, installed_model};

/// Its name where `scripts/get-model people` puts it.
const FILE: &str = "people.onnx";
/// What stands for no network.
const NONE: &str = "none";

/// The network by which people are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeopleModel {
    /// None: only what moves is found.
    Off,
    /// An ONNX file.
    File(PathBuf),
}

impl PeopleModel {
    /// The one that is installed on this machine; `None` where there is none.
    pub fn installed() -> Option<Self> {
        if cfg!(not(feature = "detect")) {
            return None;
        }
        match installed_model(FILE) {
            InstalledModel::Here(file) => Some(PeopleModel::File(file)),
            InstalledModel::Missing => None,
            InstalledModel::Unwanted => Some(PeopleModel::Off),
        }
    }

    /// The file, where there is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            PeopleModel::Off => None,
            PeopleModel::File(file) => Some(file),
        }
    }

    /// As the flag has it.
    pub(super) fn argument(&self) -> OsString {
        self.file().map_or(NONE.into(), |file| file.as_os_str().to_owned())
    }
}

impl From<OsString> for PeopleModel {
    fn from(text: OsString) -> Self {
        if text == NONE { PeopleModel::Off } else { PeopleModel::File(text.into()) }
    }
}

impl<'de> Deserialize<'de> for PeopleModel {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| OsString::from(text).into())
    }
}
