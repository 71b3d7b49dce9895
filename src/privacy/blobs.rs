//! From foreground pixels to whole blobs, at half size.

use super::cells::Cells;
use super::mask::Mask;
use super::runs::Parts;
use super::settings::Sensitivity;

/// Gaps in a blob of up to twice this are closed: across, down.
const CLOSE: (usize, usize) = (2, 2);
/// Holes of up to one in this many of the picture's pixels are filled.
const HOLE: usize = 12;

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

/// Closes the gaps of the foreground, fills its holes, drops what is too small and hides the rest, which lies `moved`
/// pixels of the picture away, and `grow` pixels of the picture around it; gives the blobs' heights in pixels of the
/// picture.
pub(crate) fn hide(
    foreground: &Mask,
    by: &Sensitivity,
    moved: (isize, isize),
    grow: isize,
    cells: &mut Cells,
) -> Vec<u32> {
    let mut whole = foreground.dilate(CLOSE.0, CLOSE.1).erode(CLOSE.0, CLOSE.1);
    let (w, h) = (whole.width, whole.height);
    let outside = Parts::of(&whole.inverse(), false);
    let mut open: Vec<bool> = outside.area.iter().map(|&a| a > w * h / HOLE).collect();
    for run in &outside.runs {
        open[run.part] |= run.y == 0 || run.y == h - 1 || run.start == 0 || run.end == w;
    }
    for run in outside.runs.iter().filter(|r| !open[r.part]) {
        whole.fill(run.y, run.start..run.end, true);
    }
    let parts = Parts::of(&whole, true);
    let tall = heights(&parts, w);
    let big: Vec<bool> = parts.area.iter().map(|&a| a * 4 >= by.least_area as usize).collect();
    // What touches the picture's edge goes on there.
    let span = |start: usize, end: usize, moved: isize, all: usize| {
        let from = if start == 0 { 0 } else { 2 * start as isize - grow + moved };
        let to = if end == all { 2 * end as isize } else { 2 * end as isize + grow + moved };
        from.max(0) as usize..to.max(0) as usize
    };
    for run in parts.runs.iter().filter(|r| big[r.part]) {
        let level = cells.level_for((2 * tall[run.part]).div_ceil(6));
        cells.mark(span(run.start, run.end, moved.0, w), span(run.y, run.y + 1, moved.1, h), level);
    }
    tall.iter().zip(&big).filter(|&(_, &big)| big).map(|(&t, _)| 2 * t as u32).collect()
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
