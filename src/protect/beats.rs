//! How the child says that it gets on: a byte for each packet that is done.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};

use crate::jail::Watch;

use super::error::ProtectError;

/// The child's side.
pub(super) struct Beats(pub Option<File>);

impl Beats {
    /// A packet is done.
    pub fn beat(&mut self) -> Result<(), ProtectError> {
        Ok(self.0.as_mut().map_or(Ok(()), |pipe| pipe.write_all(&[0]))?)
    }
}

/// The parent's side: counts until the child is gone. False when it has said of more than it was given that it is done.
pub(super) fn count(mut pipe: File, watch: &Watch) -> bool {
    let mut bytes = [0; 256];
    loop {
        match pipe.read(&mut bytes) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return true,
            Ok(count) => {
                if (0..count).any(|_| !watch.done()) {
                    return false;
                }
            }
        }
    }
}
