//! The fields of each record, all open to a case: what a case does not touch is right.

use super::material::message;
use super::schedule;
use super::wire::*;

pub struct Track {
    pub kind: u8,
    pub codec: Vec<u8>,
    pub time_base: (u32, u32),
    pub size: (u32, u32),
    pub aspect: (u32, u32),
    pub rate: (u32, u32),
    pub rotation: u16,
    pub sample_rate: u32,
    pub channels: u16,
    pub bits: u16,
    pub config: Vec<u8>,
}

pub fn video() -> Track {
    Track {
        kind: 1,
        codec: b"h264".to_vec(),
        time_base: (1, 1000),
        size: (640, 360),
        aspect: (1, 1),
        rate: (25, 1),
        rotation: 0,
        sample_rate: 0,
        channels: 0,
        bits: 0,
        config: vec![1, 0x64, 0, 0x1e],
    }
}

pub fn audio() -> Track {
    Track {
        kind: 2,
        codec: b"aac".to_vec(),
        time_base: (1, 48000),
        size: (0, 0),
        aspect: (0, 1),
        rate: (0, 1),
        sample_rate: 48000,
        channels: 2,
        bits: 16,
        config: vec![0x11, 0x90],
        ..video()
    }
}

pub fn data() -> Track {
    Track { kind: 3, codec: b"vidveil.test".to_vec(), sample_rate: 0, channels: 0, bits: 0, config: vec![], ..audio() }
}

pub struct Stream {
    pub flags: u8,
    pub track: u16,
    pub id: [u8; 16],
    pub role: u8,
    pub suite: u8,
    pub reserved: [u8; 2],
    pub camera: Vec<u8>,
    pub continues: u8,
    pub before: Option<([u8; 16], Hash)>,
    pub signer: Vec<u8>,
    pub tracks: Vec<Track>,
    pub tail: Vec<u8>,
}

impl Stream {
    pub fn record(&self) -> Vec<u8> {
        let mut b = Vec::new();
        b.raw(&self.id).u8(self.role).u8(self.suite).raw(&self.reserved);
        b.i64(1_767_225_600_000_000_000).i64(0).str16(&self.camera).u8(self.continues);
        if let Some((id, close)) = &self.before {
            b.raw(id).raw(close);
        }
        b.bytes32(&self.signer).u8(self.tracks.len().try_into().unwrap());
        for t in &self.tracks {
            b.u8(t.kind).str8(&t.codec);
            for (numerator, denominator) in [t.time_base, t.size, t.aspect, t.rate] {
                b.u32(numerator).u32(denominator);
            }
            b.u16(t.rotation).u32(t.sample_rate).u16(t.channels).u16(t.bits).bytes32(&t.config);
        }
        b.raw(&self.tail);
        record(STREAM, self.flags, self.track, &b)
    }
}

pub struct Group {
    pub k: u8,
    pub n: u8,
}

pub struct Message {
    pub kind: u8,
    pub group: u8,
    pub x: u8,
    pub recipients: Vec<Vec<u8>>,
    pub cms: Vec<u8>,
}

pub struct Slot {
    pub generation: u64,
    pub groups: Vec<Group>,
    pub messages: Vec<Message>,
    pub algorithm: u8,
    /// What follows the algorithm: certificate and signature.
    pub changed_by: Vec<u8>,
    /// In place of the right MAC.
    pub mac: Option<Vec<u8>>,
    /// After the MAC.
    pub tail: Vec<u8>,
    /// The byte that fills the slot after the content.
    pub filling: u8,
    /// Flips a bit of the slot's hash.
    pub torn: bool,
}

impl Slot {
    /// To the P-256 key.
    pub fn new(generation: u64) -> Self {
        Slot {
            generation,
            groups: vec![],
            messages: vec![message(&["p256"])],
            algorithm: 0,
            changed_by: vec![],
            mac: None,
            tail: vec![],
            filling: 0,
            torn: false,
        }
    }

    /// The content before the signature algorithm.
    pub fn list(&self) -> Vec<u8> {
        let mut b = Vec::new();
        b.i64(1_767_225_600_000_000_000 + self.generation as i64).u8(self.groups.len() as u8);
        for (i, group) in self.groups.iter().enumerate() {
            b.raw(&[0xA0 + i as u8; 16]).u8(group.k).u8(group.n);
            for x in 1..=group.n {
                b.raw(&sha256(&[x]));
            }
        }
        b.u16(self.messages.len() as u16);
        for m in &self.messages {
            b.u8(m.kind).u8(m.group).u8(m.x).u16(m.recipients.len() as u16);
            for certificate in &m.recipients {
                b.bytes32(certificate);
            }
            b.bytes32(&m.cms);
        }
        b
    }

    /// What the MAC covers of the slot: its generation, and its content before the MAC.
    fn covered(&self) -> Vec<u8> {
        let mut b = Vec::new();
        b.u64(self.generation).raw(&self.list()).u8(self.algorithm).raw(&self.changed_by);
        b
    }

