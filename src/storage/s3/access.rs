//! Settings, and a bucket made of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::ObjectError;
use super::error::Asked;

/// A server answers a connection within this time.
const CONNECT: Duration = Duration::from_secs(10);
/// One request is over within this time, whatever of it was transferred.
const REQUEST: Duration = Duration::from_secs(60);
/// Maximum number of retries of a request.
const RETRIES: usize = 4;
/// No try begins later than this.
const RETRY_FOR: Duration = Duration::from_secs(60);

/// The settings that are read: those of the environment that other S3 tools know.
pub(super) const SETTINGS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ALLOW_HTTP",
    "AWS_VIRTUAL_HOSTED_STYLE_REQUEST",
    "AWS_SKIP_SIGNATURE",
    "AWS_REQUEST_PAYER",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_METADATA_ENDPOINT",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_KMS_KEY_ID",
];

/// Any of these says who asks.
const WHO: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SKIP_SIGNATURE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
];

/// Where storage is and who asks.
#[derive(Clone)]
pub struct Access {
    settings: Vec<(String, String)>,
}

/// Without what the settings are.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    /// Asks `lookup` for each setting by its name in the environment, as `AWS_ENDPOINT_URL`.
    ///
    /// # Errors
    ///
    /// No credentials, or half of them.
    pub fn new(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ObjectError> {
        let get = |name: &&str| lookup(name).filter(|v| !v.is_empty()).map(|v| ((*name).to_owned(), v));
        let access = Access { settings: SETTINGS.iter().filter_map(get).collect() };
        let missing = |name| access.get(name).is_none();
        let settings = |text: &str| Err(ObjectError::Settings(text.to_owned()));
        match (missing("AWS_ACCESS_KEY_ID"), missing("AWS_SECRET_ACCESS_KEY")) {
            (true, false) => return settings("AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not"),
            (false, true) => return settings("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"),
            _ => {}
        }
        if WHO.iter().all(|name| missing(name)) {
            return settings(
                "no credentials for storage: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not in the environment",
            );
        }
        let plain = access.endpoint().starts_with("http://");
        if plain && !access.get("AWS_ALLOW_HTTP").is_some_and(|v| matches!(v, "true" | "1")) {
            return settings(
                "the storage's endpoint is http://, so nothing is encrypted on the way: set AWS_ALLOW_HTTP=true to use it",
            );
        }
        Ok(access)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn endpoint(&self) -> &str {
        self.get("AWS_ENDPOINT_URL_S3").or(self.get("AWS_ENDPOINT_URL")).unwrap_or("Amazon's endpoint")
    }

    /// The bucket; nothing is asked for yet.
    ///
    /// # Errors
    ///
    /// The settings are no good.
    pub fn bucket(&self, name: &str) -> Result<Bucket, ObjectError> {
        let engine = super::engine::handle()?;
        let mut builder = AmazonS3Builder::new().with_bucket_name(name);
        for (setting, value) in &self.settings {
            let key = setting.to_ascii_lowercase().parse::<AmazonS3ConfigKey>();
            let key = key.map_err(|_| ObjectError::Settings(format!("{setting} is not known")))?;
            builder = builder.with_config(key, value);
        }
        let allow_http = self.endpoint().starts_with("http://");
        let options =
            ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(REQUEST).with_allow_http(allow_http);
        let backoff =
            BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 3.0 };
        let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_FOR };
        let _inside = engine.enter();
        let store =
            builder.with_client_options(options).with_retry(retry).build().map_err(|e| {
                ObjectError::Settings(format!("the settings for storage are no good: {}", last_cause(&e)))
            })?;
        Ok(Bucket { name: name.to_owned(), endpoint: self.endpoint().to_owned(), store: Arc::new(store) })
    }
}

fn last_cause(e: &dyn std::error::Error) -> String {
    match e.source() {
        Some(cause) => last_cause(cause),
        None => e.to_string(),
    }
}

/// A bucket. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Bucket {
    name: String,
    endpoint: String,
    pub(super) store: Arc<AmazonS3>,
}

impl Bucket {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn asked(&self, key: &str) -> Asked {
        Asked { bucket: self.name.clone(), endpoint: self.endpoint.clone(), place: format!("s3://{}/{key}", self.name) }
    }

    /// The key as the storage takes it.
    pub(super) fn path(&self, key: &str) -> Result<Path, ObjectError> {
        let name = |why: &str| ObjectError::Name { place: self.asked(key).place, why: why.to_owned() };
        let path = Path::parse(key).map_err(|_| name("an empty part, \".\", \"..\" or a control character"))?;
        if path.as_ref() == key && !key.is_empty() { Ok(path) } else { Err(name("it begins or ends with a slash")) }
    }
}
