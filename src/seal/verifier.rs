//! Everything that can be proved of a container, read once, and on after damage.

use std::collections::BTreeSet;
use std::io::Read;
use std::rc::Rc;

use crate::format::{EpochSpan, Grant, PREAMBLE, Reader, Record};
use crate::keys::{Identity, Signers};

use super::bonds::{Bond, Bonds};
use super::error::SealError;
use super::granted::Epochs;
use super::opened::Opened;
use super::opener::Opener;
use super::signature_check::{SignatureCheck, SignatureReport};

/// What was found.
#[derive(Debug)]
pub enum Checked {
    /// A record, the length of a frame's payload, and where the record begins.
    Record(Record, usize, u64),
    /// Epochs that no key is for.
    Skipped(Epochs),
    /// Epochs that were granted and are not there.
    Missing(Epochs),
}

/// Reads a container record by record and checks all that can be checked: form and order; every signature, with the
/// certificate in the stream; and with private keys every tag, commitment and code over a close record.
///
/// Memory: that of a reader.
pub struct Verifier<R>(Source<R>);

enum Source<R> {
    /// Records as they stand there.
    Closed(Box<Reader<R>>, Box<SignatureCheck>),
    /// Only what a key has authenticated, and whether the last thing that came was a keys record.
    Opened(Box<Opener<R>>, bool),
}

impl<R: Read> Verifier<R> {
    /// At the beginning of a container. Opens what the keys and grants are for, if there are any; notes which signers
    /// are not among `accepted`, if those are given.
    pub fn new(input: R, identities: &[Rc<dyn Identity>], grants: &[Grant], accepted: Option<Signers>) -> Self {
        let signature_check = SignatureCheck::noting(accepted);
        Verifier(if identities.is_empty() {
            Source::Closed(Box::new(Reader::new(input)), Box::new(signature_check))
        } else {
            let shared = identities.iter().map(|i| Box::new(Rc::clone(i)) as Box<dyn Identity>);
            let opener = Opener::new(input, shared.collect()).with_grants(grants.to_vec());
            Source::Opened(Box::new(opener.with_signature_check(signature_check)), false)
        })
    }

    /// Takes what is known of sessions of streams that were read before: excerpts of one stream in several containers.
    pub fn with_bonds(self, bonds: Bonds) -> Self {
        match self.0 {
            Source::Opened(o, after_keys) => Verifier(Source::Opened(Box::new(o.with_bonds(bonds)), after_keys)),
            closed => Verifier(closed),
        }
    }

    /// What is known then, for the next container.
    pub fn take_bonds(&mut self) -> Bonds {
        match &mut self.0 {
            Source::Closed(..) => Bonds::default(),
            Source::Opened(o, _) => o.take_bonds(),
        }
    }

    /// Whether the session read last goes on from the one before it in its stream, where a key opened it.
    pub fn bond(&self) -> Option<Bond> {
        match &self.0 {
            Source::Closed(..) => None,
            Source::Opened(o, _) => o.bond(),
        }
    }

    /// What comes next; `None` at the end of the input.
    ///
    /// Errors: the next thing that is wrong. After it there are only errors, until [`Verifier::go_on`].
    #[allow(clippy::should_implement_trait, reason = "after an error it goes on only by a call")]
    pub fn next(&mut self) -> Result<Option<Checked>, SealError> {
        let (record, payload) = match &mut self.0 {
            Source::Closed(r, signature_check) => {
                let record = r.next()?;
                if let Some(record) = &record {
                    signature_check.read(record, r.raw(), r.record_offset())?;
                }
                (record, r.payload().len())
            }
            Source::Opened(o, after_keys) => {
                if std::mem::take(after_keys)
                    && let Some(e) = o.take_forged_list()
                {
                    return Err(e);
                }
                let record = match o.next()? {
                    Some(Opened::Skipped(epochs)) => return Ok(Some(Checked::Skipped(epochs))),
                    Some(Opened::Missing(epochs)) => return Ok(Some(Checked::Missing(epochs))),
                    opened => opened.and_then(record_of),
                };
                *after_keys = matches!(record, Some(Record::Keys(_)));
                (record, o.packet().len())
            }
        };
        let at = self.at();
        Ok(record.map(|r| {
            let at = self.began(&r).unwrap_or(at);
            Checked::Record(r, payload, at)
        }))
    }

    /// After an error: goes on with the next part of the input that is whole by itself; see [`Reader::go_on`]. After
    /// a wrong tag or signature the next epoch is that part. False when there is none.
    ///
    /// Errors: reading failed.
    pub fn go_on(&mut self) -> Result<bool, SealError> {
        match &mut self.0 {
            Source::Closed(r, signature_check) => {
                signature_check.leave();
                Ok(!r.has_failed() || r.go_on()?)
            }
            Source::Opened(o, _) => o.go_on(),
        }
    }

    /// Whether the error given last is at the place where it went on: what looked whole there is not, and belongs to
    /// what was passed over.
    pub fn is_still_passing_over(&self) -> bool {
        let r = self.reader();
        r.has_failed() && r.resumed_at() == Some(r.record_offset())
    }

    /// Who vouches for what was read so far.
    pub fn signature_report(&self) -> SignatureReport {
        self.signature_check().map(|w| w.report().clone()).unwrap_or_default()
    }

    /// The tracks that were passed over, and whether a recipient's key opened something.
    pub fn opened_by(&self) -> (BTreeSet<u16>, bool) {
        match &self.0 {
            Source::Closed(..) => (BTreeSet::new(), false),
            Source::Opened(o, _) => (o.tracks_skipped().clone(), o.is_recipient()),
        }
    }

    /// Whether a key has proven the list of recipients of the keys record read last.
    pub fn is_list_proven(&self) -> bool {
        matches!(&self.0, Source::Opened(o, _) if o.is_list_proven())
    }

    /// H of the stream that the record read last is in, where that is known before its stream record is given.
    pub fn stream_hash(&self) -> Option<[u8; 32]> {
        match &self.0 {
            Source::Closed(..) => None,
            Source::Opened(o, _) => Some(o.stream_hash()),
        }
    }

    /// Where the record read last begins.
    pub fn at(&self) -> u64 {
        self.reader().record_offset()
    }

    /// Where the stream begins that is being read, or was read last.
    pub fn stream_at(&self) -> u64 {
        self.reader().stream_offset()
    }

    /// Which epochs of that stream were read, whether they opened or not.
    pub fn span(&self) -> Option<&EpochSpan> {
        self.reader().span()
    }

    fn reader(&self) -> &Reader<R> {
        match &self.0 {
            Source::Closed(r, _) => r,
            Source::Opened(o, _) => o.reader(),
        }
    }

    fn signature_check(&self) -> Option<&SignatureCheck> {
        match &self.0 {
            Source::Closed(_, signature_check) => Some(signature_check),
            Source::Opened(o, _) => o.signature_check(),
        }
    }

    /// Where the record begins, if it is one that the opener holds back until the record after it has opened.
    fn began(&self, record: &Record) -> Option<u64> {
        let Source::Opened(o, _) = &self.0 else { return None };
        match record {
            Record::Stream(_) => Some(o.reader().stream_offset() + PREAMBLE.len() as u64),
            Record::Start(_) => Some(o.epoch_place().start_at),
            _ => None,
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
        Opened::Skipped(_) | Opened::Missing(_) => return None,
    })
}
