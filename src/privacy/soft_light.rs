//! A patch of other light is not somebody: it has the scene's structure, and no edge around it.

use super::mask::Mask;
use super::reduce::Small;
use super::runs::Parts;

/// Pixels at half size on either side of an outline that are compared.
const REACH: usize = 3;
/// Least pixels of a patch.
const LEAST: usize = 40;
/// Pixels around what does not fit the patch's light that stay hidden.
const AROUND: usize = 5;
/// Share of the pixels that must fit, in per cent.
const MOST: usize = 88;

/// The pixels of a part that are only lit in another way; `None` where somebody may stand there. `black` is the luma of
/// black, `tolerance` says by how many levels each pixel may be off.
pub(super) fn lit(
    now: &Small,
    usual: &[Vec<u8>; 3],
    mask: &Mask,
    parts: &Parts,
    part: usize,
    black: u8,
    tolerance: impl Fn(usize) -> u8,
) -> Option<Mask> {
    if parts.area[part] < LEAST {
        return None;
    }
    let w = mask.width;
    let over = |v: u8| i32::from(v.saturating_sub(black));
    let runs = || parts.runs.iter().filter(|r| r.part == part);
    let pixels = || runs().flat_map(|r| r.y * w + r.start..r.y * w + r.end);
    let mut ratios: Vec<i32> = pixels()
        .filter(|&i| over(usual[0][i]) >= 12)
        .map(|i| over(now.planes[0][i]) * 256 / over(usual[0][i]))
        .collect();
    if ratios.len() * 2 < parts.area[part] {
        return None;
    }
    let middle = ratios.len() / 2;
    let gain = *ratios.select_nth_unstable(middle).1;
    let off = |i: usize| over(now.planes[0][i]) - over(usual[0][i]);
    let (mut odd, mut all, mut strange) = (0i64, 0i64, Mask::new(w, mask.height));
    for r in runs() {
        for x in r.start..r.end {
            let i = r.y * w + x;
            let rest = (over(now.planes[0][i]) * 256 - over(usual[0][i]) * gain).abs() / 256;
            let chroma = now.planes[1][i].abs_diff(usual[1][i]).max(now.planes[2][i].abs_diff(usual[2][i]));
            let most = i32::from(tolerance(i)) + over(usual[0][i]) / 10;
            if rest > most || i32::from(chroma) > 4 + i32::from(tolerance(i)) {
                strange.fill(r.y, x..x + 1, true);
                odd += 1;
            }
            all += i64::from(off(i).abs());
        }
    }
    let area = parts.area[part] as i64;
    if odd * 100 > area * (100 - MOST as i64) || step(mask, parts, part, off) * 5 > all / area * 2 {
        return None;
    }
    let strange = strange.dilate(AROUND, AROUND);
    let mut out = Mask::new(w, mask.height);
    runs().for_each(|r| out.fill(r.y, r.start..r.end, true));
    Some(out.and(&strange.inverse()))
}

/// Mean step of the difference `off` over the outline of a part; no outline is no step.
fn step(mask: &Mask, parts: &Parts, part: usize, off: impl Fn(usize) -> i32) -> i64 {
    let (w, h) = (mask.width, mask.height);
    let (mut sum, mut n) = (0i64, 0i64);
    let mut pair = |inside: usize, outside: usize| {
        sum += i64::from((off(inside) - off(outside)).abs());
        n += 1;
    };
    for run in parts.runs.iter().filter(|r| r.part == part) {
        let row = run.y * w;
        if run.end - run.start > REACH {
            if run.start >= REACH {
                pair(row + run.start + REACH, row + run.start - REACH);
            }
            if run.end + REACH < w {
                pair(row + run.end - 1 - REACH, row + run.end - 1 + REACH);
            }
        }
        for x in run.start..run.end {
            if run.y >= REACH && run.y + REACH < h {
                let inside = |y: usize| mask.get(x, y);
                if !inside(run.y - 1) && inside(run.y + REACH) {
                    pair(row + REACH * w + x, row - REACH * w + x);
                }
                if !inside(run.y + 1) && inside(run.y - REACH) {
                    pair(row - REACH * w + x, row + REACH * w + x);
                }
            }
        }
    }
    if n == 0 { 0 } else { sum / n }
}
