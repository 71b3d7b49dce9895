//! Lists of recipients that somebody wrote who had no key, next to good ones: said when all else was given.

use super::error::SealError;

/// The first session of an input whose list is forged.
#[derive(Default)]
pub(super) struct ForgedLists {
    /// Its number, where its keys record begins, and whether both lists there have one number.
    first: Option<(u32, u64, bool)>,
    is_reported: bool,
}

impl ForgedLists {
    /// A session with a forged list came.
    pub fn add(&mut self, session: u32, offset: u64, tied: bool) {
        self.first.get_or_insert((session, offset, tied));
    }

    /// The first one, as an error.
    pub fn error(&self) -> Option<SealError> {
        self.first.map(|(session, offset, tied)| SealError::ForgedList { session, offset, tied })
    }

    /// The same, once.
    pub fn take(&mut self) -> Option<SealError> {
        let is_reported = std::mem::replace(&mut self.is_reported, self.first.is_some());
        self.error().filter(|_| !is_reported)
    }
}
