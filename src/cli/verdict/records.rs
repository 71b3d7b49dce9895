//! The same records from the reader, or from the opener with every tag checked.

use std::collections::BTreeSet;
use std::io::Read;
use std::rc::Rc;

use zeroize::Zeroizing;

use crate::format::{Grant, PREAMBLE, Reader, Record};
use crate::keys::{Identity, IdentityError, PublicKey};
use crate::seal::{Epochs, Opened, Opener, SealError};

/// What was read.
pub(super) enum Found {
    /// A record, the length of a frame's payload, and where the record begins.
    Record(Record, usize, u64),
    /// Epochs that no key is for.
    Passed(Epochs),
    /// Epochs that were granted and are not there.
    Missing(Epochs),
}

/// Records of a container.
pub(super) enum Records<R> {
    /// As they stand there.
    Closed(Box<Reader<R>>),
    /// Only what a key has authenticated.
    Opened(Box<Opener<R>>),
}

impl<R: Read> Records<R> {
    /// Opens when there are keys to open with.
    pub fn new(input: R, identities: &[Rc<dyn Identity>], grants: &[Grant]) -> Self {
        match identities.is_empty() {
            true => Records::Closed(Box::new(Reader::new(input))),
            false => {
                let shared = identities.iter().map(|i| Box::new(Shared(Rc::clone(i))) as Box<dyn Identity>);
                Records::Opened(Box::new(Opener::new(input, shared.collect()).with_grants(grants.to_vec())))
            }
        }
    }

    /// The next record, or what the opener says instead.
    pub fn next(&mut self) -> Result<Option<Found>, SealError> {
        let (record, payload) = match self {
            Records::Closed(r) => (r.next()?, r.payload().len()),
            Records::Opened(o) => {
                let record = match o.next()? {
                    Some(Opened::Passed(epochs)) => return Ok(Some(Found::Passed(epochs))),
                    Some(Opened::Missing(epochs)) => return Ok(Some(Found::Missing(epochs))),
                    opened => opened.and_then(record_of),
                };
                (record, o.packet().len())
            }
        };
        let at = self.at();
        Ok(record.map(|r| {
            let at = self.began(&r).unwrap_or(at);
            Found::Record(r, payload, at)
        }))
    }

    /// Where the record begins, if it is one that the opener holds back until the record behind it has opened.
    fn began(&self, record: &Record) -> Option<u64> {
        let Records::Opened(o) = self else { return None };
        match record {
            Record::Stream(_) => Some(o.reader().stream_offset() + PREAMBLE.len() as u64),
            Record::Start(s) => self.at().checked_sub(s.to_record().ok()?.len() as u64),
            _ => None,
        }
    }

    /// The tracks that were passed over, and whether a recipient's key opened something.
    pub fn opened_by(&self) -> (BTreeSet<u16>, bool) {
        match self {
            Records::Closed(_) => (BTreeSet::new(), false),
            Records::Opened(o) => (o.tracks_passed().clone(), o.is_recipient()),
        }
    }

    /// Where the record read last begins.
    pub fn at(&self) -> u64 {
        match self {
            Records::Closed(r) => r.record_offset(),
            Records::Opened(o) => o.reader().record_offset(),
        }
    }
}

fn record_of(opened: Opened) -> Option<Record> {
    Some(match opened {
        Opened::Stream(s) => Record::Stream(s),
        Opened::Start(s) => Record::Start(s),
        Opened::Frame(f) => Record::Frame(f),
        Opened::Close(c) => Record::Close(c),
        Opened::Keys(k) | Opened::Closed(k) => Record::Keys(k),
        Opened::Grant(g) => Record::Grant(g),
        Opened::Index(i) => Record::Index(i),
        Opened::End(e) => Record::End(e),
        Opened::Cut => Record::Cut,
        Opened::Passed(_) | Opened::Missing(_) => return None,
    })
}

/// One key for the openers of several files: its pass phrase is asked for once.
struct Shared(Rc<dyn Identity>);

impl Identity for Shared {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn description(&self) -> Option<String> {
        self.0.description()
    }

    fn rsa_oaep_sha256(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        self.0.rsa_oaep_sha256(ciphertext)
    }

    fn ecdh(&self, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
        self.0.ecdh(point)
    }
}
