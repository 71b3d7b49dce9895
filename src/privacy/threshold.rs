//! From distances to masks.

use super::mask::Mask;
use super::settings::Sensitivity;
use super::simd::{LANES, load, reaches, to_bits};

/// Sets `low` and `high` where the distance exceeds the thresholds. For `low` it is enough that the distance is nearly
/// there on average around the pixel: noise is not, somebody in pale clothes is. (With a low threshold of more than 28
/// nothing is gained by that, and it is left out.)
#[multiversion::multiversion(targets("x86_64+avx2"))]
pub(crate) fn classify(distance: &[u8], by: &Sensitivity, low: &mut Mask, high: &mut Mask) {
    let (w, h) = (low.width, low.height);
    let (most, enough) = (by.low.saturating_add(by.low / 2), by.low.saturating_mul(9));
    // One more pixel at each end, as the row ends.
    let mut column = vec![0; w + 2];
    for y in 0..h {
        let above = &distance[y.saturating_sub(1) * w..][..w];
        let here = &distance[y * w..][..w];
        let below = &distance[(y + 1).min(h - 1) * w..][..w];
        for (((c, a), b), d) in column[1..=w].iter_mut().zip(above).zip(here).zip(below) {
            *c = (*a).min(most).saturating_add((*b).min(most)).saturating_add((*d).min(most));
        }
        (column[0], column[w + 1]) = (column[1], column[w]);
        let mut x = 0;
        while x < w {
            let (d, left, middle, right) =
                (load(here, x), load(&column, x), load(&column, x + 1), load(&column, x + 2));
            let (mut is_low, mut is_high) = ([0; LANES], [0; LANES]);
            for i in 0..LANES {
                let around = left[i].saturating_add(middle[i]).saturating_add(right[i]);
                is_low[i] = !reaches(by.low, d[i]) | !reaches(enough, around);
                is_high[i] = !reaches(by.high, d[i]);
            }
            // Lanes past the end of the row are none of its pixels.
            let inside = if w - x < LANES { !(u32::MAX << (w - x)) } else { u32::MAX };
            let word = y * low.stride + x / 64;
            if x % 64 == 0 {
                (low.words[word], high.words[word]) = (0, 0);
            }
            low.words[word] |= u64::from(to_bits(&is_low) & inside) << (x % 64);
            high.words[word] |= u64::from(to_bits(&is_high) & inside) << (x % 64);
            x += LANES;
        }
    }
}
