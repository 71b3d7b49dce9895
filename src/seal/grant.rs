//! Grants: epoch keys in a message of their own, for somebody who is no recipient.
//!
//! A grant holds T of some epochs and tracks and nothing that leads to others: never S, never a C.

use zeroize::Zeroizing;

use crate::format::{End, EndKind, Fault, FormatError, Grant, PREAMBLE, Reader, Record, RecordType};
use crate::keys::{Certificate, Identity, KeyError, OpenError, open_message, seal_message};

use super::error::SealError;
use super::schedule::EpochKey;

/// Bytes of the content before its entries: H, first, last, count.
const HEAD: usize = 32 + 8 + 8 + 4;
/// Bytes of an entry: session, epoch, track, T.
const ENTRY: usize = 4 + 8 + 2 + 32;
/// Most entries that are put into one message, which may hold 256 KiB; a longer grant is several.
const MOST: usize = 4096;

/// T of one track of one epoch, and where it belongs.
pub struct GrantEntry {
    /// Key session.
    pub session: u32,
    /// Epoch.
    pub epoch: u64,
    /// Track.
    pub track: u16,
    pub(super) key: EpochKey,
}

impl GrantEntry {
    fn place(&self) -> (u32, u64, u16) {
        (self.session, self.epoch, self.track)
    }
}

/// The epochs of one stream that are to be granted.
pub struct GrantedEpochs {
    /// H of the stream.
    pub stream_hash: [u8; 32],
    entries: Vec<GrantEntry>,
}

impl GrantedEpochs {
    /// Nothing yet, of the stream whose record has this SHA-256.
    pub fn new(stream_hash: [u8; 32]) -> Self {
        GrantedEpochs { stream_hash, entries: Vec::new() }
    }

    pub(super) fn add(&mut self, entry: GrantEntry) {
        self.entries.push(entry);
    }

    /// How many epochs.
    pub fn epochs(&self) -> u64 {
        let mut epochs: Vec<u64> = self.entries.iter().map(|e| e.epoch).collect();
        epochs.sort_unstable();
        epochs.dedup();
        epochs.len() as u64
    }

    /// Number of the first and of the last epoch; `None` when there is none.
    pub fn range(&self) -> Option<(u64, u64)> {
        let epochs = || self.entries.iter().map(|e| e.epoch);
        Some((epochs().min()?, epochs().max()?))
    }

    /// Grant records for one grantee. More than one where a message would be too long.
    ///
    /// Errors: a certificate that cannot be encrypted to; two keys for one track of one epoch.
    pub fn seal_to(&mut self, grantee: &Certificate) -> Result<Vec<Grant>, SealError> {
        self.entries.sort_by_key(GrantEntry::place);
        // pieces of a recording may overlap: an epoch that was read twice is granted once
        self.entries.dedup_by(|b, a| a.place() == b.place() && a.key == b.key);
        if self.entries.windows(2).any(|w| w[0].place() == w[1].place()) {
            return Err(FormatError::unwritable(RecordType::Grant, Fault::Unsorted).into());
        }
        let mut grants = Vec::new();
        let mut rest = &self.entries[..];
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(whole_epochs(rest));
            grants.push(seal(&self.stream_hash, chunk, grantee)?);
            rest = after;
        }
        Ok(grants)
    }
}

/// How many entries go into one message, so that an epoch is not torn.
fn whole_epochs(entries: &[GrantEntry]) -> usize {
    let Some(over) = entries.get(MOST) else { return entries.len() };
    let before = entries[..MOST].iter().rposition(|e| e.epoch != over.epoch);
    before.map_or(MOST, |at| at + 1)
}

