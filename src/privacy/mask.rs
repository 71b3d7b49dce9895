//! Operations on masks: one byte a pixel, 0 or 1.

/// 1 where any pixel of the `2 * rx + 1` by `2 * ry + 1` around is 1.
pub(crate) fn dilate(mask: &[u8], w: usize, rx: usize, ry: usize, out: &mut Vec<u8>) {
    spread(mask, w, rx, ry, out, |a, b| a | b);
}

/// 1 where all pixels of the `2 * rx + 1` by `2 * ry + 1` around (inside the picture) are 1.
pub(crate) fn erode(mask: &[u8], w: usize, rx: usize, ry: usize, out: &mut Vec<u8>) {
    spread(mask, w, rx, ry, out, |a, b| a & b);
}

fn spread(mask: &[u8], w: usize, rx: usize, ry: usize, out: &mut Vec<u8>, join: impl Fn(u8, u8) -> u8 + Copy) {
    let h = mask.len() / w;
    let mut wide = mask.to_vec();
    for (row, src) in wide.chunks_exact_mut(w).zip(mask.chunks_exact(w)) {
        for r in 1..=rx.min(w - 1) {
            for (o, &v) in row[..w - r].iter_mut().zip(&src[r..]) {
                *o = join(*o, v);
            }
            for (o, &v) in row[r..].iter_mut().zip(&src[..w - r]) {
                *o = join(*o, v);
            }
        }
    }
    out.clear();
    out.extend_from_slice(&wide);
    for (y, row) in out.chunks_exact_mut(w).enumerate() {
        for other in y.saturating_sub(ry)..(y + ry + 1).min(h) {
            if other != y {
                for (o, &v) in row.iter_mut().zip(&wide[other * w..][..w]) {
                    *o = join(*o, v);
                }
            }
        }
    }
}

/// Removes what no square of 2 by 2 pixels fits into.
pub(crate) fn open_2x2(mask: &[u8], w: usize, out: &mut Vec<u8>) {
    out.clear();
    out.resize(mask.len(), 0);
    let mut square = vec![0u8; w];
    for y in 1..mask.len() / w {
        let (a, b) = mask[(y - 1) * w..][..2 * w].split_at(w);
        for x in 1..w {
            square[x] = a[x - 1] & a[x] & b[x - 1] & b[x];
        }
        let (above, here) = out[(y - 1) * w..][..2 * w].split_at_mut(w);
        for x in 1..w {
            let s = square[x];
            above[x - 1] |= s;
            above[x] |= s;
            here[x - 1] |= s;
            here[x] |= s;
        }
    }
}
