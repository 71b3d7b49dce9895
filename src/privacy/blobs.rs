//! From foreground pixels to whole blobs, at half size.

use super::cells::Cells;
use super::mask::{dilate, erode, open_2x2};
use super::runs::Parts;
use super::settings::Sensitivity;

/// Pixels at half size around a blob that are hidden with it.
const GROW: usize = 1;
/// Gaps in a blob of up to twice this are closed: across, down.
const CLOSE: (usize, usize) = (2, 2);
/// Holes of up to one in this many of the picture's pixels are filled.
const HOLE: usize = 12;

/// Keeps the parts of `low` that hold a part of `high`, are solid, or were foreground before.
pub(crate) fn foreground(low: &[u8], high: &[u8], before: &[u8], w: usize) -> Vec<u8> {
    let (mut solid, mut part, mut seed) = (Vec::new(), Vec::new(), Vec::new());
    open_2x2(low, w, &mut part);
    open_2x2(high, w, &mut seed);
    erode(&part, w, 2, 3, &mut solid);
    let parts = Parts::of(&part, w, 1, true);
    let mut keep = vec![false; parts.len()];
    for run in &parts.runs {
        let at = run.y * w + run.start..run.y * w + run.end;
        let any = |mask: &[u8]| mask[at.clone()].contains(&1);
        keep[run.part] = keep[run.part] || any(&seed) || any(&solid) || any(before);
    }
    for run in parts.runs.iter().filter(|r| !keep[r.part]) {
        part[run.y * w + run.start..run.y * w + run.end].fill(0);
    }
    part
}

/// Closes the gaps of the foreground, fills its holes, drops what is too small and hides the rest; gives the blobs'
/// heights in pixels of the picture.
pub(crate) fn hide(foreground: &[u8], w: usize, by: &Sensitivity, cells: &mut Cells) -> Vec<u32> {
    let (mut grown, mut whole) = (Vec::new(), Vec::new());
    dilate(foreground, w, CLOSE.0, CLOSE.1, &mut grown);
    erode(&grown, w, CLOSE.0, CLOSE.1, &mut whole);
    let outside = Parts::of(&whole, w, 0, false);
    let h = whole.len() / w;
    let mut open: Vec<bool> = outside.area.iter().map(|&a| a > whole.len() / HOLE).collect();
    for run in &outside.runs {
        open[run.part] |= run.y == 0 || run.y == h - 1 || run.start == 0 || run.end == w;
    }
    for run in outside.runs.iter().filter(|r| !open[r.part]) {
        whole[run.y * w + run.start..run.y * w + run.end].fill(1);
    }
    let parts = Parts::of(&whole, w, 1, true);
    let tall = heights(&parts, w);
    let big: Vec<bool> = parts.area.iter().map(|&a| a * 4 >= by.least_area as usize).collect();
    for run in parts.runs.iter().filter(|r| big[r.part]) {
        let level = cells.level_for((2 * tall[run.part]).div_ceil(6));
        let (x, y) = (run.start.saturating_sub(GROW), run.y.saturating_sub(GROW));
        cells.mark(2 * x..2 * (run.end + GROW), 2 * y..2 * (run.y + 1 + GROW), level);
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
