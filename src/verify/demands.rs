//! What a stream must be, to pass.

use std::cell::Cell;
use std::rc::Rc;

use crate::keys::Signers;

/// What is required of a stream.
#[derive(Clone, Debug, Default)]
pub struct Demands {
    /// It must be complete: an excerpt does not pass.
    pub complete: bool,
    /// A well-formed stream passes that neither a key nor a signer vouches for.
    pub unsigned_ok: bool,
    /// It must be signed by one of these.
    pub signers: Option<Signers>,
    /// The keys are shared with a whole pipeline: a public stream is checked as if there were no key.
    pub keys_shared: bool,
    /// The input is still being written: a missing end is no fault, and reading stops at the first fault. Set when an
    /// end record was read.
    pub live: Option<Rc<Cell<bool>>>,
}
