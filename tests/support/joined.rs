//! Files that describe their pictures anew in the middle: recordings joined without encoding them again, as recorders
//! make them when a camera was set up in another way.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// FLV: each part's sequence headers stand before its packets. Two parts are 100 ms apart.
pub fn flv(parts: &[PathBuf], to: &Path) {
    let (mut out, mut shift, mut last) = (fs::read(&parts[0]).unwrap()[..13].to_vec(), 0, 0);
    for (n, part) in parts.iter().enumerate() {
        let bytes = fs::read(part).unwrap();
        let mut rest = &bytes[13..];
        while rest.len() > 11 {
            let size = u32::from_be_bytes([0, rest[1], rest[2], rest[3]]) as usize;
            let time = u32::from_be_bytes([rest[7], rest[4], rest[5], rest[6]]);
            let (kind, data) = (rest[0], &rest[11..11 + size]);
            rest = &rest[11 + size + 4..];
            // what describes the file stands once, and nothing ends in the middle
            if kind == 18 && n > 0 || kind == 9 && data.get(1) == Some(&2) {
                continue;
            }
            let time = time + shift;
            last = last.max(time);
            let at = time.to_be_bytes();
            out.push(kind);
            out.extend_from_slice(&(size as u32).to_be_bytes()[1..]);
            out.extend_from_slice(&[at[1], at[2], at[3], at[0], 0, 0, 0]);
            out.extend_from_slice(data);
            out.extend_from_slice(&(size as u32 + 11).to_be_bytes());
        }
        shift = last + 100;
    }
    fs::write(to, out).unwrap();
}

/// mp4 of one video track: the parts' sample descriptions, and their samples without reordering, ten a second.
pub fn mp4(parts: &[PathBuf], to: &Path) {
    let (mut descriptions, mut samples, mut owners, mut keys) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (n, part) in (1_u32..).zip(parts) {
        let bytes = fs::read(part).unwrap();
        descriptions.extend_from_slice(entry(&bytes));
        for packet in packets(part) {
            let number = |name: &str| packet[name].as_str().unwrap().parse::<usize>().unwrap();
            let (at, size) = (number("pos"), number("size"));
            samples.push(bytes[at..at + size].to_vec());
            owners.push(n);
            if packet["flags"].as_str().unwrap().starts_with('K') {
                keys.push(samples.len() as u32);
            }
        }
    }
    let count = samples.len() as u32;
    let ftyp = boxed(b"ftyp", &[b"isom\0\0\x02\0isom"]);
    let sizes: Vec<u32> = samples.iter().map(|s| s.len() as u32).collect();
    let places = sizes.iter().scan(ftyp.len() as u32 + 8, |at, size| {
        let here = *at;
        *at += size;
        Some(here)
    });
    let places: Vec<u32> = places.collect();
    let runs = (1..).zip(&owners).flat_map(|(n, owner)| [n, 1, *owner]).collect::<Vec<u32>>();
    let table = |name: &[u8; 4], count: u32, numbers: &[u32]| boxed(name, &[&[0; 4], &be(&[count]), &be(numbers)]);
    let stbl = boxed(
        b"stbl",
        &[
            &boxed(b"stsd", &[&[0; 4], &be(&[parts.len() as u32]), &descriptions]),
            &table(b"stts", 1, &[count, 1]),
            &table(b"stss", keys.len() as u32, &keys),
            &table(b"stsc", count, &runs),
            &boxed(b"stsz", &[&[0; 8], &be(&[count]), &be(&sizes)]),
            &table(b"stco", count, &places),
        ],
    );
    let dref = boxed(b"dref", &[&[0; 4], &be(&[1]), &boxed(b"url ", &[&be(&[1])])]);
    let minf = boxed(b"minf", &[&boxed(b"vmhd", &[&be(&[1]), &[0; 8]]), &boxed(b"dinf", &[&dref]), &stbl]);
    let mdhd = boxed(b"mdhd", &[&be(&[0, 0, 0, 10, count]), &[0x55, 0xc4, 0, 0]]);
    let hdlr = boxed(b"hdlr", &[&[0; 8], b"vide", &[0; 12], b"v\0"]);
    let mdia = boxed(b"mdia", &[&mdhd, &hdlr, &minf]);
    let one = 1 << 16;
    let matrix = be(&[one, 0, 0, 0, one, 0, 0, 0, 1 << 30]);
    let tkhd = boxed(b"tkhd", &[&be(&[3, 0, 0, 1, 0, count]), &[0; 16], &matrix, &be(&[160 << 16, 120 << 16])]);
    let mvhd = boxed(b"mvhd", &[&be(&[0, 0, 0, 10, count, one]), &[1, 0], &[0; 10], &matrix, &[0; 24], &be(&[2])]);
    let moov = boxed(b"moov", &[&mvhd, &boxed(b"trak", &[&tkhd, &mdia])]);
    fs::write(to, [ftyp, boxed(b"mdat", &[&samples.concat()]), moov].concat()).unwrap();
}

fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn boxed(name: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&be(&[body.len() as u32 + 8])[..], name, &body].concat()
}

/// The sample entry of an mp4 with one track.
fn entry(file: &[u8]) -> &[u8] {
    let at = file.windows(4).position(|name| name == b"stsd").unwrap();
    let size = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
    &file[at + 12..at - 4 + size]
}

fn packets(file: &Path) -> Vec<Value> {
    let mut ffprobe = Command::new("ffprobe");
    ffprobe.args(["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pos,size,flags", "-of", "json"]);
    let made = ffprobe.arg(file).output().unwrap();
    let mut json: Value = serde_json::from_slice(&made.stdout).unwrap();
    json["packets"].as_array_mut().map(std::mem::take).unwrap()
}

/// Pictures of a video track as ffmpeg decodes them: time after the first picture in ms, and checksum. Of several files
/// those of the later ones follow.
pub fn decoded(file: &Path, track: usize) -> Vec<(i64, String)> {
    let map = format!("0:v:{track}");
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet", "-nostdin", "-copyts", "-noautorotate", "-i"])
        .arg(file)
        .args(["-map", &map, "-fps_mode", "passthrough", "-enc_time_base", "1/1000", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pictures: Vec<(i64, String)> = lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            (fields[2].parse().unwrap(), fields[5].to_owned())
        })
        .collect();
    let begin = pictures.first().map_or(0, |first| first.0);
    pictures.into_iter().map(|(time, sum)| (time - begin, sum)).collect()
}

/// Whether two lists of pictures are the same, with times that differ by a rounding at most.
#[track_caller]
pub fn assert_same(made: &[(i64, String)], source: &[(i64, String)], what: &str) {
    let sums = |of: &[(i64, String)]| of.iter().map(|(_, sum)| sum.clone()).collect::<Vec<_>>();
    assert_eq!(made.len(), source.len(), "{what}: pictures");
    assert!(!source.is_empty(), "{what}: the source has none");
    assert_eq!(sums(made), sums(source), "{what}: what is in them");
    for (n, (a, b)) in made.iter().zip(source).enumerate() {
        assert!(a.0.abs_diff(b.0) <= 2, "{what}: picture {n} at {} ms, not at {}", a.0, b.0);
    }
}