fn seal(stream_hash: &[u8; 32], entries: &[GrantEntry], grantee: &Certificate) -> Result<Grant, SealError> {
    let epochs = || entries.iter().map(|e| e.epoch);
    let (first, last) = (epochs().min().unwrap_or(0), epochs().max().unwrap_or(0));
    // all the room at once: a vector that grows leaves copies behind
    let mut content = Zeroizing::new(Vec::with_capacity(HEAD + ENTRY * entries.len()));
    content.extend_from_slice(stream_hash);
    content.extend_from_slice(&first.to_be_bytes());
    content.extend_from_slice(&last.to_be_bytes());
    let count = u32::try_from(entries.len()).map_err(|_| KeyError::TooLarge { what: "grant", limit: MOST })?;
    content.extend_from_slice(&count.to_be_bytes());
    for e in entries {
        content.extend_from_slice(&e.session.to_be_bytes());
        content.extend_from_slice(&e.epoch.to_be_bytes());
        content.extend_from_slice(&e.track.to_be_bytes());
        content.extend_from_slice(e.key.as_bytes());
    }
    let cms = seal_message(&content, std::slice::from_ref(grantee))?;
    Ok(Grant { stream_hash: *stream_hash, first, last, recipient: grantee.der().to_vec(), cms })
}

/// Whether a grant is for one of the identities.
pub(super) fn is_for(grant: &Grant, identities: &[Box<dyn Identity>]) -> bool {
    let grantee = Certificate::from_der(&grant.recipient);
    grantee.is_ok_and(|c| identities.iter().any(|i| i.public_key() == c.public_key()))
}

/// The epoch keys of a grant; `None` when it is for none of the identities.
///
/// Errors: [`SealError::Grant`] when it is for one of them, and anything about it is wrong; [`SealError::Device`].
pub(super) fn open(
    grant: &Grant,
    stream_hash: &[u8; 32],
    identities: &[Box<dyn Identity>],
) -> Result<Option<Vec<GrantEntry>>, SealError> {
    if !is_for(grant, identities) {
        return Ok(None);
    }
    let wrong = || SealError::Grant { first: grant.first, last: grant.last };
    let grantee = Certificate::from_der(&grant.recipient).map_err(|_| wrong())?;
    let holders: Vec<&dyn Identity> = identities.iter().map(|i| &**i).collect();
    let content = match open_message(&grant.cms, &[grantee], &holders) {
        Ok(content) => content,
        Err(OpenError::Device(e)) => return Err(e.into()),
        Err(_) => return Err(wrong()),
    };
    parse(&content, grant, stream_hash).map(Some).ok_or_else(wrong)
}

/// Reads the content of a message; `None` unless it is exactly what the record outside says.
fn parse(content: &[u8], outside: &Grant, stream_hash: &[u8; 32]) -> Option<Vec<GrantEntry>> {
    let (head, body) = content.split_at_checked(HEAD)?;
    let mut expected = Vec::with_capacity(HEAD);
    expected.extend_from_slice(stream_hash);
    expected.extend_from_slice(&outside.first.to_be_bytes());
    expected.extend_from_slice(&outside.last.to_be_bytes());
    let (head, count) = head.split_last_chunk::<4>()?;
    let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
    if head != expected || outside.stream_hash != *stream_hash || Some(body.len()) != count.checked_mul(ENTRY) {
        return None;
    }
    let entries: Option<Vec<GrantEntry>> = body.chunks_exact(ENTRY).map(entry).collect();
    let entries = entries?;
    let ascending = entries.windows(2).all(|w| w[0].place() < w[1].place());
    let within = entries.iter().all(|e| (outside.first..=outside.last).contains(&e.epoch));
    (ascending && within).then_some(entries)
}

fn entry(bytes: &[u8]) -> Option<GrantEntry> {
    let (session, rest) = bytes.split_first_chunk()?;
    let (epoch, rest) = rest.split_first_chunk()?;
    let (track, key) = rest.split_first_chunk()?;
    Some(GrantEntry {
        session: u32::from_be_bytes(*session),
        epoch: u64::from_be_bytes(*epoch),
        track: u16::from_be_bytes(*track),
        key: EpochKey::from_bytes(key)?,
    })
}

