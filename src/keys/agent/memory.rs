//! What keys on devices gave: an archive's segments carry the same message, and a device takes its time for each
//! answer.

use std::collections::VecDeque;
use std::fmt;

use zeroize::Zeroizing;

use super::server::answer;
use super::wire::{Answer, Request};
use crate::keys::Identity;

/// Maximum number of results that are kept; the oldest goes first. Segments follow each other in the order of their
/// names, so that few are needed.
pub const MAX_RESULTS: usize = 1024;

/// The results of operations, by what was asked. They open what the keys open, and are wiped with the value.
#[derive(Default)]
pub struct Memory {
    /// The body of a request, which is from outside and no secret, and what the key made of it.
    results: VecDeque<(Vec<u8>, Zeroizing<Vec<u8>>)>,
}

impl Memory {
    /// As [`answer`], with the same `identities` each time; what an operation gave is not asked for again. A refusal is
    /// asked for again, and so is what a device could not do: it may be able to the next time.
    pub fn answer(&mut self, identities: &[Box<dyn Identity>], request: Request<'_>) -> Answer {
        let asked = request.to_body();
        if let Some((_, result)) = self.results.iter().find(|(known, _)| *known == asked) {
            return Answer::Done(result.clone());
        }
        let answer = answer(identities, request);
        if let (Answer::Done(result), true) = (&answer, is_on_device(identities, request)) {
            if self.results.len() >= MAX_RESULTS {
                self.results.pop_front();
            }
            self.results.push_back((asked, result.clone()));
        }
        answer
    }
}

/// What a key file gives is had again at once: nothing of it is kept.
fn is_on_device(identities: &[Box<dyn Identity>], request: Request<'_>) -> bool {
    match request {
        Request::List => false,
        Request::RsaOaepSha256(key, _) | Request::Ecdh(key, _) => {
            identities.get(usize::from(key)).is_some_and(|i| i.is_on_device())
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("results", &self.results.len()).finish_non_exhaustive()
    }
}
