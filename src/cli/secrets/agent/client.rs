//! A command that was started by one that shares its keys.

use std::env;
use std::io::{self, Read};
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::keys::agent::{Exchange, MAX_ANSWER, read_message, shared_keys, write_message};
use crate::keys::{DeviceError, Identity};

use super::VARIABLE;
use super::socket::{AgentAddress, NONCE};
use crate::jail;

/// Whether there are keys to be had.
pub fn offered() -> bool {
    env::var_os(VARIABLE).is_some_and(|value| !value.is_empty())
}

/// Keeps the keys from what this process starts: it shares others, of its own.
pub fn keep_from_children() {
    let number = env::var(VARIABLE).ok().as_deref().and_then(AgentAddress::parse).map(|address| address.number());
    // a kernel without the call (5.11) leaves a descriptor that asks only for what the other agent gives
    let _ = number.map(|number| jail::close_at_exec(number, number));
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
        let mut nonce = [0; NONCE];
        server.read_exact(&mut nonce)?;
        write_message(&mut server, &[&nonce, request].concat())?;
        read_message(&mut server, MAX_ANSWER)
    }
}
