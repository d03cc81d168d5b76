//! Files in S3-compatible storage.
//!
//! Only what every such storage does is asked of it: put with `If-None-Match: *`, get with a range, list below a
//! prefix, delete. There is no rename and no copy-if-absent (measured against moto 5.2), and none is needed: names are
//! immutable.

use std::fmt;
use std::sync::Once;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::error::VaultError;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time one request may take: 20 MiB at 3 Mbit/s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a request that failed in a way that passes is sent again.
const RETRIES_MAX: usize = 3;
/// After which no further try begins.
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

/// Where in S3-compatible storage files are kept.
#[derive(Clone, Default)]
pub struct S3Place {
    /// The bucket.
    pub bucket: String,
    /// What every name begins with; may be empty.
    pub prefix: String,
    /// Region; `us-east-1` where the storage has none.
    pub region: Option<String>,
    /// Address of the storage; Amazon's own when absent.
    pub endpoint: Option<String>,
    /// Key id; when absent the environment is looked at, then the machine's own role is asked for one.
    pub access_key_id: Option<String>,
    /// The secret that belongs to it.
    pub secret_access_key: Option<String>,
    /// The token of keys that are lent for a while.
    pub session_token: Option<String>,
    /// The bucket stands in the path (`https://host/bucket`), not in the host name.
    pub path_style: bool,
}

impl fmt::Debug for S3Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Place")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("path_style", &self.path_style)
            .finish_non_exhaustive()
    }
}

/// The storage. Asks it nothing yet.
pub(crate) fn open(place: &S3Place) -> Result<AmazonS3, VaultError> {
    name_cryptography();
    let is_plain_http = place
        .endpoint
        .as_deref()
        .is_some_and(|e| e.starts_with("http://"));
    let named = match place.access_key_id {
        Some(_) => AmazonS3Builder::new(),
        // AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE and their like; what is set below wins.
        None => AmazonS3Builder::from_env(),
    };
    let mut builder = named
        .with_bucket_name(&place.bucket)
        .with_region(place.region.as_deref().unwrap_or("us-east-1"))
        .with_virtual_hosted_style_request(!place.path_style)
        .with_allow_http(is_plain_http)
        .with_client_options(
            ClientOptions::new()
                .with_allow_http(is_plain_http)
                .with_connect_timeout(CONNECT_TIMEOUT)
                .with_timeout(REQUEST_TIMEOUT),
        )
        .with_retry(RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_TIMEOUT,
        });
    if let Some(endpoint) = &place.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(id), Some(secret)) = (&place.access_key_id, &place.secret_access_key) {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret);
        if let Some(token) = &place.session_token {
            builder = builder.with_token(token);
        }
    }
    builder.build().map_err(|error| {
        VaultError::Refused(format!(
            "the S3 settings of attachments cannot be used: {error}; check bucket, region, endpoint and keys"
        ))
    })
}

/// Names the cryptography TLS uses: the one the database connection is built with already. The HTTP client refuses to
/// be built before that is settled, also where no TLS is going to happen.
fn name_cryptography() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider()
            .install_default()
            .is_err()
        {
            tracing::debug!("the cryptography of TLS is settled already");
        }
    });
}
