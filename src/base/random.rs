//! Random numbers of the system.

use ring::rand::{SecureRandom, SystemRandom};

/// The system gave no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random numbers")]
pub struct NoRandomness;

/// Random bytes, as for a stream id.
///
/// # Errors
///
/// The system has none to give.
pub fn random_id() -> Result<[u8; 16], NoRandomness> {
    let mut id = [0; 16];
    SystemRandom::new().fill(&mut id).map_err(|_| NoRandomness)?;
    Ok(id)
}
