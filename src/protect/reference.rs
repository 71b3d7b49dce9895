//! The picture of the empty scene.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, ImageReader, Limits};

use crate::base::text;
use crate::cli::Failure;
use crate::media::Picture;
use crate::storage::read_bounded;

/// The largest file, in bytes.
const MAX_FILE: usize = 256 << 20;
/// The longest side.
const LONGEST: u32 = 32_768;
/// Memory for one picture, in bytes.
const MEMORY: u64 = 512 << 20;

/// A still picture of the empty scene.
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
    /// A [`Failure`]: it cannot be read (1), or it is no PNG (2).
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes = read_bounded(path, MAX_FILE)?;
        let mut limits = Limits::default();
        (limits.max_image_width, limits.max_image_height) = (Some(LONGEST), Some(LONGEST));
        limits.max_alloc = Some(MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
        reader.limits(limits);
        let wrong = |e: image::ImageError| {
            let name = text::quoted_path(path);
            Failure::usage(format!("the reference picture {name} cannot be used: {e}"))
                .hint("give a PNG of the empty scene, as view --snapshot makes it")
        };
        let image = reader.decode().map_err(wrong)?.into_rgb8();
        let (width, height) = (image.width() as usize, image.height() as usize);
        Ok(Reference { path: path.to_owned(), width, height, rgb: image.into_raw() })
    }

    /// # Errors
    ///
    /// A [`Failure`] (2) when the video's pictures are of another size.
    pub fn check_size(&self, width: usize, height: usize) -> anyhow::Result<()> {
        if (self.width, self.height) == (width, height) {
            return Ok(());
        }
        let name = text::quoted_path(&self.path);
        let sizes = format!("{}x{}, the video is {width}x{height}", self.width, self.height);
        Err(Failure::usage(format!("the reference picture {name} is {sizes}"))
            .hint("make it from the same camera with the same settings, not turned and not scaled")
            .into())
    }

    /// As a picture with the subsampling and range of `model`.
    ///
    /// # Errors
    ///
    /// As [`Reference::check_size`].
    pub fn like(&self, model: &Picture) -> anyhow::Result<Picture> {
        self.check_size(model.width(), model.height())?;
        Ok(Picture::from_rgb(&self.rgb, model))
    }
}
