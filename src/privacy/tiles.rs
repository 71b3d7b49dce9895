//! Tiles of the background that have texture are looked for in the picture: where they are says where the camera looks.

use super::mask::Mask;

/// Side of a tile, in pixels of the model.
pub(super) const TILE: usize = 16;
/// Displacements searched around the one that is expected.
const REACH: isize = 3;
/// Mean gradient from which a tile counts as textured, in levels.
const TEXTURE: u32 = 3;
/// Maximum number of tiles that are compared.
const MOST: usize = 160;

/// A tile that was looked for: its middle, and how far right and down it was found, in sixteenths of a pixel; `None`
/// where it is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub middle: (f64, f64),
    pub to: Option<(i32, i32)>,
    /// It is there, but its place is not certain.
    pub vague: bool,
}

/// Looks for tiles of luma planes in the picture, where `expected` says how far off they should be, in pixels. Those of
/// which a quarter or more is in `ignore` are left out.
pub(super) fn find(
    background: &[u8],
    now: &[u8],
    ignore: &Mask,
    expected: impl Fn(f64, f64) -> (f64, f64),
) -> Vec<Tile> {
    let (w, h) = (ignore.width, ignore.height);
    let (across, down) = (w.saturating_sub(2) / TILE, h.saturating_sub(2) / TILE);
    let step = (across * down).div_ceil(MOST).max(1);
    let mut tiles = Vec::new();
    for tile in (0..across * down).step_by(step) {
        let (x, y) = (1 + tile % across * TILE, 1 + tile / across * TILE);
        let at = y * w + x;
        if texture(background, at, w) < TEXTURE * (TILE * TILE) as u32 || marked(ignore, x, y) >= TILE * TILE / 4 {
            continue;
        }
        let middle = ((x + TILE / 2) as f64, (y + TILE / 2) as f64);
        let (ex, ey) = expected(middle.0, middle.1);
        let (ex, ey) = (ex.round() as isize, ey.round() as isize);
        // all of the search lies inside the picture, and a pixel around it
        let fits = |at: usize, e: isize, all: usize| {
            let from = at as isize + e - REACH - 1;
            from >= 0 && from + (TILE as isize + 2 * REACH + 2) <= all as isize
        };
        if !fits(x, ex, w) || !fits(y, ey, h) {
            continue;
        }
        let Some(there) = at.checked_add_signed(ey * w as isize + ex) else { continue };
        let (best, to) = displacement(background, now, at, there, w);
        let alike = alike(background, now, at, best, w);
        let to = to.filter(|_| alike).map(|(dx, dy)| (dx + ex as i32 * 16, dy + ey as i32 * 16));
        tiles.push(Tile { middle, to, vague: alike && to.is_none() });
    }
    tiles
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

/// Whether a tile and what is at `there` have a correlation of more than 0.5.
fn alike(a: &[u8], b: &[u8], at: usize, there: usize, w: usize) -> bool {
    let (mut sa, mut sb, mut saa, mut sbb, mut sab) = (0u32, 0u32, 0u32, 0u32, 0u32);
    for (a, b) in rows(a, at, w).zip(rows(b, there, w)) {
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

/// The place around `from` that is most like the tile, and how far that is from it in sixteenths of a pixel; `None`
/// where no place is better than the others.
fn displacement(background: &[u8], now: &[u8], at: usize, from: usize, w: usize) -> (usize, Option<(i32, i32)>) {
    let side = 2 * REACH + 1;
    let mut cost = [u32::MAX; ((2 * REACH + 1) * (2 * REACH + 1)) as usize];
    let place = |i: usize| {
        let (dx, dy) = (i as isize % side - REACH, i as isize / side - REACH);
        from.checked_add_signed(dy * w as isize + dx)
    };
    for (i, cost) in cost.iter_mut().enumerate() {
        let Some(there) = place(i) else { continue };
        *cost = rows(background, at, w)
            .zip(rows(now, there, w))
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>())
            .sum();
    }
    let (best, least) = cost.iter().enumerate().min_by_key(|&(i, &c)| (c, i)).map_or((0, 0), |(i, &c)| (i, c));
    let there = place(best).unwrap_or(from);
    let mean = (cost.iter().map(|&c| u64::from(c)).sum::<u64>() / cost.len() as u64) as u32;
    if least.saturating_mul(2) > mean {
        return (there, None);
    }
    let (x, y) = (best as isize % side - REACH, best as isize / side - REACH);
    let fine = fine(background, now, at, there, w);
    (there, fine.map(|(fx, fy)| (x as i32 * 16 + fx, y as i32 * 16 + fy)))
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
