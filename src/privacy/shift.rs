//! Did the camera move?
//!
//! Tiles of the background that have texture are looked for in the picture. When most of them are gone, or are all found
//! in another place, the camera was moved; a person covers few of them.

/// Side of a tile at half size.
const TILE: usize = 16;
/// Displacements searched, at half size.
const REACH: isize = 3;
/// Mean gradient from which a tile counts as textured, in levels.
const TEXTURE: u32 = 3;
/// Fewer textured tiles than this say nothing.
const LEAST: usize = 10;
/// Tiles looked at, at most.
const MOST: usize = 160;

/// What the tiles say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// Where it was, or nobody can say.
    None,
    /// Somewhere else.
    Moved,
}

/// Compares luma planes of half size; tiles that `ignore` marks by a quarter or more are left out.
pub(crate) fn detect(background: &[u8], now: &[u8], ignore: &[u8], w: usize) -> Shift {
    let h = now.len() / w;
    let margin = REACH as usize;
    if w < 2 * margin + TILE || h < 2 * margin + TILE {
        return Shift::None;
    }
    let (across, down) = ((w - 2 * margin) / TILE, (h - 2 * margin) / TILE);
    let step = (across * down).div_ceil(MOST).max(1);
    let (mut seen, mut lost) = (0, 0);
    let (mut dx, mut dy) = (Vec::new(), Vec::new());
    for tile in (0..across * down).step_by(step) {
        let at = (margin + tile / across * TILE) * w + margin + tile % across * TILE;
        if texture(background, at, w) < TEXTURE * (TILE * TILE) as u32 || marked(ignore, at, w) >= TILE * TILE / 4 {
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
        return Shift::None;
    }
    dx.sort_unstable();
    dy.sort_unstable();
    let middle = |v: &[i32]| v.get(v.len() / 2).copied().unwrap_or(0);
    let (x, y) = (middle(&dx), middle(&dy));
    // 16 is one pixel at half size, two of the picture's.
    if lost * 2 > seen || x * x + y * y > 18 * 18 { Shift::Moved } else { Shift::None }
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

fn marked(mask: &[u8], at: usize, w: usize) -> usize {
    rows(mask, at, w).flatten().map(|&v| usize::from(v)).sum()
}

/// Whether two tiles have a correlation of more than 0.5.
fn alike(a: &[u8], b: &[u8], at: usize, w: usize) -> bool {
    let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0i64, 0i64, 0i64, 0i64, 0i64);
    for (a, b) in rows(a, at, w).flatten().zip(rows(b, at, w).flatten()) {
        let (a, b) = (i64::from(*a), i64::from(*b));
        sa += a;
        sb += b;
        saa += a * a;
        sbb += b * b;
        sab += a * b;
    }
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
    let (x, y) = (best as isize % side, best as isize / side);
    let fine = |step: isize, place: isize| {
        if place == 0 || place == side - 1 {
            return 0;
        }
        let (a, c) = (cost[(best as isize - step) as usize] as i32, cost[(best as isize + step) as usize] as i32);
        let bend = a + c - 2 * least as i32;
        if bend <= 0 { 0 } else { 8 * (a - c) / bend }
    };
    Some(((x - REACH) as i32 * 16 + fine(1, x), (y - REACH) as i32 * 16 + fine(side, y)))
}
