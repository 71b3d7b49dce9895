//! What a detector needs of a network, whatever computes it.

use super::DetectError;

/// How the names of the threads begin that compute networks.
pub const NETWORK_THREADS: &str = "rten-";

/// One of a network's outputs: rows of `columns` numbers each.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Numbers in a row.
    pub columns: usize,
    /// All rows, one after the other.
    pub values: Vec<f32>,
}

impl Output {
    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.columns.max(1)
    }
}

/// What computes a network's answer.
pub trait Network {
    /// Takes planes of blue, green and red, each of `width` by `height`; gives all outputs.
    ///
    /// # Errors
    ///
    /// [`DetectError::Run`].
    fn run(&mut self, input: Vec<f32>, width: usize, height: usize) -> Result<Vec<Output>, DetectError>;

    /// Width and height of the input, where the network takes no other.
    fn only_size(&self) -> Option<(usize, usize)>;
}
