//! What the process with the keys answers.

use super::wire::{Answer, Listed, MAX_KEYS, MAX_PUBLIC_KEY, Request};
use crate::keys::{Identity, IdentityError, ecdh, oaep};

/// Does what is asked. The input is of somebody else: a ciphertext that is no number below the modulus, and a point
/// that is not on the key's curve, are refused before a key sees them.
pub fn answer(identities: &[Box<dyn Identity>], request: Request<'_>) -> Answer {
    let identity = |key: u16| identities.get(usize::from(key)).ok_or(IdentityError::Refused);
    let result = match request {
        Request::List => return Answer::Keys(identities.iter().map(|i| listed(&**i)).collect()),
        Request::RsaOaepSha256(key, ciphertext) => identity(key).and_then(|i| {
            oaep::check(i.public_key(), ciphertext)?;
            i.rsa_oaep_sha256(ciphertext)
        }),
        Request::Ecdh(key, point) => identity(key).and_then(|i| {
            ecdh::check(i.public_key(), point)?;
            i.ecdh(point)
        }),
    };
    match result {
        Ok(output) => Answer::Done(output),
        Err(IdentityError::Refused) => Answer::Refused,
        Err(IdentityError::Device(error)) => Answer::Device(error),
    }
}

/// Whether that many keys, and keys of that size, can be listed.
pub fn can_share(identities: &[Box<dyn Identity>]) -> bool {
    identities.len() <= MAX_KEYS && identities.iter().all(|i| i.public_key().spki().len() <= MAX_PUBLIC_KEY)
}

fn listed(identity: &dyn Identity) -> Listed {
    Listed { spki: identity.public_key().spki().to_vec(), description: identity.description() }
}
