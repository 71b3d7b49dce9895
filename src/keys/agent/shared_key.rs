//! An identity whose key another process holds.

use std::fmt;
use std::io;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::wire::{Answer, Request};
use crate::keys::{DeviceError, Identity, IdentityError, PublicKey, ecdh, oaep};

/// The way to the process with the keys.
pub trait Exchange {
    /// Takes the body of a request, gives that of its answer. Errors: it cannot be had.
    fn exchange(&self, request: &[u8]) -> io::Result<Zeroizing<Vec<u8>>>;
}

/// A private key of RSA, P-256 or P-384 that another process uses for us.
pub struct SharedKey {
    way: Rc<dyn Exchange>,
    number: u16,
    public_key: PublicKey,
    description: Option<String>,
}

/// All keys that are to be had. Errors: [`DeviceError::AgentGone`], or an answer that makes no sense.
pub fn shared_keys(way: Rc<dyn Exchange>) -> Result<Vec<SharedKey>, DeviceError> {
    let Answer::Keys(keys) = ask(&*way, Request::List)? else { return Err(nonsense("no list of keys")) };
    let shared = |(number, listed): (u16, super::Listed)| {
        let public_key = PublicKey::from_spki(&listed.spki).map_err(|_| nonsense("a public key that is none"))?;
        Ok(SharedKey { way: Rc::clone(&way), number, public_key, description: listed.description })
    };
    (0..).zip(keys).map(shared).collect()
}

fn nonsense(what: &str) -> DeviceError {
    DeviceError::Nonsense(what.into())
}

fn ask(way: &dyn Exchange, request: Request<'_>) -> Result<Answer, DeviceError> {
    let body = way.exchange(&request.to_body()).map_err(|_| DeviceError::AgentGone)?;
    Answer::parse(&body).ok_or_else(|| nonsense("an answer that is none"))
}

impl SharedKey {
    fn operate(&self, request: Request<'_>) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        match ask(&*self.way, request)? {
            Answer::Done(output) => Ok(output),
            Answer::Refused => Err(IdentityError::Refused),
            Answer::Device(error) => Err(error.into()),
            Answer::Keys(_) => Err(nonsense("a list of keys").into()),
        }
    }
}

impl fmt::Debug for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key_type = self.public_key.key_type();
        f.debug_struct("SharedKey").field("key_type", key_type).finish_non_exhaustive()
    }
}

impl Identity for SharedKey {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn description(&self) -> Option<String> {
        self.description.clone()
    }

    fn is_on_device(&self) -> bool {
        true
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        oaep::check(&self.public_key, ciphertext)?;
        self.operate(Request::RsaOaepSha256(self.number, ciphertext))
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        let length = ecdh::check(&self.public_key, point)?;
        let shared = self.operate(Request::Ecdh(self.number, point))?;
        if shared.len() == length { Ok(shared) } else { Err(nonsense("a shared secret of a wrong length").into()) }
    }
}
