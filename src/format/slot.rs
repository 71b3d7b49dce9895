//! A slot of a keys record: who can open the session, and how the slot survives a torn write.

use super::error::Fault;
use super::field_reader::{Fields, put_blob, put_u16};
use super::hash::sha256;
use super::limits;
use super::signature::{self, Signature, SignatureAlgorithm};

/// Bytes of a slot besides its content: generation, length, hash.
const OVERHEAD: usize = 8 + 4 + 32;
/// Most share groups in a slot.
const GROUPS: usize = 16;
/// Bytes of a slot before its content: generation, length.
const HEAD: usize = 8 + 4;
/// Bytes of a slot's MAC, which is the last field of its content.
const MAC: usize = 32;

/// What a CMS message holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// The session secret.
    Secret,
    /// One share of it.
    Share {
        /// Index into the slot's groups.
        group: u8,
        /// The share's x coordinate, 1 to n.
        x: u8,
    },
}

/// A CMS message with the certificates that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it holds.
    pub kind: MessageKind,
    /// The recipients' certificates, DER; to this room opaque bytes.
    pub recipients: Vec<Vec<u8>>,
    /// AuthEnvelopedData, DER; to this room opaque bytes.
    pub cms: Vec<u8>,
}

/// A threshold group: any k of its n shares give the session secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareGroup {
    /// Random, new at each split.
    pub id: [u8; 16],
    /// Shares needed.
    pub k: u8,
    /// SHA-256 of each share, x = 1, 2, ...
    pub shares: Vec<[u8; 32]>,
}

/// The content of a whole slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotContent {
    /// Goes up with each rewrap; 1 as first written.
    pub generation: u64,
    /// When it was written, UTC ns.
    pub written_ns: i64,
    /// Threshold groups.
    pub groups: Vec<ShareGroup>,
    /// At least one.
    pub messages: Vec<Message>,
    /// Who changed the recipients, if they signed: certificate (DER) and signature.
    pub changed_by: Option<(Vec<u8>, Signature)>,
    /// HMAC with a key that only those have who can open the session: over what stands before the slots, the
    /// generation, and everything above. See [`Keys::with_mac`](super::Keys::with_mac).
    pub mac: [u8; 32],
}

impl SlotContent {
    fn parse(generation: u64, content: &[u8]) -> Result<Self, Fault> {
        let mut f = Fields(content);
        let written_ns = f.i64()?;
        let n = f.u8()? as usize;
        if n > GROUPS {
            return Err(Fault::ListTooLong);
        }
        let groups = (0..n).map(|_| parse_group(&mut f)).collect::<Result<Vec<_>, _>>()?;
        let n = f.u16()? as usize;
        if n == 0 || n > limits::MESSAGES {
            return Err(Fault::ListTooLong);
        }
        let messages = (0..n).map(|_| parse_message(&mut f, &groups)).collect::<Result<_, _>>()?;
        let changed_by = match SignatureAlgorithm::parse(&mut f)? {
            None => None,
            Some(algorithm) => {
                let cert = f.some_blob(limits::BLOB)?;
                Some((cert, Signature { algorithm, bytes: signature::parse_bytes(&mut f)? }))
            }
        };
        let mac = f.array()?;
        f.finish()?;
        Ok(SlotContent { generation, written_ns, groups, messages, changed_by, mac })
    }

    /// The content's bytes before the signature algorithm: what the signature of whoever changed it covers.
    pub fn signed_part(&self) -> Result<Vec<u8>, Fault> {
        let mut out = self.written_ns.to_be_bytes().to_vec();
        if self.groups.len() > GROUPS || self.messages.is_empty() || self.messages.len() > limits::MESSAGES {
            return Err(Fault::ListTooLong);
        }
        out.push(self.groups.len() as u8);
        for g in &self.groups {
            let n = u8::try_from(g.shares.len()).map_err(|_| Fault::ListTooLong)?;
            out.extend_from_slice(&g.id);
            out.extend_from_slice(&[g.k, n]);
            g.shares.iter().for_each(|s| out.extend_from_slice(s));
        }
        put_u16(&mut out, self.messages.len())?;
        for m in &self.messages {
            out.extend_from_slice(&match m.kind {
                MessageKind::Secret => [0, 0, 0],
                MessageKind::Share { group, x } => [1, group, x],
            });
            put_u16(&mut out, m.recipients.len())?;
            m.recipients.iter().try_for_each(|c| put_blob(&mut out, c, limits::BLOB))?;
            put_blob(&mut out, &m.cms, *limits::SLOT.end() as usize)?;
        }
        Ok(out)
    }

