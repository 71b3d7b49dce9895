//! The picture of the empty scene.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, ImageReader, Limits};

use crate::media::Picture;
use crate::storage::read_bounded;

use super::error::ProtectError;

/// The largest file, in bytes.
const MAX_FILE: usize = 256 << 20;
/// The longest side, in pixels.
const LONGEST: u32 = 32_768;
/// Memory for one picture, in bytes.
const MEMORY: u64 = 512 << 20;

/// A still picture of the empty scene.
#[derive(Clone)]
pub(super) struct Reference {
    path: PathBuf,
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Reference {
    /// Reads a PNG.
    ///
    /// # Errors
    ///
    /// It cannot be read, or it is not a PNG.
    pub fn read(path: &Path) -> Result<Self, ProtectError> {
        let bytes = read_bounded(path, MAX_FILE)?;
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(LONGEST), Some(LONGEST));
        limits.max_alloc = Some(MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
        reader.limits(limits);
        let wrong = |e: image::ImageError| ProtectError::Reference { path: path.to_owned(), reason: e.to_string() };
        let image = reader.decode().map_err(wrong)?.into_rgb8();
        let (width, height) = (image.width() as usize, image.height() as usize);
        Ok(Reference { path: path.to_owned(), width, height, rgb: image.into_raw() })
    }

    /// Checks it against the size of the video's pictures.
    ///
    /// # Errors
    ///
    /// The video's pictures are of another size.
    pub fn check_size(&self, width: usize, height: usize) -> Result<(), ProtectError> {
        let (reference, video) = ((self.width, self.height), (width, height));
        if reference == video {
            return Ok(());
        }
        Err(ProtectError::ReferenceSize { path: self.path.clone(), reference, video })
    }

    /// As a picture with the subsampling and range of `model`.
    ///
    /// # Errors
    ///
    /// As [`Reference::check_size`].
    pub fn like(&self, model: &Picture) -> Result<Picture, ProtectError> {
        self.check_size(model.width(), model.height())?;
        Ok(Picture::from_rgb(&self.rgb, model))
    }
}
