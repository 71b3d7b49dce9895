//! Polygons on the picture.

/// Whether a point is inside a polygon (even-odd rule).
pub(crate) fn inside(zone: &[(i32, i32)], x: i32, y: i32) -> bool {
    let mut inside = false;
    for (i, &(bx, by)) in zone.iter().enumerate() {
        let (ax, ay) = zone[(i + zone.len() - 1) % zone.len()];
        if (ay > y) != (by > y) {
            let cross = (i64::from(x) - i64::from(ax)) * (i64::from(by) - i64::from(ay))
                - (i64::from(y) - i64::from(ay)) * (i64::from(bx) - i64::from(ax));
            // The edge is right of the point.
            if (cross < 0) == (by > ay) && cross != 0 {
                inside = !inside;
            }
        }
    }
    inside
}

/// Pixels of the `x0..x1` by `y0..y1` rectangle that are inside any of the zones.
pub(crate) fn covered(zones: &[Vec<(i32, i32)>], x: std::ops::Range<usize>, y: std::ops::Range<usize>) -> usize {
    y.map(|y| x.clone().filter(|&x| zones.iter().any(|z| inside(z, x as i32, y as i32))).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_holds_its_pixels_whichever_way_it_is_drawn() {
        let square = vec![(2, 2), (10, 2), (10, 6), (2, 6)];
        let back: Vec<_> = square.iter().rev().copied().collect();
        for zone in [square, back] {
            assert!(inside(&zone, 5, 4));
            assert!(!inside(&zone, 11, 4) && !inside(&zone, 1, 4) && !inside(&zone, 5, 7) && !inside(&zone, 5, 1));
            assert_eq!(covered(&[zone], 3..5, 3..5), 4);
        }
    }
}
