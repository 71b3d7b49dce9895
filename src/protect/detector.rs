//! The detector that `--also` asks for.

use std::path::Path;

use crate::cli::Failure;
use crate::privacy::Detector;

use super::Scene;

/// The largest model, in bytes.
#[cfg(feature = "detect")]
const MAX_FILE: usize = 64 << 20;

/// # Errors
///
/// A [`Failure`] (2): no model for what is asked for, or a model for nothing; or this build has no detector.
pub(super) fn check(scene: &Scene) -> anyhow::Result<()> {
    match (scene.also, &scene.model) {
        (Some(_), _) if cfg!(not(feature = "detect")) => {
            Err(Failure::usage("--also faces needs a detector, which this build leaves out")
                .hint("build with it: cargo build --release --features detect; or leave --also out")
                .into())
        }
        (Some(_), None) => Err(Failure::usage("--also faces needs a model")
            .hint("say --model yunet.onnx, the face detector YuNet for pictures of 640x640")
            .into()),
        (None, Some(_)) => Err(Failure::usage("--model is for --also").hint("say --also faces, too").into()),
        _ => Ok(()),
    }
}

/// Reads the detector that is asked for.
///
/// # Errors
///
/// A [`Failure`]: the model cannot be read (1), or it is none (2).
pub(super) fn read(scene: &Scene) -> anyhow::Result<Option<Box<dyn Detector + Send>>> {
    check(scene)?;
    scene.also.and(scene.model.as_deref()).map(load).transpose()
}

#[cfg(feature = "detect")]
fn load(path: &Path) -> anyhow::Result<Box<dyn Detector + Send>> {
    let bytes = crate::storage::read_bounded(path, MAX_FILE)?;
    let detector = crate::privacy::YuNet::parse(&bytes).map_err(|e| {
        Failure::usage(format!("the model {} cannot be used: {e}", crate::base::text::quoted_path(path)))
            .hint("give the ONNX file of YuNet for pictures of 640x640")
    })?;
    Ok(Box::new(detector))
}

#[cfg(not(feature = "detect"))]
fn load(_: &Path) -> anyhow::Result<Box<dyn Detector + Send>> {
    // `check` has refused it
    Err(Failure::usage("this build has no detector").into())
}
