//! From foreground pixels to whole blobs, at half size.

use super::camera::Transform;
use super::cells::Cells;
use super::mask::Mask;
use super::runs::{Parts, Run};
use super::settings::Sensitivity;

/// Gaps in a blob of up to twice this are closed: across, down.
const CLOSE: (usize, usize) = (2, 2);

/// Keeps the parts of `low` that hold a part of `high`, are solid, or were foreground before.
pub(crate) fn foreground(low: &Mask, high: &Mask, before: &Mask) -> Mask {
    let (mut part, seed) = (low.open_2x2(), high.open_2x2());
    let mut reason = part.erode(2, 3);
    reason.join(&seed);
    reason.join(before);
    let parts = Parts::of(&part, true);
    let mut keep = vec![false; parts.len()];
    for run in &parts.runs {
        keep[run.part] = keep[run.part] || reason.any(run.y, run.start..run.end);
    }
    for run in parts.runs.iter().filter(|r| !keep[r.part]) {
        part.fill(run.y, run.start..run.end, false);
    }
    part
}

/// How pixels of the model become pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Pixels of the picture for one of the model.
    pub scale: usize,
    /// Where the camera looks.
    pub camera: Transform,
    /// Pixels of the picture around a blob that are hidden with it.
    pub grow: isize,
}

/// Pixels of a run that are placed together.
const PIECE: usize = 48;

impl Place {
    /// Hides a run of pixels of the model, which has this size. What touches the picture's edge goes on there.
    fn mark(&self, run: &Run, (w, h): (usize, usize), level: u8, cells: &mut Cells) {
        for start in (run.start..run.end).step_by(PIECE) {
            let end = (start + PIECE).min(run.end);
            let (dx, dy) = self.camera.off((start + end) as f64 / 2.0, run.y as f64);
            let x = self.span(start, end, dx, w);
            cells.mark(x, self.span(run.y, run.y + 1, dy, h), level);
        }
    }

    fn span(&self, start: usize, end: usize, off: f64, all: usize) -> std::ops::Range<usize> {
        let (scale, off) = (self.scale as isize, off * self.scale as f64);
        let from = if start == 0 { 0 } else { scale * start as isize - self.grow + off.floor() as isize };
        let last = scale * end as isize + off.ceil() as isize;
        let to = if end == all { last.max(scale * end as isize) } else { last + self.grow };
        from.max(0) as usize..to.max(0) as usize
    }
}

/// Closes the gaps of the foreground, fills holes of up to `hole` pixels of the model, drops what is too small and
/// hides the rest at its place; gives the blobs' heights in pixels of the picture.
pub(crate) fn hide(foreground: &Mask, by: &Sensitivity, place: Place, hole: usize, cells: &mut Cells) -> Vec<u32> {
    let mut whole = foreground.dilate(CLOSE.0, CLOSE.1).erode(CLOSE.0, CLOSE.1);
    let (w, h) = (whole.width, whole.height);
    let outside = Parts::of(&whole.inverse(), false);
    let mut open: Vec<bool> = outside.area.iter().map(|&a| a > hole).collect();
    for run in &outside.runs {
        open[run.part] |= run.y == 0 || run.y == h - 1 || run.start == 0 || run.end == w;
    }
    for run in outside.runs.iter().filter(|r| !open[r.part]) {
        whole.fill(run.y, run.start..run.end, true);
    }
    hide_parts(&whole, by, place, cells)
}

/// Hides what is unknown; what is too small to be somebody is left out.
pub(crate) fn hide_unknown(unknown: &Mask, by: &Sensitivity, place: Place, cells: &mut Cells) {
    hide_parts(unknown, by, place, cells);
}

fn hide_parts(mask: &Mask, by: &Sensitivity, place: Place, cells: &mut Cells) -> Vec<u32> {
    let parts = Parts::of(mask, true);
    let tall = heights(&parts, mask.width);
    let pixels = place.scale * place.scale;
    let big: Vec<bool> = parts.area.iter().map(|&a| a * pixels >= by.least_area as usize).collect();
    for run in parts.runs.iter().filter(|r| big[r.part]) {
        let level = cells.level_for((place.scale * tall[run.part]).div_ceil(6));
        place.mark(run, (mask.width, mask.height), level, cells);
    }
    tall.iter().zip(&big).filter(|&(_, &big)| big).map(|(&t, _)| (place.scale * t) as u32).collect()
}

/// The longest unbroken column of each part: the height of somebody in a group is that of one, not of the group.
fn heights(parts: &Parts, w: usize) -> Vec<usize> {
    let mut tall = vec![0; parts.len()];
    // Of the column of foreground that ends at each x: its last row and its length.
    let mut column = vec![(0, 0); w];
    for run in &parts.runs {
        for (last, length) in &mut column[run.start..run.end] {
            *length = if *length > 0 && *last + 1 == run.y { *length + 1 } else { 1 };
            *last = run.y;
            tall[run.part] = tall[run.part].max(*length);
        }
    }
    tall
}
