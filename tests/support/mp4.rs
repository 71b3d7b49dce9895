//! mp4 files box by box: with edit lists of any kind, and samples with nothing in them.

use std::fs;
use std::path::Path;

use super::media::probe_json;

/// A track as it is written.
pub struct Mp4Track {
    /// The whole box of sample descriptions.
    stsd: Vec<u8>,
    handler: [u8; 4],
    /// Ticks in a second.
    pub scale: u32,
    pub samples: Vec<Sample>,
    /// Duration in ticks of the movie, which has as many as the first track, and media time; -1 shows nothing.
    pub edits: Vec<(u32, i32)>,
}

#[derive(Clone)]
pub struct Sample {
    pub data: Vec<u8>,
    pub key: bool,
    /// Ticks until the next one.
    pub lasts: u32,
    /// Ticks from its decoding until it is shown.
    pub later: u32,
}

impl Sample {
    pub fn empty(lasts: u32) -> Self {
        Sample { data: Vec::new(), key: false, lasts, later: 0 }
    }
}

/// The track `stream` ("v:0", "a:0") of an mp4 made by ffmpeg, without its edit list.
pub fn read(path: &Path, stream: &str) -> Mp4Track {
    let bytes = fs::read(path).unwrap();
    let json = probe_json(path, stream, "-show_packets");
    let packets = json["packets"].as_array().unwrap();
    let number = |packet: &serde_json::Value, name: &str| -> i64 {
        let value = &packet[name];
        value.as_i64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
    };
    let samples = packets.iter().map(|p| {
        let (at, size) = (number(p, "pos") as usize, number(p, "size") as usize);
        Sample {
            data: bytes[at..at + size].to_vec(),
            key: p["flags"].as_str().unwrap().starts_with('K'),
            lasts: number(p, "duration") as u32,
            later: (number(p, "pts") - number(p, "dts")) as u32,
        }
    });
    let streams = probe_json(path, stream, "-show_streams");
    let base = streams["streams"][0]["time_base"].as_str().unwrap();
    let nth = usize::from(streams["streams"][0]["index"].as_u64().unwrap() > 0);
    Mp4Track {
        stsd: stsd(&bytes, nth),
        handler: if stream.starts_with('v') { *b"vide" } else { *b"soun" },
        scale: base.split('/').nth(1).unwrap().parse().unwrap(),
        samples: samples.collect(),
        edits: Vec::new(),
    }
}

/// Writes the tracks, the first one's samples first.
pub fn write(path: &Path, tracks: &[Mp4Track]) {
    write_turned(path, tracks, [1 << 16, 0, 0, 1 << 16]);
}

/// As [`write`]; a point (x, y) of a picture is shown at (a x + c y, b x + d y), in units of 2^16.
pub fn write_turned(path: &Path, tracks: &[Mp4Track], [a, b, c, d]: [i32; 4]) {
    let matrix = numbers(&[a, b, 0, c, d, 0, 0, 0, 1 << 30].map(|n| n as u32));
    let ftyp = boxed(b"ftyp", &[b"isom\0\0\x02\0isomavc1"]);
    let data: Vec<&[u8]> = tracks.iter().flat_map(|t| &t.samples).map(|s| &s.data[..]).collect();
    let scale = tracks[0].scale;
    let mut at = ftyp.len() + 8;
    let mut moov = vec![full(
        b"mvhd",
        0,
        &[&[0; 8], &numbers(&[scale, 0]), &[0, 1, 0, 0, 1, 0], &[0; 10], &MATRIX, &[0; 24], &numbers(&[9])],
    )];
    for (n, track) in (1..).zip(tracks) {
        moov.push(trak(track, n, scale, &matrix, &mut at));
    }
    let moov: Vec<&[u8]> = moov.iter().map(Vec::as_slice).collect();
    fs::write(path, [ftyp, boxed(b"mdat", &data), boxed(b"moov", &moov)].concat()).unwrap();
}