/// A sidecar: a container of grants only. Errors: no grant, or one that is over the limits.
pub fn sidecar(grants: &[Grant]) -> Result<Vec<u8>, Fault> {
    let mut out = PREAMBLE.to_vec();
    if grants.is_empty() {
        return Err(Fault::Order);
    }
    for g in grants {
        out.extend_from_slice(&g.to_record()?);
    }
    out.extend_from_slice(&End { kind: EndKind::Excerpt, index_len: 0 }.to_record()?);
    Ok(out)
}

/// The grants of a sidecar, or of several consecutive ones.
///
/// Errors: what the reader finds; [`Fault::Order`] for a stream, which is no sidecar.
pub fn read_sidecar(input: impl std::io::Read) -> Result<Vec<Grant>, FormatError> {
    let mut reader = Reader::new(input);
    let mut grants = Vec::new();
    while let Some(record) = reader.next()? {
        match record {
            Record::Grant(g) => grants.push(*g),
            Record::End(_) => {}
            Record::Cut => return Err(FormatError::Truncated { offset: reader.record_offset() }),
            _ => return Err(FormatError::Header { offset: reader.stream_offset(), fault: Fault::Order }),
        }
    }
    Ok(grants)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(places: &[(u32, u64, u16)]) -> Vec<u8> {
        let mut out = [[7; 32].to_vec(), 3u64.to_be_bytes().to_vec(), 5u64.to_be_bytes().to_vec()].concat();
        out.extend((places.len() as u32).to_be_bytes());
        for (session, epoch, track) in places {
            out.extend(session.to_be_bytes());
            out.extend(epoch.to_be_bytes());
            out.extend(track.to_be_bytes());
            out.extend([9; 32]);
        }
        out
    }

    fn outside() -> Grant {
        Grant { stream_hash: [7; 32], first: 3, last: 5, recipient: vec![1], cms: vec![1] }
    }

    fn accepted(content: &[u8]) -> bool {
        parse(content, &outside(), &[7; 32]).is_some()
    }

    #[test]
    fn entries_ascend_strictly_and_stay_in_the_range() {
        assert!(accepted(&content(&[(0, 3, 0), (0, 3, 1), (0, 4, 0), (1, 5, 0)])));
        for wrong in [
            &[(0, 3, 1), (0, 3, 0)][..],
            &[(0, 3, 0), (0, 3, 0)],
            &[(0, 4, 0), (0, 3, 0)],
            &[(1, 4, 0), (0, 5, 0)],
            &[(0, 2, 0)],
            &[(0, 6, 0)],
        ] {
            assert!(!accepted(&content(wrong)), "{wrong:?}");
        }
    }

    #[test]
    fn the_content_is_what_the_record_says_and_nothing_more() {
        let good = content(&[(0, 3, 0)]);
        assert!(accepted(&good));
        assert!(!accepted(&good[..good.len() - 1]));
        assert!(!accepted(&[&good[..], &[0]].concat()));
        assert!(!accepted(&[]));
        for at in [0, 39, 47, 51] {
            let mut changed = good.clone();
            changed[at] ^= 1;
            assert!(!accepted(&changed), "byte {at}");
        }
        assert!(parse(&good, &outside(), &[8; 32]).is_none(), "another stream");
    }

    #[test]
    fn a_long_grant_is_cut_between_epochs() {
        let one = |n: usize| GrantEntry {
            session: 0,
            epoch: n as u64 / 3,
            track: (n % 3) as u16,
            key: EpochKey::from_bytes(&[0; 32]).unwrap(),
        };
        let entries: Vec<_> = (0..MOST * 2).map(one).collect();
        let n = whole_epochs(&entries);
        assert!(n <= MOST && n.is_multiple_of(3) && n > MOST - 3);
        assert_eq!(whole_epochs(&entries[..9]), 9);
    }
}
