//! The files of a case, in a hidden folder next to its name until all of them are there.

use std::any::Any;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::base::Report;
use crate::base::text::quoted_path;
use crate::storage::permissions::{file_made_with, fix_file, fix_folder, folder_made_with};
use crate::storage::{AtomicFile, Existing, Input, OutputFile};

use super::error::EvidenceError;
use super::zip::ZipWriter;

/// The name in a case of the excerpt, sealed as it was recorded.
pub(super) const EXCERPT: &str = "excerpt.vv";

/// The maximum number of attempts to remove the folder when the work is aborted.
const MAX_ATTEMPTS: u32 = 100;

/// A folder that is filled. It is removed when it is dropped, or when the work is aborted.
pub(super) struct Staging {
    folder: PathBuf,
    _tidying: Box<dyn Any + Send>,
    /// The name of the case.
    path: PathBuf,
    /// What it becomes.
    target: Target,
    mode: Option<u32>,
    /// Names of the files in the folder, with `/` between parts, and what they are, in the order in which they were
    /// made.
    files: Vec<(String, String)>,
}

enum Target {
    Zip(Option<AtomicFile>),
    Folder,
}

impl Staging {
    /// An empty one for the case at `path`.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::create`]; there is a file or folder of that name.
    pub fn begin(
        path: &Path,
        existing: Existing,
        mode: Option<u32>,
        input: &Input,
        report: &Report,
    ) -> Result<Self, EvidenceError> {
        let target = if is_zip(path) {
            let mut zip = AtomicFile::create(path, file_made_with(mode), existing, Some(input))?;
            fix_file(zip.file().as_file(), mode)?;
            Target::Zip(Some(zip))
        } else if path.file_name().is_none() {
            return Err(EvidenceError::NoName);
        } else if fs::symlink_metadata(path).is_ok() {
            return Err(EvidenceError::Exists(path.to_owned()));
        } else {
            Target::Folder
        };
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.case", std::process::id()));
        let folder = path.with_file_name(name);
        let temporary = match &target {
            Target::Zip(Some(file)) => Some(file.temporary().to_owned()),
            _ => None,
        };
        let left = folder.clone();
        let tidying = report.tidy_at_abort(move || {
            temporary.iter().for_each(|file| drop(fs::remove_file(file)));
            // the work goes on meanwhile: a file may be written into the folder just after it was emptied
            for _ in 0..MAX_ATTEMPTS {
                match fs::remove_dir_all(&left) {
                    Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                    _ => break,
                }
            }
        })?;
        let mut private = DirBuilder::new();
        private.mode(folder_made_with(mode));
        private.create(&folder).map_err(|source| EvidenceError::Create { path: path.to_owned(), source })?;
        let staging = Staging { folder, _tidying: tidying, path: path.to_owned(), target, mode, files: Vec::new() };
        let certificates = private.create(staging.file("certificates"));
        certificates.map_err(|source| EvidenceError::Create { path: path.to_owned(), source })?;
        Ok(staging)
    }

    /// Where a file is until the case is finished.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Names and what they are.
    pub fn files(&self) -> &[(String, String)] {
        &self.files
    }

    /// A new file.
    pub fn create(&mut self, name: &str, what: &str) -> Result<OutputFile, EvidenceError> {
        let shown = format!("{name} of the case {}", quoted_path(&self.path));
        let cannot = |source| EvidenceError::File { name: shown.clone(), source };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(file_made_with(self.mode))
            .open(self.file(name))
            .map_err(cannot)?;
        fix_file(&file, self.mode).map_err(cannot)?;
        self.files.push((name.to_owned(), what.to_owned()));
        Ok(OutputFile::named(file, shown))
    }

    /// A new file with this in it.
    pub fn write(&mut self, name: &str, what: &str, content: &[u8]) -> Result<(), EvidenceError> {
        Ok(self.create(name, what)?.write_all(content)?)
    }

    /// A file that is not wanted after all.
    pub fn remove(&mut self, name: &str) -> io::Result<()> {
        self.files.retain(|(n, _)| n != name);
        fs::remove_file(self.file(name))
    }

    /// Syncs all files and gives the case its name.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or the name was taken meanwhile.
    pub fn commit(mut self) -> Result<(), EvidenceError> {
        match &mut self.target {
            Target::Zip(file) => {
                let Some(mut file) = file.take() else { return Ok(()) };
                let length = |name: &String| fs::metadata(self.folder.join(name)).map_or(0, |meta| meta.len());
                file.file().expect_length(self.files.iter().map(|(name, _)| length(name)).sum());
                let mut zip = ZipWriter::new(file.file());
                for (name, _) in &self.files {
                    zip.add(name, &self.folder.join(name))
                        .map_err(|source| EvidenceError::Zip { name: name.clone(), source })?;
                }
                zip.finish().map_err(|source| EvidenceError::FinishZip { path: self.path.clone(), source })?;
                Ok(file.commit()?)
            }
            Target::Folder => {
                let path = &self.path;
                let cannot = |source| EvidenceError::Create { path: path.clone(), source };
                for (file, _) in &self.files {
                    File::open(self.folder.join(file)).and_then(|f| f.sync_all()).map_err(cannot)?;
                }
                for folder in [self.folder.join("certificates"), self.folder.clone()] {
                    let folder = File::open(folder).map_err(cannot)?;
                    fix_folder(&folder, self.mode).map_err(cannot)?;
                    let _ = folder.sync_all();
                }
                // a folder never takes the place of one that has something in it
                if fs::symlink_metadata(path).is_ok() {
                    return Err(EvidenceError::Appeared(path.clone()));
                }
                fs::rename(&self.folder, path).map_err(cannot)?;
                let above = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let _ = File::open(above).and_then(|f| f.sync_all());
                Ok(())
            }
        }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether the case is one file.
fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"))
}
