//! Both fields of a frame in one packet. A raw stream or a transport stream may give each field by itself, and whatever
//! counts packets would count every picture twice (ITU-T H.264 3.30: a complementary field pair).

use crate::format::Track;

use super::packet::Packet;
use super::references::{Field, References};

/// What a packet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// A whole picture, or none.
    Whole,
    /// One field of a picture.
    First,
    /// The field that makes the packet before it a whole picture.
    Second,
}

/// Watches the packets of one H.264 track, in decoding order.
pub struct FieldWatch {
    references: References,
    /// The first field of a frame, which waits for the second one.
    first: Option<Field>,
}

impl FieldWatch {
    /// `None` for a codec whose fields come together.
    pub fn new(track: &Track) -> Option<Self> {
        let references = (track.codec == "h264").then(|| References::new(&track.codec, &track.config));
        Some(FieldWatch { references: references??, first: None })
    }

    /// Takes the next packet.
    pub fn take(&mut self, packet: &Packet) -> Half {
        self.references.packet(&packet.data);
        let field = self.references.field(&packet.data);
        match (self.first.take(), field) {
            (Some(first), Some(field)) if first.is_completed_by(field) && !packet.gap => Half::Second,
            (_, Some(field)) => {
                self.first = Some(field);
                Half::First
            }
            (_, None) => Half::Whole,
        }
    }
}

/// Joins the packets of one H.264 track.
pub(super) struct FieldPairs {
    watch: FieldWatch,
    first: Option<Packet>,
}

impl FieldPairs {
    /// `None` for a codec whose fields come together.
    pub(super) fn new(track: &Track) -> Option<Self> {
        Some(FieldPairs { watch: FieldWatch::new(track)?, first: None })
    }

    /// Takes the next packet, and gives what is complete: none, one, or two where the one before stays alone.
    pub(super) fn push(&mut self, packet: Packet) -> impl Iterator<Item = Packet> + use<> {
        let (alone, now) = match (self.watch.take(&packet), self.first.take()) {
            (Half::Second, Some(first)) => (None, Some(joined(first, packet))),
            (Half::First, first) => {
                self.first = Some(packet);
                (first, None)
            }
            (Half::Second | Half::Whole, first) => (first, Some(packet)),
        };
        alone.into_iter().chain(now)
    }

    /// No packet follows: the field that waits stays alone.
    pub(super) fn finish(&mut self) -> Option<Packet> {
        self.first.take()
    }
}

/// The frame is shown when its first field is, for twice the time from that to the second one.
fn joined(first: Packet, second: Packet) -> Packet {
    let apart = first.pts.zip(second.pts).map(|(a, b)| b.saturating_sub(a)).filter(|apart| *apart > 0);
    let duration = match apart {
        Some(apart) => apart.saturating_mul(2),
        None => first.duration.max(second.duration),
    };
    let mut data = first.data;
    data.extend_from_slice(&second.data);
    Packet { duration, corrupt: first.corrupt || second.corrupt, data, ..first }
}
