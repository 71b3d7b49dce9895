//! A command that was started by one that shares its keys.

use std::env;
use std::io;
use std::process::Command;
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::keys::agent::{Exchange, MAX_ANSWER, read_message, shared_keys, write_message};
use crate::keys::{DeviceError, Identity};

use super::VARIABLE;
use super::socket::AgentAddress;

/// Whether there are keys to be had.
pub fn offered() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| !value.is_empty())
}

/// Hides the keys from a child that has nothing to do with them, as one that decodes.
pub fn forget(command: &mut Command) -> &mut Command {
    command.env_remove(VARIABLE)
}

/// The keys that this process inherited: where their server is.
pub struct Inherited(AgentAddress);

impl Inherited {
    /// The keys that are to be had.
    ///
    /// # Errors
    ///
    /// [`DeviceError::AgentGone`]: the server has ended, or a program between closed the descriptor that leads to it.
    pub fn identities() -> Result<Vec<Box<dyn Identity>>, DeviceError> {
        let value = env::var(VARIABLE).ok();
        let address = value.as_deref().and_then(AgentAddress::parse).ok_or(DeviceError::AgentGone)?;
        let keys = shared_keys(Rc::new(Inherited(address)))?;
        Ok(keys.into_iter().map(|key| Box::new(key) as Box<dyn Identity>).collect())
    }
}

impl Exchange for Inherited {
    /// Waits for as long as it takes: the server may ask for a PIN. The end of the server ends it, too.
    fn exchange(&self, request: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut server = self.0.connect()?;
        write_message(&mut server, &[&self.0.token[..], request].concat())?;
        read_message(&mut server, MAX_ANSWER)
    }
}
