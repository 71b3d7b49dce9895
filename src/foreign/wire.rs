//! What caller and child say to each other: messages of a kind, a length and a body.
//!
//! A length is checked against the limit of its kind before there is room for it.

use std::io::{self, Read, Write};

use crate::format::{PlainWriter, Reader, Record, StreamRecord, Track};
use crate::media::{Packet, Picture, Plane, Remarks};

use super::wire_error::WireError;

/// The longest body of a message that holds neither a packet nor a picture.
const MAX_TEXT: usize = 64 << 10;
/// The longest description of tracks.
const MAX_TRACKS: usize = 4 << 20;
/// The longest packet, as in `media`, with its times.
const MAX_PACKET: usize = (64 << 20) + 64;
/// A picture's head: two times, flags, three sizes.
const PICTURE_HEAD: usize = 8 + 8 + 1 + 6 * 4;
/// The longest piece of a file.
pub(super) const PIECE: usize = 1 << 20;
/// A packet's head: track, flags, three times.
const PACKET_HEAD: usize = 2 + 1 + 3 * 8;
/// What is said of an input that was read: two numbers.
const REMARKS: usize = 2 * 8;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The child is in jail; what it lacks, in words.
    Ready = 1,
    /// Tracks.
    Tracks = 2,
    /// A packet.
    Packet = 3,
    /// A decoded picture.
    Picture = 4,
    /// What was asked for is done.
    Done = 5,
    /// What was asked for failed.
    Failed = 6,
    /// No packet follows; of an input that was read, what is to be said of it.
    End = 7,
    /// A piece of a file: its place, and its bytes.
    Output = 8,
    /// What of an input is not among its tracks: a line for each.
    LeftOut = 9,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        use Kind::*;
        [Ready, Tracks, Packet, Picture, Done, Failed, End, Output, LeftOut]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }

    /// The longest body; that of a picture depends on how large it may be.
    fn limit(self, pixels: u32) -> usize {
        match self {
            Kind::Ready | Kind::Failed | Kind::LeftOut => MAX_TEXT,
            Kind::Tracks => MAX_TRACKS,
            Kind::Packet => MAX_PACKET,
            Kind::Output => 8 + PIECE,
            Kind::Picture => (pixels as usize).saturating_mul(3).saturating_add(PICTURE_HEAD),
            Kind::End => REMARKS,
            Kind::Done => 0,
        }
    }
}

pub(super) fn nonsense() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

/// Writes a message.
pub(super) fn send(output: &mut impl Write, kind: Kind, parts: &[&[u8]]) -> io::Result<()> {
    put(output, kind, parts)?;
    output.flush()
}

/// Writes a message, which may stay in a buffer.
pub(super) fn put(output: &mut impl Write, kind: Kind, parts: &[&[u8]]) -> io::Result<()> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let length = u32::try_from(length).map_err(|_| nonsense())?;
    output.write_all(&[&[kind as u8][..], &length.to_be_bytes()].concat())?;
    parts.iter().try_for_each(|part| output.write_all(part))
}

/// Writes what went wrong.
pub(super) fn send_failure(output: &mut impl Write, error: &WireError) -> io::Result<()> {
    send(output, Kind::Failed, &[&serde_json::to_vec(error).unwrap_or_default()])
}

