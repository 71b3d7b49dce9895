//! The files of a case, in a hidden folder beside its name until all of them are there.

use std::any::Any;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::base::Report;
use crate::base::text;
use crate::cli::Failure;
use crate::storage::{AtomicFile, Existing, Input};

use super::case::is_zip;
use super::zip::ZipWriter;

/// So often the folder is removed at a signal.
const ATTEMPTS: u32 = 100;

/// A folder that is filled; dropped, it is gone, and at the second signal, too.
pub(super) struct Staging {
    folder: PathBuf,
    _tidying: Box<dyn Any + Send>,
    /// The zip file that it becomes, or the folder's name.
    target: Target,
    /// Names from the folder on, `/` between them, and what they are, in the order of their making.
    files: Vec<(String, String)>,
}

enum Target {
    Zip(Option<AtomicFile>),
    Folder(PathBuf),
}

impl Staging {
    /// An empty one for the case at `path`.
    ///
    /// # Errors
    ///
    /// As [`AtomicFile::create`]; a folder is there already, or something of that name (2).
    pub fn begin(path: &Path, existing: Existing, input: &Input, report: &Report) -> anyhow::Result<Self> {
        let target = match is_zip(path) {
            true => Target::Zip(Some(AtomicFile::create(path, 0o666, existing, Some(input))?)),
            false if path.file_name().is_none() => return Err(Failure::usage("the case has no name").into()),
            false if fs::symlink_metadata(path).is_ok() => {
                return Err(Failure::usage(format!("{} exists already", text::quoted_path(path)))
                    .hint("name a new folder, or a .zip file")
                    .into());
            }
            false => Target::Folder(path.to_owned()),
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
            // the work goes on meanwhile: a file may come into the folder when it has just been emptied
            for _ in 0..ATTEMPTS {
                match fs::remove_dir_all(&left) {
                    Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                    _ => break,
                }
            }
        })?;
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", text::quoted_path(path)))?;
        let staging = Staging { folder, _tidying: tidying, target, files: Vec::new() };
        fs::create_dir(staging.file("certificates"))?;
        Ok(staging)
    }

    /// Where a file stands for now.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Names and what they are.
    pub fn files(&self) -> &[(String, String)] {
        &self.files
    }

    /// A new file.
    pub fn create(&mut self, name: &str, what: &str) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(self.file(name))?;
        self.files.push((name.to_owned(), what.to_owned()));
        Ok(file)
    }

    /// A new file with this in it.
    pub fn write(&mut self, name: &str, what: &str, content: &[u8]) -> anyhow::Result<()> {
        let written = self.create(name, what).and_then(|mut f| f.write_all(content));
        written.with_context(|| format!("cannot write {name} of the case"))
    }

    /// A file that is not wanted after all.
    pub fn remove(&mut self, name: &str) -> io::Result<()> {
        self.files.retain(|(n, _)| n != name);
        fs::remove_file(self.file(name))
    }

    /// Puts all of it on the disk and under its name.
    pub fn commit(mut self) -> anyhow::Result<()> {
        match &mut self.target {
            Target::Zip(file) => {
                let Some(mut file) = file.take() else { return Ok(()) };
                let stem = |p: &Path| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let mut zip = ZipWriter::new(file.file());
                for (name, _) in &self.files {
                    zip.add(name, &self.folder.join(name))
                        .with_context(|| format!("cannot put {name} into the zip"))?;
                }
                zip.finish().with_context(|| format!("cannot finish {}", stem(&self.folder)))?;
                Ok(file.commit()?)
            }
            Target::Folder(path) => {
                let name = text::quoted_path(path);
                let told = || format!("cannot create {name}");
                for (file, _) in &self.files {
                    File::open(self.folder.join(file)).and_then(|f| f.sync_all()).with_context(told)?;
                }
                for folder in [self.folder.join("certificates"), self.folder.clone()] {
                    let _ = File::open(folder).and_then(|f| f.sync_all());
                }
                // a folder never takes the place of one that has something in it
                if fs::symlink_metadata(&path).is_ok() {
                    return Err(Failure::usage(format!("{name} exists already")).into());
                }
                fs::rename(&self.folder, &path).with_context(told)?;
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
