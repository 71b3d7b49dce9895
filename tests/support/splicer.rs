//! What somebody without a key can do to a stream: he cuts it after an epoch and carries it on, with key sessions of
//! his own, for whichever certificates he likes. All of it is right by itself: only the bond to what was before is not
//! his to make.

use vidveil::format::{
    Close, End, EndKind, FRAME_PREFIX, Frame, FrameFlags, Index, IndexEntry, Keys, Message, MessageKind, PREAMBLE,
    Reader, Reason, Record, SlotContent, Start, StreamRecord, TrackTotals, sha256,
};
use vidveil::keys::{Certificate, seal_message};
use vidveil::seal::{Chain, SessionSecret};

/// The packet of each frame that he makes.
pub const FORGED_PACKET: &[u8] = b"not the recorder's";

/// A part of a stream as it lies in a file: a keys record, or an epoch from its start record to its close record.
#[derive(Clone)]
pub enum Part {
    Keys(Box<Keys>, Vec<u8>),
    Epoch { number: u64, session: u32, start: Box<Start>, bytes: Vec<u8>, close: [u8; 32], first: Option<Box<Frame>> },
}

/// A recording taken to pieces.
#[derive(Clone)]
pub struct Pieces {
    pub record: StreamRecord,
    /// Preamble and stream record.
    pub head: Vec<u8>,
    pub stream_hash: [u8; 32],
    pub parts: Vec<Part>,
}

/// The bond that he puts into his first keys record.
#[derive(Clone)]
pub enum Tie {
    Bytes([u8; 32]),
    /// He has this chain, from whom he has seized or because he is a recipient. It may be an earlier epoch's.
    With(std::rc::Rc<std::cell::RefCell<Chain>>),
}

/// What he writes.
#[derive(Clone)]
pub struct Forger {
    /// Whom his sessions are for.
    pub to: Vec<Certificate>,
    /// How many sessions, of two epochs each.
    pub sessions: u32,
    pub tie: Tie,
    /// How far the number of his first session is from the one that is due.
    pub off: i32,
    /// How many epochs before the first one of his that is there his first session began, as it says.
    pub begun: u64,
}

impl Forger {
    pub fn new(to: &[Certificate]) -> Self {
        Forger { to: to.to_vec(), sessions: 1, tie: Tie::Bytes([0; 32]), off: 0, begun: 0 }
    }
}

/// The stream in `bytes`, whole and alone.
pub fn pieces(bytes: &[u8]) -> Pieces {
    let mut reader = Reader::new(bytes);
    let mut all: Option<Pieces> = None;
    let mut open: Option<(Start, Vec<u8>, Option<Frame>)> = None;
    while let Some(record) = reader.next().unwrap() {
        let raw = reader.raw().to_vec();
        match record {
            Record::Stream(s) => {
                let head = [&PREAMBLE[..], &raw].concat();
                all = Some(Pieces { record: s, head, stream_hash: sha256(&raw), parts: Vec::new() });
            }
            Record::Keys(k) => all.as_mut().unwrap().parts.push(Part::Keys(k, raw)),
            Record::Start(s) => open = Some((s, raw, None)),
            Record::Frame(f) => {
                let (_, bytes, first) = open.as_mut().unwrap();
                bytes.extend(raw);
                first.get_or_insert(f);
            }
            Record::Close(_) => {
                let (start, mut bytes, first) = open.take().unwrap();
                bytes.extend(&raw);
                let (number, session) = (start.epoch, start.session);
                let (close, first) = (sha256(&raw), first.map(Box::new));
                let epoch = Part::Epoch { number, session, start: Box::new(start), bytes, close, first };
                all.as_mut().unwrap().parts.push(epoch);
            }
            _ => {}
        }
    }
    all.unwrap()
}

impl Part {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Part::Keys(_, bytes) | Part::Epoch { bytes, .. } => bytes,
        }
    }
}

impl Pieces {
    /// Numbers of the epochs.
    pub fn epochs(&self) -> Vec<u64> {
        let number = |p: &Part| if let Part::Epoch { number, .. } = p { Some(*number) } else { None };
        self.parts.iter().filter_map(number).collect()
    }

    /// The keys records.
    pub fn keys(&self) -> Vec<Keys> {
        let keys = |p: &Part| if let Part::Keys(k, _) = p { Some((**k).clone()) } else { None };
        self.parts.iter().filter_map(keys).collect()
    }

    /// What comes up to the end of an epoch.
    pub fn until(&self, epoch: u64) -> Vec<Part> {
        let is_it = |p: &Part| matches!(p, Part::Epoch { number, .. } if *number == epoch);
        let end = self.parts.iter().position(is_it).unwrap();
        self.parts[..=end].to_vec()
    }

    /// These parts as a stream, with an index of all epochs where one is wanted.
    pub fn stream(&self, parts: &[Part], kind: EndKind, index: bool) -> Vec<u8> {
        self.indexed(parts, kind, |_| index)
    }

    /// The same, with an index of the epochs for which `is_listed` is so; without one where there are none.
    pub fn indexed(&self, parts: &[Part], kind: EndKind, is_listed: impl Fn(u64) -> bool) -> Vec<u8> {
        let (mut out, mut keys_at, mut entries) = (self.head.clone(), 0, Vec::new());
        for part in parts {
            match part {
                Part::Keys(..) => keys_at = out.len() as u64,
                Part::Epoch { number, first, .. } if is_listed(*number) => entries.push(IndexEntry {
                    epoch: *number,
                    time_ns: first
                        .as_ref()
                        .and_then(|f| self.record.tracks[usize::from(f.track)].to_ns(f.decode_time()?)),
                    offset: out.len() as u64,
                    keys_offset: keys_at,
                }),
                Part::Epoch { .. } => {}
            }
            out.extend(part.bytes());
        }
        let index = if entries.is_empty() { Vec::new() } else { Index { entries }.to_record().unwrap() };
        let end = End { kind, index_len: index.len() as u32 };
        [out, index, end.to_record().unwrap()].concat()
    }

