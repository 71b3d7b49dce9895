//! What the kinds of person networks have in common.

/// Least score of a box: what is less is noise.
pub(super) const LEAST: f32 = 0.15;

/// How the values of one colour go into a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub mean: f32,
    pub deviation: f32,
    /// What stands where there is no picture.
    pub outside: f32,
}