const MATRIX: [u8; 36] = {
    let mut m = [0; 36];
    (m[1], m[17], m[32]) = (1, 1, 0x40);
    m
};

fn trak(track: &Mp4Track, number: u32, scale: u32, matrix: &[u8], at: &mut usize) -> Vec<u8> {
    let samples = &track.samples;
    let count = samples.len() as u32;
    let lasts: u32 = samples.iter().map(|s| s.lasts).sum();
    let shown = (u64::from(lasts) * u64::from(scale) / u64::from(track.scale)) as u32;
    let mut offsets = Vec::new();
    for s in samples {
        offsets.push(*at as u32);
        *at += s.data.len();
    }
    let each = |values: &mut dyn Iterator<Item = u32>| -> Vec<u8> { values.flat_map(u32::to_be_bytes).collect() };
    let keys: Vec<u32> = (1..).zip(samples).filter(|(_, s)| s.key).map(|(n, _)| n).collect();
    let mut stbl = vec![
        track.stsd.clone(),
        full(b"stts", 0, &[&numbers(&[count]), &each(&mut samples.iter().flat_map(|s| [1, s.lasts]))]),
        full(b"ctts", 0, &[&numbers(&[count]), &each(&mut samples.iter().flat_map(|s| [1, s.later]))]),
        full(b"stsc", 0, &[&numbers(&[1, 1, 1, 1])]),
        full(b"stsz", 0, &[&numbers(&[0, count]), &each(&mut samples.iter().map(|s| s.data.len() as u32))]),
        full(b"stco", 0, &[&numbers(&[count]), &numbers(&offsets)]),
    ];
    if keys.len() < samples.len() {
        stbl.push(full(b"stss", 0, &[&numbers(&[keys.len() as u32]), &numbers(&keys)]));
    }
    let stbl: Vec<&[u8]> = stbl.iter().map(Vec::as_slice).collect();
    let header = if &track.handler == b"vide" { full(b"vmhd", 1, &[&[0; 8]]) } else { full(b"smhd", 0, &[&[0; 4]]) };
    let dinf = boxed(b"dinf", &[&full(b"dref", 0, &[&numbers(&[1]), &full(b"url ", 1, &[])])]);
    let minf = boxed(b"minf", &[&header, &dinf, &boxed(b"stbl", &stbl)]);
    let mdhd = full(b"mdhd", 0, &[&numbers(&[0, 0, track.scale, lasts]), &[0x55, 0xC4, 0, 0]]);
    let hdlr = full(b"hdlr", 0, &[&[0; 4], &track.handler, &[0; 13]]);
    let tkhd =
        full(b"tkhd", 3, &[&numbers(&[0, 0, number, 0, shown]), &[0; 16], matrix, &numbers(&[160 << 16, 120 << 16])]);
    let edits = track.edits.iter().flat_map(|(d, m)| [d.to_be_bytes(), m.to_be_bytes(), [0, 1, 0, 0]].concat());
    let list = full(b"elst", 0, &[&numbers(&[track.edits.len() as u32]), &edits.collect::<Vec<u8>>()]);
    let edts = if track.edits.is_empty() { Vec::new() } else { boxed(b"edts", &[&list]) };
    boxed(b"trak", &[&tkhd, &edts, &boxed(b"mdia", &[&mdhd, &hdlr, &minf])])
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes(), &kind[..], &body].concat()
}

fn full(kind: &[u8; 4], flags: u32, parts: &[&[u8]]) -> Vec<u8> {
    boxed(kind, &[&flags.to_be_bytes(), &parts.concat()])
}

/// The sample descriptions of the nth track.
fn stsd(bytes: &[u8], nth: usize) -> Vec<u8> {
    let places = bytes.windows(4).enumerate().filter(|(_, w)| w == b"stsd").map(|(at, _)| at - 4);
    let at = places.collect::<Vec<_>>()[nth];
    let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    bytes[at..at + size].to_vec()
}
