//! Decoded pictures and their times, as ffmpeg gives them: what a file shows, whatever its packets are.

use std::path::Path;
use std::process::Command;

/// A decoded picture: seconds after the first one, and a checksum. What ffmpeg complains of is no matter.
pub type Picture = (f64, String);

/// The pictures of a file's first video track, as they are coded: neither turned nor mirrored.
pub fn decoded(path: &Path) -> Vec<Picture> {
    let output = Command::new("ffmpeg")
        .args(["-v", "quiet", "-nostdin", "-copyts", "-noautorotate", "-i"])
        .arg(path)
        .args(["-map", "0:v:0", "-fps_mode", "passthrough", "-enc_time_base", "1/90000", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut pictures = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        pictures.push((fields[2].parse::<f64>().unwrap() / 90_000.0, fields[5].to_owned()));
    }
    let first = pictures.first().map_or(0.0, |(time, _): &Picture| *time);
    pictures.iter_mut().for_each(|(time, _)| *time -= first);
    pictures
}

/// Both show the same pictures at the same times, as exactly as milliseconds say them.
#[track_caller]
pub fn assert_same_pictures(source: &Path, result: &Path) {
    let (source_shows, result_shows) = (decoded(source), decoded(result));
    assert!(!source_shows.is_empty(), "{} shows nothing", source.display());
    assert_eq!(result_shows.len(), source_shows.len(), "pictures of {} and {}", result.display(), source.display());
    for (n, (was, is)) in source_shows.iter().zip(&result_shows).enumerate() {
        assert_eq!(was.1, is.1, "picture {n} of {}", result.display());
        assert!((was.0 - is.0).abs() < 0.002, "picture {n} of {} at {}, not {}", result.display(), is.0, was.0);
    }
}

/// Seconds at which a file begins, and how long it lasts, as ffprobe says.
pub fn span(path: &Path) -> (f64, f64) {
    let entries = ["-v", "error", "-show_entries", "format=start_time,duration", "-of", "csv=p=0"];
    let output = Command::new("ffprobe").args(entries).arg(path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (start, duration) = text.trim().split_once(',').unwrap_or_else(|| panic!("{path:?}: {text}"));
    (start.parse().unwrap_or(f64::NAN), duration.parse().unwrap_or(f64::NAN))
}