    fn encode(&self) -> Result<Vec<u8>, Fault> {
        let mut out = self.signed_part()?;
        match &self.changed_by {
            None => out.push(0),
            Some((cert, s)) => {
                out.push(s.algorithm as u8);
                put_blob(&mut out, cert, limits::BLOB)?;
                signature::put_bytes(&mut out, &s.bytes)?;
            }
        }
        out.extend_from_slice(&self.mac);
        // what is written must be readable: the parser is the one place that knows every rule
        SlotContent::parse(self.generation, &out)?;
        Ok(out)
    }

    /// The least slot size that has room for this content twice, at least `room` bytes.
    pub fn slot_size(&self, room: u32) -> Result<u32, Fault> {
        let twice = 2 * (self.encode()?.len() + OVERHEAD);
        let size = u32::try_from(twice).map_err(|_| Fault::TooLong)?.max(room).max(*limits::SLOT.start());
        if limits::SLOT.contains(&size) { Ok(size) } else { Err(Fault::TooLong) }
    }

    /// The bytes that this content takes of a slot.
    pub fn needs(&self) -> Result<u32, Fault> {
        u32::try_from(self.encode()?.len() + OVERHEAD).map_err(|_| Fault::TooLong)
    }

    /// The bytes of a slot of `size` bytes. Errors: [`Fault::TooLong`] when the content does not fit.
    pub fn to_slot(&self, size: u32) -> Result<Vec<u8>, Fault> {
        let content = self.encode()?;
        let size = size as usize;
        if self.generation == 0 || content.len() + OVERHEAD > size {
            return Err(Fault::TooLong);
        }
        let mut out = self.generation.to_be_bytes().to_vec();
        out.extend_from_slice(&(content.len() as u32).to_be_bytes());
        out.extend_from_slice(&content);
        out.resize(size - 32, 0);
        out.extend_from_slice(&sha256(&out));
        Ok(out)
    }
}

/// The bytes of a whole slot that its MAC covers: the generation, and the content before the MAC.
pub(super) fn covered_by_mac(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut f = Fields(raw);
    let (generation, length) = (f.bytes(8).ok()?, f.u32().ok()?);
    let length = (length as usize).checked_sub(MAC)?;
    Some((generation, raw.get(HEAD..HEAD.checked_add(length)?)?))
}

/// The content of a slot's bytes; `None` for a slot that is empty or torn.
/// Errors: [`Fault::SlotContent`] for a whole slot whose content is malformed.
pub(super) fn read(raw: &[u8]) -> Result<Option<SlotContent>, Fault> {
    let Some((body, hash)) = raw.split_last_chunk::<32>() else { return Ok(None) };
    let mut f = Fields(body);
    let (Ok(generation), Ok(len)) = (f.u64(), f.u32()) else { return Ok(None) };
    let Ok(content) = f.bytes(len as usize) else { return Ok(None) };
    if generation == 0 || f.zeros(f.0.len()).is_err() || sha256(body) != *hash {
        return Ok(None);
    }
    SlotContent::parse(generation, content).map(Some).map_err(|_| Fault::SlotContent)
}

fn parse_group(f: &mut Fields<'_>) -> Result<ShareGroup, Fault> {
    let (id, k, n) = (f.array()?, f.u8()?, f.u8()?);
    if k == 0 || k > n {
        return Err(Fault::Value);
    }
    let shares = (0..n).map(|_| f.array()).collect::<Result<_, _>>()?;
    Ok(ShareGroup { id, k, shares })
}

fn parse_message(f: &mut Fields<'_>, groups: &[ShareGroup]) -> Result<Message, Fault> {
    let kind = match (f.u8()?, f.u8()?, f.u8()?) {
        (0, 0, 0) => MessageKind::Secret,
        (1, group, x) => {
            let g = groups.get(group as usize).ok_or(Fault::Value)?;
            if x == 0 || x as usize > g.shares.len() {
                return Err(Fault::Value);
            }
            MessageKind::Share { group, x }
        }
        _ => return Err(Fault::Value),
    };
    let n = f.u16()? as usize;
    if n == 0 || n > limits::MESSAGES {
        return Err(Fault::ListTooLong);
    }
    let recipients = (0..n).map(|_| f.some_blob(limits::BLOB)).collect::<Result<_, _>>()?;
    Ok(Message { kind, recipients, cms: f.some_blob(*limits::SLOT.end() as usize)? })
}
