//! Secrets in memory: one copy each, at one place, wiped where it was.
//!
//! A value that is moved leaves its bytes behind where it was, and whoever computes with a secret leaves copies on the
//! stack. So a secret lies in a box from its first byte to its last, and what computes with it runs in
//! [`leaving_no_trace`].

use std::fmt;
use std::hint::black_box;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Bytes of a secret.
pub const SECRET: usize = 32;

/// More than what the deepest call that computes with secrets has on the stack, in bytes.
const SCRUBBED: usize = 24 << 10;

/// 32 secret bytes: boxed, kept out of swap where the system's limit allows, wiped when dropped. Its Debug shows
/// nothing of them.
pub struct Secret(Box<[u8; SECRET]>);

impl Secret {
    /// A secret whose bytes `fill` writes, where they will stay.
    ///
    /// # Errors
    ///
    /// Those of `fill`.
    pub fn fill_with<E>(fill: impl FnOnce(&mut [u8; SECRET]) -> Result<(), E>) -> Result<Self, E> {
        let mut secret = Secret(Box::new([0; SECRET]));
        keep_out_of_swap(&secret.0);
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// A copy of bytes that lie elsewhere; `None` unless there are 32.
    pub fn copy_of(bytes: &[u8]) -> Option<Self> {
        let same_length = |to: &mut [u8; SECRET]| (bytes.len() == SECRET).then(|| to.copy_from_slice(bytes)).ok_or(());
        Secret::fill_with(same_length).ok()
    }

    /// Makes another secret of it, in the same place: what it was is gone.
    pub fn rewrite(&mut self, next: impl FnOnce(&mut [u8; SECRET])) {
        next(&mut self.0);
    }

    /// Its bytes. Do not copy them to where nobody wipes them.
    pub fn as_bytes(&self) -> &[u8; SECRET] {
        &self.0
    }
}

impl Clone for Secret {
    fn clone(&self) -> Self {
        let mut copy = Secret(Box::new([0; SECRET]));
        keep_out_of_swap(&copy.0);
        copy.0.copy_from_slice(&*self.0);
        copy
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Takes the same time for every answer.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Does `work` and wipes the stack that it used: what moved through its frames is gone when this returns. The result
/// must hold its secrets in boxes.
pub fn leaving_no_trace<T>(work: impl FnOnce() -> T) -> T {
    // frames of its own for the work, so that they lie where the scrubbing reaches
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    let result = apart(work);
    scrub();
    result
}

#[inline(never)]
fn scrub() {
    let mut frames = [0u8; SCRUBBED];
    // it may write to them, so that they are on the stack and no constant; and read them, so that the zeros are there
    black_box(&mut frames);
}

/// Pages stay locked: the next secret may lie in the same one. It is asked for each time all the same, for a page may
/// have been given back and mapped anew since.
#[allow(unsafe_code, reason = "a call of the system on memory that is ours")]
fn keep_out_of_swap(secret: &[u8; SECRET]) {
    // SAFETY: the bytes are borrowed for the call, which changes neither them nor what may be done with them
    let locked = unsafe { rustix::mm::mlock(secret.as_ptr().cast_mut().cast(), SECRET) };
    // over the limit, or not to be had here: swap is encrypted where this matters, see vidveil-security(7)
    let _ = locked;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_what_was_written_and_shows_nothing() {
        let secret = Secret::copy_of(&[7; SECRET]).unwrap();
        assert_eq!(secret.as_bytes(), &[7; SECRET]);
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, Secret::copy_of(&[8; SECRET]).unwrap());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        for length in [0, 31, 33] {
            assert!(Secret::copy_of(&vec![7; length]).is_none());
        }
    }

    #[test]
    fn a_secret_that_cannot_be_made_is_none() {
        assert_eq!(Secret::fill_with(|_| Err("no random numbers")).unwrap_err(), "no random numbers");
    }
}
