//! Did the camera move?
//!
//! Tiles of the background that have texture are looked for in the picture. When most of them are gone, or are all
//! found in another place, the camera was moved; a person covers few of them. The same tiles show
//! how far off a camera is that only trembles.

use super::mask::Mask;

/// Side of a tile at half size.
const TILE: usize = 16;
/// Displacements searched, at half size.
const REACH: isize = 3;
/// Mean gradient from which a tile counts as textured, in levels.
const TEXTURE: u32 = 3;
/// Fewer textured tiles than this say nothing.
const LEAST: usize = 10;
/// Maximum number of tiles that are compared.
const MOST: usize = 160;

/// What the tiles say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// Too few tiles have texture.
    Unknown,
    /// Most of what was there is gone.
    Lost,
    /// By these distances, right and down, in sixteenths of a pixel at half size.
    By(i32, i32),
}

/// Compares luma planes of half size; tiles that `ignore` marks by a quarter or more are left out.
pub(crate) fn detect(background: &[u8], now: &[u8], ignore: &Mask) -> Shift {
    let (w, h) = (ignore.width, ignore.height);
    let margin = REACH as usize;
    if w < 2 * margin + TILE || h < 2 * margin + TILE {
        return Shift::Unknown;
    }
    let (across, down) = ((w - 2 * margin) / TILE, (h - 2 * margin) / TILE);
    let step = (across * down).div_ceil(MOST).max(1);
    let (mut seen, mut lost) = (0, 0);
    let (mut dx, mut dy) = (Vec::new(), Vec::new());
    for tile in (0..across * down).step_by(step) {
        let (x, y) = (margin + tile % across * TILE, margin + tile / across * TILE);
        let at = y * w + x;
        if texture(background, at, w) < TEXTURE * (TILE * TILE) as u32 || marked(ignore, x, y) >= TILE * TILE / 4 {
            continue;
        }
        seen += 1;
        if !alike(background, now, at, w) {
            lost += 1;
        } else if let Some((x, y)) = displacement(background, now, at, w) {
            dx.push(x);
            dy.push(y);
        }
    }
    if seen < LEAST {
        return Shift::Unknown;
    }
    if lost * 2 > seen {
        return Shift::Lost;
    }
    dx.sort_unstable();
    dy.sort_unstable();
    let middle = |v: &[i32]| v.get(v.len() / 2).copied().unwrap_or(0);
    Shift::By(middle(&dx), middle(&dy))
}

fn rows(plane: &[u8], at: usize, w: usize) -> impl Iterator<Item = &[u8]> {
    (0..TILE).map(move |y| &plane[at + y * w..][..TILE])
}

fn texture(plane: &[u8], at: usize, w: usize) -> u32 {
    let mut sum = 0;
    for (a, b) in rows(plane, at, w).zip(rows(plane, at + w, w)) {
        sum += a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
        sum += a.windows(2).map(|p| u32::from(p[0].abs_diff(p[1]))).sum::<u32>();
    }
    sum
}

fn marked(mask: &Mask, x: usize, y: usize) -> usize {
    (y..y + TILE).map(|y| (x..x + TILE).filter(|&x| mask.get(x, y)).count()).sum()
}

/// Whether two tiles have a correlation of more than 0.5.
fn alike(a: &[u8], b: &[u8], at: usize, w: usize) -> bool {
    let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0u32, 0u32, 0u32, 0u32, 0u32);
    for (a, b) in rows(a, at, w).zip(rows(b, at, w)) {
        for (&a, &b) in a.iter().zip(b) {
            let (a, b) = (u32::from(a), u32::from(b));
            sa += a;
            sb += b;
            saa += a * a;
            sbb += b * b;
            sab += a * b;
        }
    }
    let [sa, sb, saa, sbb, sab] = [sa, sb, saa, sbb, sab].map(i64::from);
    let n = (TILE * TILE) as i64;
    let (cov, va, vb) = (n * sab - sa * sb, n * saa - sa * sa, n * sbb - sb * sb);
    cov > 0 && i128::from(cov) * i128::from(cov) * 4 > i128::from(va) * i128::from(vb)
}

/// Where the tile went, in sixteenths of a pixel; `None` where no place is better than the others.
fn displacement(background: &[u8], now: &[u8], at: usize, w: usize) -> Option<(i32, i32)> {
    let side = 2 * REACH + 1;
    let mut cost = [0u32; ((2 * REACH + 1) * (2 * REACH + 1)) as usize];
    for (i, cost) in cost.iter_mut().enumerate() {
        let (dx, dy) = (i as isize % side - REACH, i as isize / side - REACH);
        let there = at.checked_add_signed(dy * w as isize + dx)?;
        *cost = rows(background, at, w)
            .zip(rows(now, there, w))
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>())
            .sum();
    }
    let (best, &least) = cost.iter().enumerate().min_by_key(|&(i, &c)| (c, i))?;
    let mean = cost.iter().sum::<u32>() / cost.len() as u32;
    if least * 2 > mean {
        return None;
    }
    let (x, y) = (best as isize % side - REACH, best as isize / side - REACH);
    let (fx, fy) = fine(background, now, at, at.checked_add_signed(y * w as isize + x)?, w)?;
    Some((x as i32 * 16 + fx, y as i32 * 16 + fy))
}

/// What is left of the displacement once the tile was found at `there`, in sixteenths, by least squares over the
/// gradient.
fn fine(background: &[u8], now: &[u8], at: usize, there: usize, w: usize) -> Option<(i32, i32)> {
    let (mut xx, mut xy, mut yy, mut ex, mut ey) = (0i32, 0i32, 0i32, 0i32, 0i32);
    for y in 0..TILE {
        let row = |plane: &'_ [u8], from: usize| -> [i32; TILE] {
            std::array::from_fn(|x| plane.get(from + y * w + x).copied().map_or(0, i32::from))
        };
        let (left, right) = (row(background, at - 1), row(background, at + 1));
        let (above, below) = (row(background, at - w), row(background, at + w));
        let (was, is) = (row(background, at), row(now, there));
        for x in 0..TILE {
            let (gx, gy, e) = (right[x] - left[x], below[x] - above[x], was[x] - is[x]);
            xx += gx * gx;
            xy += gx * gy;
            yy += gy * gy;
            ex += gx * e;
            ey += gy * e;
        }
    }
    let [xx, xy, yy, ex, ey] = [xx, xy, yy, ex, ey].map(i64::from);
    let det = xx * yy - xy * xy;
    // An edge alone says nothing of what happens along it.
    if det * 64 <= (xx + yy) * (xx + yy) {
        return None;
    }
    // Gradients are over two pixels.
    let solve = |n: i64| (32 * n / det).clamp(-16, 16) as i32;
    Some((solve(ex * yy - ey * xy), solve(ey * xx - ex * xy)))
}
