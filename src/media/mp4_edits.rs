//! Edit lists in the index of an mp4: libavformat writes those of one part only, so the finished index gets others.

use super::edits::Edit;

/// The edits of a track, and what they are counted in.
pub(super) struct TrackEdits {
    pub(super) edits: Vec<Edit>,
    /// Seconds of a tick in which an edit's beginning and end are given, as numerator and denominator. Its media time
    /// is in the track's own ticks, from the first packet's time of decoding on.
    pub(super) tick: (u32, u32),
}

/// A box: its kind, and its body.
type Box<'a> = ([u8; 4], &'a [u8]);

/// The boxes at the end of an mp4, with these edits, one for each track; none where there is no index in `tail`, or one
/// that makes no sense.
pub(super) fn with_edits(tail: &[u8], tracks: &[Option<TrackEdits>]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(tail.len() + 1024);
    let mut found = false;
    for (kind, body) in boxes(tail)? {
        if &kind == b"moov" {
            found = true;
            put(&mut out, kind, &moov(body, tracks)?)?;
        } else {
            put(&mut out, kind, body)?;
        }
    }
    found.then_some(out)
}

fn moov(body: &[u8], tracks: &[Option<TrackEdits>]) -> Option<Vec<u8>> {
    let children = boxes(body)?;
    let (_, header) = children.iter().find(|(kind, _)| kind == b"mvhd")?;
    let scale = u32::from_be_bytes(*header.get(if header.first()? == &0 { 12 } else { 20 }..)?.first_chunk()?);
    let (mut out, mut traks, mut longest, mut number) = (Vec::new(), Vec::new(), 0, 0);
    for (kind, child) in &children {
        if kind == b"trak" {
            let edits = tracks.get(number).and_then(Option::as_ref);
            number += 1;
            let (duration, made) = trak(child, edits, scale)?;
            longest = longest.max(duration);
            traks.push(made);
        }
    }
    let mut traks = traks.into_iter();
    for (kind, child) in &children {
        match kind {
            b"trak" => put(&mut out, *kind, &traks.next()?)?,
            b"mvhd" => put(&mut out, *kind, &with_duration(child, 16, 24, longest)?)?,
            _ => put(&mut out, *kind, child)?,
        }
    }
    Some(out)
}

/// The body of a track with these edits, and for how long it is shown, in ticks of the movie.
fn trak(body: &[u8], edits: Option<&TrackEdits>, scale: u32) -> Option<(u64, Vec<u8>)> {
    let children = boxes(body)?;
    let (_, header) = children.iter().find(|(kind, _)| kind == b"tkhd")?;
    let Some(edits) = edits else {
        let duration = if header.first()? == &0 {
            u32::from_be_bytes(*header.get(20..)?.first_chunk()?).into()
        } else {
            u64::from_be_bytes(*header.get(28..)?.first_chunk()?)
        };
        return Some((duration, body.to_vec()));
    };
    let (duration, list) = elst(edits, scale)?;
    let mut out = Vec::new();
    for (kind, child) in children {
        match &kind {
            b"edts" => {}
            b"tkhd" => {
                put(&mut out, kind, &with_duration(child, 20, 28, duration)?)?;
                put(&mut out, *b"edts", &list)?;
            }
            _ => put(&mut out, kind, child)?,
        }
    }
    Some((duration, out))
}