    /// The excerpt of these epochs: the keys record of each session in it, and its epochs as they are.
    pub fn excerpt(&self, epochs: std::ops::RangeInclusive<u64>) -> Vec<u8> {
        let (mut parts, mut keys) = (Vec::new(), None);
        for part in &self.parts {
            match part {
                Part::Keys(..) => keys = Some(part.clone()),
                Part::Epoch { number, .. } if epochs.contains(number) => {
                    parts.extend(keys.take());
                    parts.push(part.clone());
                }
                Part::Epoch { .. } => {}
            }
        }
        self.stream(&parts, EndKind::Excerpt, false)
    }

    /// What he writes after `before`, up to LAST.
    pub fn forged(&self, before: &[Part], forger: &Forger) -> Vec<Part> {
        let Some(Part::Epoch { number, session, start, close, first, .. }) = before.last() else { panic!("an epoch") };
        let (mut epoch, mut last_close) = (number + 1, *close);
        let pts = first.as_ref().and_then(|f| f.pts).unwrap_or(0);
        let (mut parts, mut own): (Vec<Part>, Option<Chain>) = (Vec::new(), None);
        let tracks = self.record.tracks.len();
        for i in 0..forger.sessions {
            let session = (session + 1 + i).checked_add_signed(forger.off).unwrap();
            let first_epoch = if i == 0 { epoch - forger.begun } else { epoch };
            let secret = SessionSecret::random().unwrap();
            let key = secret.session_key(&self.stream_hash, session);
            let cms = seal_message(secret.as_bytes(), &forger.to).unwrap();
            let recipients = forger.to.iter().map(|c| c.der().to_vec()).collect();
            let slot = SlotContent {
                generation: 1,
                written_ns: start.wall_ns,
                groups: Vec::new(),
                messages: vec![Message { kind: MessageKind::Secret, recipients, cms }],
                changed_by: None,
                mac: [0; 32],
            };
            let keys = Keys::new(session, first_epoch, key.commitment(), Vec::new(), slot, 4096).unwrap();
            let keys = keys.with_bond(|text| match (&own, &forger.tie) {
                (Some(chain), _) => chain.bond(text),
                (None, Tie::Bytes(bond)) => *bond,
                // as far as the chain goes: it cannot go back
                (None, Tie::With(chain)) => {
                    let mut chain = chain.borrow_mut();
                    chain.bond_at(epoch, text).unwrap_or_else(|| chain.bond(text))
                }
            });
            let keys = keys.unwrap().with_mac(|text| key.slot_mac(text)).unwrap();
            let raw = keys.to_record().unwrap();
            let keys_hash = sha256(&raw);
            parts.push(Part::Keys(Box::new(keys), raw));

            let mut chain = key.chain(first_epoch);
            (first_epoch..epoch).for_each(|_| drop(chain.next_epoch(0)));
            for nth in 0..2 {
                let is_last = i + 1 == forger.sessions && nth == 1;
                let keys = chain.next_epoch(tracks);
                let start = Start {
                    session,
                    epoch,
                    wall_ns: start.wall_ns + 1_000_000_000,
                    mono_ns: start.mono_ns + 1_000_000_000,
                    previous_close: last_close,
                    keys_hash,
                    commitments: keys.iter().map(|k| k.commitment()).collect(),
                };
                let mut bytes = start.to_record().unwrap();
                let hash = sha256(&bytes);
                let pts = pts + 1_000 * i64::from(i + 1) + 500 * nth;
                let flags = FrameFlags { key: true, ..FrameFlags::default() };
                let frame = Frame { track: 0, flags, counter: 0, pts: Some(pts), dts: None, duration: 1 };
                let mut sealed = frame.prefix(4 + FORGED_PACKET.len() + 16).unwrap().to_vec();
                assert_eq!(sealed.len(), FRAME_PREFIX);
                sealed.extend((FORGED_PACKET.len() as u32).to_be_bytes());
                sealed.extend(FORGED_PACKET);
                keys[0].frame_key(&hash).unwrap().seal(0, &mut sealed).unwrap();
                bytes.extend(sealed);

                let mut totals = vec![TrackTotals::NONE; tracks];
                totals[0].add(frame.pts);
                let reason = if is_last { Reason::EndOfInput } else { Reason::NotLast };
                let macs = vec![[0; 32]; tracks];
                let mut close = Close { epoch, reason, tracks: totals, macs, signature: None };
                let covered = close.to_record().unwrap()[..Close::covered(tracks, true).0].to_vec();
                close.macs = keys.iter().map(|k| k.close_key(&hash).sign(&covered)).collect();
                let close = close.to_record().unwrap();
                bytes.extend(&close);
                last_close = sha256(&close);
                let (first, close, start) = (Some(Box::new(frame)), last_close, Box::new(start));
                parts.push(Part::Epoch { number: epoch, session, start, bytes, close, first });
                epoch += 1;
            }
            own = Some(chain);
        }
        parts
    }

    /// The stream up to an epoch, and what he carries it on with.
    pub fn carried_on(&self, after: u64, forger: &Forger, index: bool) -> Vec<u8> {
        let mut parts = self.until(after);
        parts.extend(self.forged(&parts, forger));
        self.stream(&parts, EndKind::Complete, index)
    }
}