    fn bytes(&self, size: usize, mac: &[u8]) -> Vec<u8> {
        let mut content = self.covered().split_off(8);
        content.raw(mac).raw(&self.tail);
        let mut b = Vec::new();
        b.u64(self.generation).bytes32(&content);
        assert!(b.len() <= size - 32, "the content does not fit its slot");
        b.resize(size - 32, self.filling);
        let mut hash = sha256(&b);
        hash[31] ^= u8::from(self.torn);
        b.raw(&hash);
        b
    }
}

pub struct Keys {
    /// P, for the MACs.
    pub p: Hash,
    /// The chain of the session before, at this one's first epoch: for the bond.
    pub before: Hash,
    pub session: u32,
    pub first_epoch: u64,
    pub commitment: Hash,
    /// Certificates left out: the reason, and the subject.
    pub left_out: Vec<(u8, Vec<u8>)>,
    /// In place of the right bond.
    pub bond: Option<Hash>,
    pub slot_size: u32,
    pub slots: [Option<Slot>; 2],
    pub tail: Vec<u8>,
}

impl Keys {
    /// The body before the bond.
    fn bound(&self) -> Vec<u8> {
        let mut b = Vec::new();
        b.u32(self.session).u64(self.first_epoch).raw(&self.commitment).u16(self.left_out.len() as u16);
        for (reason, subject) in &self.left_out {
            b.u8(*reason).raw(&sha256(&[*reason])).i64(NONE).str16(subject);
        }
        b
    }

    /// The right bond of this record as it is now.
    pub fn right_bond(&self) -> Hash {
        if self.session == 0 {
            return [0; 32];
        }
        schedule::mac(&schedule::bond_key(&self.before), &self.bound())
    }

    /// The body before the slots.
    pub fn head(&self) -> Vec<u8> {
        let mut b = self.bound();
        b.raw(&self.bond.unwrap_or_else(|| self.right_bond())).u32(self.slot_size);
        b
    }

    /// The right MAC of a slot of this record as it is now.
    pub fn mac(&self, slot: usize) -> Vec<u8> {
        let mut text = self.head();
        text.raw(&self.slots[slot].as_ref().unwrap().covered());
        schedule::mac(&schedule::slot_key(&self.p, self.session), &text).to_vec()
    }

    pub fn record(&self) -> Vec<u8> {
        let mut b = self.head();
        for (i, slot) in self.slots.iter().enumerate() {
            match slot {
                Some(slot) => {
                    let mac = slot.mac.clone().unwrap_or_else(|| self.mac(i));
                    b.raw(&slot.bytes(self.slot_size as usize, &mac))
                }
                None => b.raw(&vec![0; self.slot_size as usize]),
            };
        }
        b.raw(&self.tail);
        record(KEYS, 0, 0, &b)
    }

    /// Slot 0, which every case but one fills.
    pub fn slot(&mut self) -> &mut Slot {
        self.slots[0].as_mut().unwrap()
    }
}

pub struct Start {
    pub flags: u8,
    pub track: u16,
    pub session: u32,
    pub epoch: u64,
    pub wall: i64,
    pub prev: Hash,
    pub keys: Hash,
    /// Flips a bit in the commitment of this track.
    pub flip_commitment: Option<usize>,
    pub tail: Vec<u8>,
    /// Done to the finished record, after the keys were made from it.
    pub tamper: fn(&mut Vec<u8>),
}

pub struct Frame {
    pub flags: u8,
    pub track: u16,
    pub counter: u32,
    pub pts: i64,
    pub dts: i64,
    pub duration: i64,
    pub packet: Vec<u8>,
    pub padding: Vec<u8>,
    /// The packet length that the sealed plaintext states, if not the true one.
    pub stated: Option<u32>,
    /// The whole sealed plaintext, in place of length, packet and padding.
    pub plaintext: Option<Vec<u8>>,
    /// Done to the finished record.
    pub tamper: fn(&mut Vec<u8>),
}

#[derive(Clone)]
pub struct Stat {
    pub frames: u32,
    pub low: i64,
    pub high: i64,
}

pub struct Close {
    pub flags: u8,
    pub track: u16,
    pub epoch: u64,
    pub reason: u8,
    pub reserved: [u8; 3],
    pub frames: u32,
    pub tracks: Vec<Stat>,
    pub algorithm: Option<u8>,
    /// In place of the signature.
    pub signature: Option<Vec<u8>>,
    pub tail: Vec<u8>,
    pub tamper: fn(&mut Vec<u8>),
}

/// Epoch, media time, offset of its start record, offset of its session's keys record.
pub type Entry = (u64, i64, u64, u64);

pub struct Grant {
    pub stream: Hash,
    pub first: u64,
    pub last: u64,
    pub tail: Vec<u8>,
}

pub struct End {
    pub flags: u8,
    pub kind: u8,
    pub reserved: [u8; 3],
    pub index: u32,
    pub tail: Vec<u8>,
}
