//! The server with every request counted, and failing on demand.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;

use crate::Failure;
use crate::stamp::stamp;

/// What goes wrong.
#[derive(Debug, Default)]
pub struct Faults {
    /// A listing's page holds no more.
    pub page: Option<i32>,
    /// After this number of reads, the server is overloaded.
    pub fail_every: Option<u64>,
    /// The server is killed at this read.
    pub die_at: Option<u64>,
    /// Conditions of writes are ignored.
    pub unconditional: bool,
}

pub struct Counted {
    inner: FileSystem,
    root: PathBuf,
    log: Mutex<File>,
    faults: Faults,
    reads: AtomicU64,
    /// A condition and the write after it are one step.
    writes: tokio::sync::Mutex<()>,
}

impl Counted {
    pub fn new(root: &Path, log: &Path, faults: Faults) -> Result<Self, Failure> {
        let inner = FileSystem::new(root).map_err(|e| format!("{e:?}"))?;
        let log = Mutex::new(OpenOptions::new().create(true).append(true).open(log)?);
        let (reads, writes) = (AtomicU64::new(0), tokio::sync::Mutex::new(()));
        Ok(Counted { inner, root: root.to_owned(), log, faults, reads, writes })
    }

    fn count(&self, kind: &str, bucket: &str, key: &str, bytes: i64) {
        let line = format!("{kind} {bucket} {} {bytes}\n", key.replace(' ', "%20"));
        let _ = self.log.lock().map(|mut log| log.write_all(line.as_bytes()));
    }
}

#[async_trait::async_trait]
impl S3 for Counted {
    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let (bucket, key, condition) = (req.input.bucket.clone(), req.input.key.clone(), req.input.if_match.clone());
        let n = self.reads.fetch_add(1, Ordering::SeqCst) + 1;
        if self.faults.die_at == Some(n) {
            std::process::abort();
        }
        if self.faults.fail_every.is_some_and(|every| n % every == 0) {
            self.count("SlowDown", &bucket, &key, 0);
            return Err(s3_error!(SlowDown, "reduce your request rate"));
        }
        if !self.root.join(&bucket).is_dir() {
            self.count("GetObject", &bucket, &key, 0);
            return Err(s3_error!(NoSuchBucket));
        }
        stamp(&self.root, &bucket, &key);
        let answer = self.inner.get_object(req).await;
        let bytes = answer.as_ref().map_or(0, |a| a.output.content_length.unwrap_or(0));
        self.count("GetObject", &bucket, &key, bytes);
        let answer = answer?;
        match (condition.as_ref().and_then(|c| c.as_etag()), &answer.output.e_tag) {
            (Some(wanted), Some(is)) if !is.strong_cmp(wanted) => Err(s3_error!(PreconditionFailed)),
            _ => Ok(answer),
        }
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        self.count("HeadObject", &req.input.bucket, &req.input.key, 0);
        stamp(&self.root, &req.input.bucket, &req.input.key);
        self.inner.head_object(req).await
    }

    async fn list_objects_v2(
        &self,
        mut req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let page = self.faults.page.unwrap_or(1000).min(req.input.max_keys.unwrap_or(1000));
        req.input.max_keys = Some(page);
        self.count("ListObjectsV2", &req.input.bucket, req.input.prefix.as_deref().unwrap_or("-"), 0);
        self.inner.list_objects_v2(req).await
    }

    async fn put_object(&self, mut req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let bytes = req.input.content_length.unwrap_or(0);
        self.count("PutObject", &req.input.bucket, &req.input.key, bytes);
        if self.faults.unconditional {
            (req.input.if_match, req.input.if_none_match) = (None, None);
        }
        let _one = self.writes.lock().await;
        self.inner.put_object(req).await
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let bytes = req.input.content_length.unwrap_or(0);
        self.count("UploadPart", &req.input.bucket, &req.input.key, bytes);
        self.inner.upload_part(req).await
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.count("DeleteObject", &req.input.bucket, &req.input.key, 0);
        let _one = self.writes.lock().await;
        self.inner.delete_object(req).await
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> S3Result<S3Response<DeleteObjectsOutput>> {
        self.count("DeleteObjects", &req.input.bucket, "-", 0);
        let _one = self.writes.lock().await;
        self.inner.delete_objects(req).await
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        self.count("CreateMultipartUpload", &req.input.bucket, &req.input.key, 0);
        let _one = self.writes.lock().await;
        self.inner.create_multipart_upload(req).await
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        self.count("CompleteMultipartUpload", &req.input.bucket, &req.input.key, 0);
        let _one = self.writes.lock().await;
        self.inner.complete_multipart_upload(req).await
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.count("AbortMultipartUpload", &req.input.bucket, &req.input.key, 0);
        let _one = self.writes.lock().await;
        self.inner.abort_multipart_upload(req).await
    }
}
