//! An object that appears when it is finished, and never in part.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload, PutResult};

use super::engine::{self, Job};
use super::error::Asked;
use super::listing::unquoted;
use super::{Bucket, ObjectError};

/// Size of the first parts. What is shorter than one is written at once.
const PART: usize = 8 << 20;
/// Size of the parts after the first [`MANY`], so that the 10 000 that there may be hold more than half a terabyte.
const LARGE_PART: usize = 64 << 20;
const MANY: usize = 1000;
/// Parts on their way while the next one fills.
const ON_THE_WAY: usize = 2;

/// An object that is being written. Dropped before it is finished, it never was.
#[derive(Debug)]
pub struct Upload {
    bucket: Bucket,
    path: Path,
    asked: Asked,
    part: Vec<u8>,
    parts: usize,
    /// A part was lost.
    failed: bool,
    /// From the second part on.
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    upload: Box<dyn MultipartUpload>,
    on_the_way: VecDeque<Job<Result<(), ObjectError>>>,
}

impl Bucket {
    /// Begins an object; what has its name now stays until it is finished.
    ///
    /// # Errors
    ///
    /// A key that no object can have.
    pub fn create(&self, key: &str) -> Result<Upload, ObjectError> {
        let (path, asked) = (self.path(key)?, self.asked(key));
        Ok(Upload { bucket: self.clone(), path, asked, part: Vec::new(), parts: 0, failed: false, running: None })
    }
}

impl Upload {
    /// Waits for all parts and gives the object its name; gives what the storage calls its bytes, where it does.
    ///
    /// # Errors
    ///
    /// A part did not arrive: there is no object then.
    pub fn finish(mut self) -> Result<Option<String>, ObjectError> {
        if self.failed {
            let why = "a part of it was not stored".into();
            return Err(ObjectError::Storage { place: self.asked.place.clone(), why });
        }
        if self.running.is_none() {
            let (store, path, asked) = (Arc::clone(&self.bucket.store), self.path.clone(), self.asked.clone());
            let payload = PutPayload::from(std::mem::take(&mut self.part));
            return engine::run(async move { store.put(&path, payload).await.map(e_tag).map_err(|e| asked.error(e)) })?;
        }
        if !self.part.is_empty() {
            self.send()?;
        }
        let Some(mut running) = self.running.take() else { return Ok(None) };
        let sent = running.on_the_way.drain(..).try_for_each(|job| job.wait()?);
        let asked = self.asked.clone();
        engine::run(async move {
            let completed = match sent {
                Ok(()) => running.upload.complete().await.map(e_tag).map_err(|e| asked.error(e)),
                Err(e) => Err(e),
            };
            if completed.is_err() {
                let _ = running.upload.abort().await;
            }
            completed
        })?
    }

    /// Sends the part that is full.
    fn send(&mut self) -> Result<(), ObjectError> {
        if self.running.is_none() {
            let (store, path, asked) = (Arc::clone(&self.bucket.store), self.path.clone(), self.asked.clone());
            let upload = engine::run(async move { store.put_multipart(&path).await.map_err(|e| asked.error(e)) })??;
            self.running = Some(Running { upload, on_the_way: VecDeque::new() });
        }
        let Some(running) = &mut self.running else { return Ok(()) };
        if running.on_the_way.len() >= ON_THE_WAY
            && let Some(first) = running.on_the_way.pop_front()
        {
            first.wait()??;
        }
        let asked = self.asked.clone();
        let part = running.upload.put_part(PutPayload::from(std::mem::take(&mut self.part)));
        running.on_the_way.push_back(Job::start(async move { part.await.map_err(|e| asked.error(e)) })?);
        self.parts += 1;
        Ok(())
    }
}

fn e_tag(result: PutResult) -> Option<String> {
    result.e_tag.map(unquoted)
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let full = if self.parts < MANY { PART } else { LARGE_PART };
        let n = bytes.len().min(full.saturating_sub(self.part.len()));
        self.part.extend_from_slice(bytes.get(..n).unwrap_or_default());
        if self.part.len() >= full {
            self.send().inspect_err(|_| self.failed = true)?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(Running { mut upload, on_the_way }) = self.running.take() else { return };
        // a part that arrives later would stay
        on_the_way.into_iter().for_each(|job| drop(job.wait()));
        let _ = engine::run(async move { upload.abort().await });
    }
}
