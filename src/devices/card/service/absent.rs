//! Without the feature `card` there is no way to a card: every call says so.

use std::time::Duration;

use super::{PinPrompt, Piv};
use crate::keys::DeviceError;

/// A reader of the PC/SC daemon.
pub struct Reader {
    /// Its name.
    pub name: String,
    /// Whether a card is in it.
    pub present: bool,
}

/// The PC/SC daemon.
pub struct Service;

const ABSENT: DeviceError = DeviceError::NotBuilt(std::borrow::Cow::Borrowed("card"));

impl Service {
    pub fn new(_: Duration) -> Self {
        Service
    }

    pub fn of(_: &str, _: Duration) -> Self {
        Service
    }

    pub fn reader(&self) -> &str {
        ""
    }

    pub fn connection(&self) -> u64 {
        0
    }

    pub fn readers(&self, _: &mut dyn PinPrompt) -> Result<Vec<Reader>, DeviceError> {
        Err(ABSENT)
    }

    pub fn pause(&self, _: Duration, _: &mut dyn PinPrompt) -> Result<(), DeviceError> {
        Err(ABSENT)
    }

    pub fn talk<T: Send + 'static>(
        &self,
        _: &mut dyn PinPrompt,
        _: impl FnOnce(&Piv<'_>, u64) -> Result<T, DeviceError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        Err(ABSENT)
    }
}
