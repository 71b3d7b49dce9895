//! A file that is still being written.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use crate::base::Stop;

/// The pause before a file that has ended is read again.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits at the end of a file for more of it, until it is stopped or the stream in the file has ended.
pub struct Follow<R> {
    input: R,
    stop: Stop,
    ended: Rc<Cell<bool>>,
}

impl<R> Follow<R> {
    /// Follows `input` until `stop` or `ended` is set.
    pub fn new(input: R, stop: Stop, ended: Rc<Cell<bool>>) -> Self {
        Follow { input, stop, ended }
    }
}

impl<R: Read> Read for Follow<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.input.read(buf)? {
                0 if !self.stop.is_set() && !self.ended.get() && !buf.is_empty() => thread::sleep(PAUSE),
                n => return Ok(n),
            }
        }
    }
}
