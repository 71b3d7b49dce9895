//! A command that was started by one that shares its keys.

use std::env;
use std::io;
use std::process::Command;
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::keys::agent::{Exchange, MAX_ANSWER, read_message, shared_keys, write_message};
use crate::keys::{DeviceError, Identity};

use super::VARIABLE;
use super::socket::Way;

/// Whether there are keys to be had.
pub fn offered() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| !value.is_empty())
}

/// Takes it from a child that has nothing to do with keys, as one that decodes.
pub fn forget(command: &mut Command) -> &mut Command {
    command.env_remove(VARIABLE)
}

/// The way to the keys that this process inherited.
pub struct Inherited(Way);

impl Inherited {
    /// The keys that are to be had.
    ///
    /// # Errors
    ///
    /// [`DeviceError::AgentGone`]: the one who shares them has ended, or a program between closed the way to it.
    pub fn identities() -> Result<Vec<Box<dyn Identity>>, DeviceError> {
        let value = env::var(VARIABLE).ok();
        let way = value.as_deref().and_then(Way::parse).ok_or(DeviceError::AgentGone)?;
        let keys = shared_keys(Rc::new(Inherited(way)))?;
        Ok(keys.into_iter().map(|key| Box::new(key) as Box<dyn Identity>).collect())
    }
}

impl Exchange for Inherited {
    /// As long as it takes: somebody may be asked for a PIN. The end of the other process ends it, too.
    fn exchange(&self, request: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut host = self.0.connect()?;
        write_message(&mut host, &[&self.0.token[..], request].concat())?;
        read_message(&mut host, MAX_ANSWER)
    }
}