/// The edit list's box, and for how long it shows something.
fn elst(track: &TrackEdits, scale: u32) -> Option<(u64, Vec<u8>)> {
    let ticks = |time: i64| {
        let (num, den) = track.tick;
        let of_movie = i128::from(time.max(0)) * i128::from(num) * i128::from(scale);
        u64::try_from(of_movie / i128::from(den.max(1))).ok()
    };
    let mut entries = Vec::new();
    let first = ticks(track.edits.first()?.from)?;
    if first > 0 {
        entries.push((first, -1));
    }
    for edit in &track.edits {
        entries.push((ticks(edit.to)?.saturating_sub(ticks(edit.from)?), edit.media));
    }
    let duration = entries.iter().map(|(duration, _)| duration).sum();
    // version 1: 64 bits
    let mut body = vec![1, 0, 0, 0];
    body.extend_from_slice(&u32::try_from(entries.len()).ok()?.to_be_bytes());
    for (duration, media) in entries {
        body.extend_from_slice(&duration.to_be_bytes());
        body.extend_from_slice(&media.to_be_bytes());
        body.extend_from_slice(&[0, 1, 0, 0]);
    }
    let mut out = Vec::new();
    put(&mut out, *b"elst", &body)?;
    Some((duration, out))
}

/// A header with another duration: at byte `short` in version 0, at `long` in version 1.
fn with_duration(body: &[u8], short: usize, long: usize, duration: u64) -> Option<Vec<u8>> {
    let mut out = body.to_vec();
    if body.first()? == &0 {
        let duration = u32::try_from(duration).unwrap_or(u32::MAX);
        out.get_mut(short..short + 4)?.copy_from_slice(&duration.to_be_bytes());
    } else {
        out.get_mut(long..long + 8)?.copy_from_slice(&duration.to_be_bytes());
    }
    Some(out)
}

fn boxes(mut bytes: &[u8]) -> Option<Vec<Box<'_>>> {
    let mut found = Vec::new();
    while let Some((size, rest)) = bytes.split_first_chunk::<4>() {
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*size)).ok()?.checked_sub(8)?;
        let (body, after) = rest.split_at_checked(length)?;
        found.push((*kind, body));
        bytes = after;
    }
    bytes.is_empty().then_some(found)
}

fn put(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) -> Option<()> {
    out.extend_from_slice(&u32::try_from(body.len() + 8).ok()?.to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(body);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, *kind, body).unwrap();
        out
    }

    #[test]
    fn the_list_of_a_track_is_replaced_and_durations_are_those_of_what_is_shown() {
        let header = |at: usize, length: usize| {
            let mut body = vec![0; length];
            body[at..at + 4].copy_from_slice(&1000_u32.to_be_bytes());
            body
        };
        let trak =
            boxed(b"trak", &[boxed(b"tkhd", &header(20, 84)), boxed(b"edts", b"old"), boxed(b"mdia", b"x")].concat());
        let tail = boxed(b"moov", &[boxed(b"mvhd", &header(12, 100)), trak.clone(), trak.clone()].concat());
        let edits = vec![Edit { from: 25, to: 50, media: 3 }, Edit { from: 50, to: 75, media: 90 }];
        let made = with_edits(&tail, &[Some(TrackEdits { edits, tick: (1, 25) }), None]).unwrap();
        let (_, moov) = boxes(&made).unwrap()[0];
        let children = boxes(moov).unwrap();
        assert_eq!(children.iter().map(|(kind, _)| kind).collect::<Vec<_>>(), [b"mvhd", b"trak", b"trak"]);
        assert_eq!(children[0].1[16..20], 3000_u32.to_be_bytes());
        assert_eq!(boxed(b"trak", children[2].1), trak);
        let track = boxes(children[1].1).unwrap();
        assert_eq!(track[0].1[20..24], 3000_u32.to_be_bytes());
        let list = boxes(track[1].1).unwrap()[0].1;
        let entry = |n: usize| {
            let at = 8 + 20 * n;
            let number = |at: usize| i64::from_be_bytes(*list[at..].first_chunk().unwrap());
            (number(at), number(at + 8))
        };
        assert_eq!((list[7], [0, 1, 2].map(entry)), (3, [(1000, -1), (1000, 3), (1000, 90)]));
    }

    #[test]
    fn nonsense_is_no_index() {
        assert!(with_edits(b"", &[]).is_none());
        assert!(with_edits(&boxed(b"free", b""), &[]).is_none());
        assert!(with_edits(&boxed(b"moov", b"\0\0\0\x09mvhd"), &[]).is_none());
    }
}
