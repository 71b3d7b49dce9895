//! The samples of a file's pictures, as ffmpeg decodes them.

use std::path::Path;
use std::process::Command;

use vidveil::media::{Picture, Plane};

/// The first `most` pictures of a file, scaled to `size`, width and height.
pub fn samples(file: &Path, size: (usize, usize), most: usize) -> Vec<Picture> {
    let (w, h) = size;
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-i"]).arg(file).args(["-fps_mode", "passthrough", "-pix_fmt", "yuv420p"]);
    ffmpeg.args(["-vf", &format!("scale={w}:{h}"), "-frames:v", &most.to_string(), "-f", "rawvideo", "-"]);
    let raw = ffmpeg.output().unwrap().stdout;
    let picture = |bytes: &[u8]| {
        let (luma, chroma) = bytes.split_at(w * h);
        let (cb, cr) = chroma.split_at(chroma.len() / 2);
        let plane = |width, height, data: &[u8]| Plane { width, height, data: data.to_vec() };
        let planes = [plane(w, h, luma), plane(w / 2, h / 2, cb), plane(w / 2, h / 2, cr)];
        Picture { planes, pts: 0, duration: 1, full_range: false, damaged: false }
    };
    raw.chunks_exact(w * h * 3 / 2).map(picture).collect()
}
