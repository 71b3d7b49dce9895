//! Writes a container record by record, keeps what the next record depends on, and counts what a reader may release.
//!
//! Whatever a case changes, all that follows is computed from the changed bytes: so each file holds one fault, and only
//! the check that this fault is about can find it.

use super::material::{message, signing_key};
use super::schedule as keys;
use super::specs::*;
use super::wire::*;

#[derive(Default)]
pub struct Build {
    pub out: Vec<u8>,
    /// Frames that are released before the fault, and their packets.
    pub released: usize,
    pub payload: Vec<u8>,
    faulted: bool,

    preamble: usize,
    pub stream_hash: Hash,
    tracks: usize,
    sealed: bool,
    signed: bool,

    pub session: u32,
    commitment: Hash,
    pub keys_hash: Hash,
    chain: Hash,

    pub epoch: u64,
    pub prev_close: Hash,
    start_hash: Hash,
    epoch_keys: Vec<Hash>,
    pub counter: u32,
    stats: Vec<Stat>,
    digests: Vec<u8>,
    keys_offset: u64,
    pub index: Vec<Entry>,
    pub index_size: u32,
}

impl Build {
    /// From here on nothing may be released.
    pub fn fault(&mut self) {
        self.faulted = true;
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Cuts the last `count` bytes off.
    pub fn cut(&mut self, count: usize) {
        self.out.truncate(self.out.len() - count);
    }

    pub fn preamble(&mut self) {
        *self = Build {
            out: std::mem::take(&mut self.out),
            released: self.released,
            payload: std::mem::take(&mut self.payload),
            faulted: self.faulted,
            ..Build::default()
        };
        self.preamble = self.out.len();
        self.raw(&PREAMBLE);
    }

    pub fn stream(&mut self, change: impl FnOnce(&mut Stream)) {
        let mut spec = Stream {
            flags: 0,
            track: 0,
            id: std::array::from_fn(|i| 0x40 + i as u8),
            role: 1,
            suite: 0,
            reserved: [0; 2],
            camera: b"gate".to_vec(),
            continues: 0,
            before: None,
            signer: Vec::new(),
            tracks: vec![video()],
            tail: Vec::new(),
        };
        change(&mut spec);
        let record = spec.record();
        self.stream_hash = sha256(&record);
        (self.tracks, self.sealed, self.signed) = (spec.tracks.len(), spec.suite == 1, !spec.signer.is_empty());
        self.raw(&record);
    }

    /// The KEYS record as it is first written: one message, to the P-256 key.
    pub fn first_keys(&self) -> Keys {
        let p = keys::extract(&self.stream_hash);
        Keys {
            p,
            before: self.chain,
            session: self.session,
            first_epoch: self.epoch,
            commitment: keys::session_commitment(&p, self.session),
            left_out: Vec::new(),
            bond: None,
            slot_size: 4096,
            slots: [Some(Slot::new(1)), None],
            tail: Vec::new(),
        }
    }

    pub fn keys(&mut self, change: impl FnOnce(&mut Keys)) {
        let mut spec = self.first_keys();
        change(&mut spec);
        let record = spec.record();
        (self.session, self.commitment, self.keys_hash) = (spec.session, spec.commitment, sha256(&record));
        self.chain = keys::first_chain(&keys::extract(&self.stream_hash), spec.session);
        self.keys_offset = (self.out.len() - self.preamble) as u64;
        self.raw(&record);
    }

    /// Goes on with `epoch`, as an excerpt does; the session began with the epoch that was due.
    pub fn excerpt(&mut self, epoch: u64) {
        self.walk(epoch.saturating_sub(self.epoch));
        (self.epoch, self.prev_close) = (epoch, sha256(b"a close record that the excerpt lacks"));
    }

    /// Takes the chain `steps` further, for a session that began so much earlier.
    pub fn walk(&mut self, steps: u64) {
        for _ in 0..steps {
            self.chain = keys::next_chain(&self.chain);
        }
    }

    pub fn start(&mut self, change: impl FnOnce(&mut Start)) {
        let mut spec = Start {
            flags: 0,
            track: 0,
            session: self.session,
            epoch: self.epoch,
            wall: 1_767_225_600_000_000_000,
            prev: self.prev_close,
            keys: self.keys_hash,
            flip_commitment: None,
            tail: Vec::new(),
            tamper: |_| (),
        };
        change(&mut spec);
        let mut b = Vec::new();
        b.u32(spec.session).u64(spec.epoch).i64(spec.wall).i64(0).raw(&spec.prev).raw(&spec.keys);
        self.epoch_keys.clear();
        if self.sealed {
            for track in 0..self.tracks {
                let t = keys::epoch_key(&self.chain, self.session, spec.epoch, track as u16);
                let mut commitment = keys::epoch_commitment(&t);
                commitment[0] ^= u8::from(spec.flip_commitment == Some(track));
                b.raw(&commitment);
                self.epoch_keys.push(t);
            }
        }
        b.raw(&spec.tail);
        let mut record = record(START, spec.flags, spec.track, &b);
        self.start_hash = sha256(&record);
        (spec.tamper)(&mut record);
        self.epoch = spec.epoch;
        self.index.push((spec.epoch, NONE, (self.out.len() - self.preamble) as u64, self.keys_offset));
        self.counter = 0;
        self.stats = vec![Stat { frames: 0, low: NONE, high: NONE }; self.tracks];
        self.digests = sha256(&record).to_vec();
        self.raw(&record);
    }

    pub fn frame(&mut self, change: impl FnOnce(&mut Frame)) {
        let time = 1000 * self.epoch as i64 + 40 * i64::from(self.counter);
        let mut spec = Frame {
            flags: u8::from(self.counter == 0),
            track: 0,
            counter: self.counter,
            pts: time,
            dts: time,
            duration: 40,
            packet: format!("packet {} of epoch {}", self.counter, self.epoch).into_bytes(),
            padding: Vec::new(),
            stated: None,
            plaintext: None,
            tamper: |_| (),
        };
        change(&mut spec);
        let mut record = self.frame_record(&spec);
        (spec.tamper)(&mut record);
        self.digests.raw(&sha256(&record));
        self.counter = spec.counter + 1;
        self.count(&spec);
        if !self.faulted {
            self.released += 1;
            self.payload.extend_from_slice(&spec.packet);
        }
        self.raw(&record);
    }

    fn frame_record(&self, spec: &Frame) -> Vec<u8> {
        let mut b = Vec::new();
        b.u32(spec.counter).i64(spec.pts).i64(spec.dts).i64(spec.duration);
        if !self.sealed {
            return record(FRAME, spec.flags, spec.track, b.raw(&spec.packet));
        }
        let mut plaintext = Vec::new();
        plaintext.u32(spec.stated.unwrap_or(spec.packet.len() as u32)).raw(&spec.packet).raw(&spec.padding);
        let plaintext = spec.plaintext.as_ref().unwrap_or(&plaintext);
        let mut aad = Vec::new();
        aad.u8(FRAME).u8(spec.flags).u16(spec.track).u32((28 + plaintext.len() + 16) as u32).raw(&b);
        // A track that is not there has no key: any will do.
        let t = self.epoch_keys[usize::from(spec.track) % self.tracks];
        let sealed = keys::seal(&keys::frame_key(&t, &self.start_hash), spec.counter, &aad, plaintext);
        record(FRAME, spec.flags, spec.track, b.raw(&sealed))
    }

    fn count(&mut self, spec: &Frame) {
        let media_time = if spec.dts == NONE { spec.pts } else { spec.dts };
        if let Some(entry) = self.index.last_mut().filter(|entry| entry.1 == NONE && media_time != NONE) {
            entry.1 = media_time * 1_000_000;
        }
        let Some(stat) = self.stats.get_mut(usize::from(spec.track)) else { return };
        stat.frames += 1;
        if spec.pts != NONE {
            stat.low = if stat.low == NONE { spec.pts } else { stat.low.min(spec.pts) };
            stat.high = stat.high.max(spec.pts);
        }
    }

    pub fn close(&mut self, change: impl FnOnce(&mut Close)) {
        let mut spec = Close {
            flags: 0,
            track: 0,
            epoch: self.epoch,
            reason: 0,
            reserved: [0; 3],
            frames: self.stats.iter().map(|stat| stat.frames).sum(),
            tracks: self.stats.clone(),
            algorithm: None,
            signature: None,
            tail: Vec::new(),
            tamper: |_| (),
        };
        change(&mut spec);
        let mut record = self.close_record(&spec);
        (spec.tamper)(&mut record);
        self.prev_close = sha256(&record);
        self.epoch = spec.epoch + 1;
        self.chain = keys::next_chain(&self.chain);
        self.raw(&record);
    }

    fn close_record(&self, spec: &Close) -> Vec<u8> {
        let mut b = Vec::new();
        b.u64(spec.epoch).u8(spec.reason).raw(&spec.reserved).u32(spec.frames).u16(spec.tracks.len() as u16);
        for stat in &spec.tracks {
            b.u32(stat.frames).i64(stat.low).i64(stat.high);
        }
        let algorithm = spec.algorithm.unwrap_or(u8::from(self.signed));
        let macs = 32 * self.epoch_keys.len();
        let signature = spec.signature.as_ref().map_or(64, Vec::len);
        let signature = if algorithm == 0 { 0 } else { 2 + signature };
        let length = b.len() + macs + 1 + signature + spec.tail.len();
        let mut out = Vec::new();
        out.u8(CLOSE).u8(spec.flags).u16(spec.track).u32(length as u32).raw(&b);
        let covered = out.clone();
        for t in &self.epoch_keys {
            out.raw(&keys::mac(&keys::close_key(t, &self.start_hash), &covered));
        }
        let signed = self.signature_input(&out);
        out.u8(algorithm);
        if algorithm != 0 {
            let right = signing_key().sign(&signed);
            let signature = spec.signature.as_deref().unwrap_or(right.as_ref());
            out.u16(signature.len() as u16).raw(signature);
        }
        out.raw(&spec.tail);
        out
    }

    fn signature_input(&self, close: &[u8]) -> Vec<u8> {
        let mut b = Vec::new();
        b.raw(b"vidveil1 epoch\0").raw(&self.stream_hash).u32(self.session).u64(self.epoch).raw(&self.commitment);
        b.raw(&self.keys_hash).raw(&self.prev_close).raw(&sha256(&self.digests)).raw(close);
        b
    }

    /// A grant to the P-384 key; its message is not one that a grantee could use.
    pub fn grant(&mut self, change: impl FnOnce(&mut Grant)) {
        let mut spec = Grant { stream: self.stream_hash, first: 0, last: 1, tail: Vec::new() };
        change(&mut spec);
        let grantee = message(&["p384"]);
        let mut b = Vec::new();
        b.raw(&spec.stream).u64(spec.first).u64(spec.last).bytes32(&grantee.recipients[0]).bytes32(&grantee.cms);
        b.raw(&spec.tail);
        self.raw(&record(GRANT, 0, 0, &b));
    }

    pub fn index(&mut self, change: impl FnOnce(&mut Vec<Entry>)) {
        change(&mut self.index);
        let mut b = Vec::new();
        b.u32(self.index.len() as u32);
        for (epoch, time, start, keys) in &self.index {
            b.u64(*epoch).i64(*time).u64(*start).u64(*keys);
        }
        let record = record(INDEX, 0, 0, &b);
        self.index_size = record.len() as u32;
        self.raw(&record);
    }

    pub fn end(&mut self, change: impl FnOnce(&mut End)) {
        let mut spec = End { flags: 0, kind: 1, reserved: [0; 3], index: self.index_size, tail: Vec::new() };
        change(&mut spec);
        let mut b = Vec::new();
        b.u8(spec.kind).raw(&spec.reserved).u32(spec.index).raw(&spec.tail);
        self.raw(&record(END, spec.flags, 0, &b));
    }
}