/// Reads a message; none at the end.
pub(super) fn receive(input: &mut impl Read, pixels: u32) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut head = [0; 5];
    loop {
        match input.read(&mut head[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    input.read_exact(&mut head[1..])?;
    let [kind, length @ ..] = head;
    let kind = Kind::of(kind).ok_or_else(nonsense)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| nonsense())?;
    if length > kind.limit(pixels) {
        return Err(nonsense());
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    Ok(Some((kind, body)))
}

/// Tracks as the beginning of a plain stream.
pub(super) fn tracks_to_body(tracks: &[Track]) -> Option<Vec<u8>> {
    let record = StreamRecord::original([1; 16], "", 0, tracks.to_vec());
    PlainWriter::begin(Vec::new(), &record, i64::MAX).ok().map(PlainWriter::into_output)
}

/// And back.
pub(super) fn tracks_of(body: &[u8]) -> Option<Vec<Track>> {
    match Reader::new(body).next() {
        Ok(Some(Record::Stream(record))) => Some(record.tracks),
        _ => None,
    }
}

fn time(bytes: &[u8], at: usize) -> Option<i64> {
    Some(i64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The head of a packet; its data follow.
pub(super) fn packet_head(p: &Packet) -> Vec<u8> {
    let flags = [p.key, p.corrupt, p.gap, p.pts.is_some(), p.dts.is_some(), p.hidden];
    let flags = flags.iter().enumerate().fold(0, |byte, (n, flag)| byte | u8::from(*flag) << n);
    let mut head = p.track.to_be_bytes().to_vec();
    head.push(flags);
    for value in [p.pts.unwrap_or(0), p.dts.unwrap_or(0), p.duration] {
        head.extend_from_slice(&value.to_be_bytes());
    }
    head
}

/// A packet of one of `tracks` tracks; none when it is no such packet.
pub(super) fn packet_of(body: &[u8], tracks: usize) -> Option<Packet> {
    let (head, data) = body.split_at_checked(PACKET_HEAD)?;
    let track = u16::from_be_bytes(*head.first_chunk()?);
    let flags = *head.get(2)?;
    let flag = |n: u8| flags >> n & 1 == 1;
    if flags >> 6 != 0 || usize::from(track) >= tracks {
        return None;
    }
    Some(Packet {
        track,
        pts: time(head, 3).filter(|_| flag(3)),
        dts: time(head, 11).filter(|_| flag(4)),
        duration: time(head, 19).filter(|duration| *duration >= 0)?,
        key: flag(0),
        corrupt: flag(1),
        gap: flag(2),
        hidden: flag(5),
        data: data.to_vec(),
    })
}

/// What is to be said of an input.
pub(super) fn remarks_to_body(r: Remarks) -> [u8; REMARKS] {
    let mut body = [0; REMARKS];
    body[..8].copy_from_slice(&r.empty.to_be_bytes());
    body[8..].copy_from_slice(&r.jumps.to_be_bytes());
    body
}

/// And back; nothing where nothing is said.
pub(super) fn remarks_of(body: &[u8]) -> Remarks {
    let number = |at: usize| body.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |b| u64::from_be_bytes(*b));
    Remarks { empty: number(0), jumps: number(8) }
}

/// The head of a picture; its planes follow.
pub(super) fn picture_head(p: &Picture) -> Vec<u8> {
    let mut head = p.pts.to_be_bytes().to_vec();
    head.extend_from_slice(&p.duration.to_be_bytes());
    head.push(u8::from(p.full_range) | u8::from(p.damaged) << 1);
    for plane in &p.planes {
        for side in [plane.width, plane.height] {
            head.extend_from_slice(&u32::try_from(side).unwrap_or(u32::MAX).to_be_bytes());
        }
    }
    head
}

/// A picture of at most `pixels` pixels; none when the body does not hold one: each plane has as many samples as its
/// size says, and those of chroma are not larger than that of luma.
pub(super) fn picture_of(body: &[u8], pixels: u32) -> Option<Picture> {
    let (head, mut rest) = body.split_at_checked(PICTURE_HEAD)?;
    let flags = *head.get(16)?;
    let side = |n: usize| Some(u32::from_be_bytes(*head.get(17 + 4 * n..)?.first_chunk()?));
    let (wide, high) = (side(0)?, side(1)?);
    let mut planes = Vec::new();
    for plane in 0..3 {
        let (width, height) = (side(2 * plane)?, side(2 * plane + 1)?);
        let samples = u64::from(width) * u64::from(height);
        if width == 0 || height == 0 || width > wide || height > high || samples > u64::from(pixels) {
            return None;
        }
        let (data, after) = rest.split_at_checked(usize::try_from(samples).ok()?)?;
        planes.push(Plane { width: width as usize, height: height as usize, data: data.to_vec() });
        rest = after;
    }
    let planes = <[Plane; 3]>::try_from(planes).ok()?;
    let (pts, duration) = (time(head, 0)?, time(head, 8).filter(|duration| *duration >= 0)?);
    (rest.is_empty() && flags >> 2 == 0).then_some(Picture {
        planes,
        pts,
        duration,
        full_range: flags & 1 == 1,
        damaged: flags & 2 == 2,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picture() -> Picture {
        let planes = [Plane::filled(4, 2, 1), Plane::filled(2, 1, 2), Plane::filled(2, 1, 3)];
        Picture { planes, pts: -5, duration: 7, full_range: true, damaged: false }
    }

    fn body(p: &Picture) -> Vec<u8> {
        p.planes.iter().fold(picture_head(p), |body, plane| [body, plane.data.clone()].concat())
    }

    #[test]
    fn a_picture_is_what_its_sizes_say_or_none() {
        let good = body(&picture());
        assert_eq!(picture_of(&good, 8), Some(picture()));
        assert_eq!(picture_of(&good, 7), None, "over the limit");
        assert_eq!(picture_of(&good[..good.len() - 1], 8), None, "a sample is missing");
        assert_eq!(picture_of(&[good.clone(), vec![0]].concat(), 8), None, "one is too many");
        for at in 17..PICTURE_HEAD {
            let mut bent = good.clone();
            bent[at] ^= 0x81;
            assert_eq!(picture_of(&bent, 1 << 28), None, "size at {at}");
        }
        let mut odd = good;
        odd[16] = 4;
        assert_eq!(picture_of(&odd, 8), None, "an unknown flag");
    }

    #[test]
    fn a_packet_comes_back_as_it_was_and_is_of_a_track_that_exists() {
        let data = vec![1, 2, 3];
        let p = Packet {
            track: 1,
            pts: Some(-9),
            dts: None,
            duration: 4,
            key: true,
            corrupt: false,
            gap: true,
            hidden: true,
            data,
        };
        let body = [packet_head(&p), p.data.clone()].concat();
        assert_eq!(packet_of(&body, 2), Some(p));
        assert_eq!(packet_of(&body, 1), None);
        assert_eq!(packet_of(&body[..20], 2), None);
    }

    #[test]
    fn no_length_is_believed() {
        for (kind, length) in [(3, u32::MAX), (4, 24 + 42), (6, 1 << 20), (5, 1), (10, 0), (0, 0), (8, 9 + (1 << 20))] {
            let bytes = [&[kind][..], &length.to_be_bytes()].concat();
            assert!(receive(&mut bytes.as_slice(), 8).is_err(), "{kind} {length}");
        }
        assert!(receive(&mut [].as_slice(), 8).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn nothing_is_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = receive(&mut bytes.as_slice(), 8);
            let _ = (picture_of(&bytes, 8), packet_of(&bytes, 2), tracks_of(&bytes));
        }
    }
}
