//! Clips made by ffmpeg, each made once: a folder below target/tmp keeps them by what they are made with, for all
//! threads, programs and runs. `scene` in `tests/pipelines/prelude` keeps its clips there, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use vidveil::format::sha256;

/// The folder of the clips. Another version of ffmpeg has another one.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let version = Command::new("ffmpeg").arg("-version").output().expect("ffmpeg is installed").stdout;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clips").join(name_of(&version));
        fs::create_dir_all(&folder).unwrap();
        folder
    })
}

/// Puts a clip at `path`: what ffmpeg makes with these arguments, in the container that the name's ending stands for.
/// The arguments name no files.
#[track_caller]
pub fn clip(path: &Path, arguments: &str) {
    let ending = path.extension().unwrap().to_str().unwrap();
    let made = folder().join(format!("{}.{ending}", name_of(arguments.as_bytes())));
    if !made.exists() {
        // renamed when it is whole: whoever makes the same clip meanwhile does no harm
        let making = tempfile::tempdir_in(folder()).unwrap();
        let new = making.path().join(format!("new.{ending}"));
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-nostdin"]).args(arguments.split_whitespace()).arg(&new);
        assert!(ffmpeg.status().unwrap().success(), "{ffmpeg:?}");
        fs::rename(&new, &made).unwrap();
    }
    fs::copy(&made, path).unwrap();
}

fn name_of(recipe: &[u8]) -> String {
    sha256(recipe)[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}
