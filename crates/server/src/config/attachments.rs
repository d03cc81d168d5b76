//! The settings of the table `[attachments]`: where the files that articles show are kept.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cairn_service::attachments::{Place, S3Place};
use serde::{Deserialize, Serialize};

use super::Secret;

/// Every setting of the table by name; a test holds it against the struct.
pub const ATTACHMENT_SETTINGS: &[&str] = &[
    "dir",
    "bucket",
    "prefix",
    "region",
    "endpoint",
    "path_style",
    "access_key_id",
    "secret_access_key",
    "secret_access_key_file",
    "session_token",
];

/// Those of them whose text is never read as a number or a truth value.
pub(super) const ATTACHMENT_TEXTS: &[&str] = &[
    "dir",
    "bucket",
    "prefix",
    "region",
    "endpoint",
    "access_key_id",
    "secret_access_key",
    "secret_access_key_file",
    "session_token",
];

/// Where files are kept: a directory, or a bucket.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttachmentsConfig {
    /// The directory; `attachments` in the data directory when neither this nor a bucket is named.
    pub dir: Option<PathBuf>,
    /// A bucket of S3-compatible storage.
    pub bucket: Option<String>,
    /// What every name in the bucket begins with.
    pub prefix: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Address of the storage, when it is not Amazon's.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the path; when absent, it does where `endpoint` is set.
    pub path_style: Option<bool>,
    /// Key id.
    pub access_key_id: Option<Secret>,
    /// The secret that belongs to it.
    pub secret_access_key: Option<Secret>,
    /// A file that holds the secret and nothing else.
    pub secret_access_key_file: Option<PathBuf>,
    /// The token of keys that are lent for a while.
    pub session_token: Option<Secret>,
}

impl AttachmentsConfig {
    /// What no type says.
    pub(super) fn check(&self) -> Result<()> {
        if self.bucket.is_some() && self.dir.is_some() {
            bail!("settings attachments.dir and attachments.bucket are both given; give one");
        }
        if self.bucket.is_none()
            && let Some(name) = self.first_of_bucket()
        {
            bail!(
                "setting attachments.{name} is given without attachments.bucket; name the bucket, or leave it out"
            );
        }
        if let Some(endpoint) = &self.endpoint
            && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
        {
            bail!(
                "setting attachments.endpoint: {endpoint:?} does not begin with http:// or https://"
            );
        }
        if self.secret_access_key.is_some() && self.secret_access_key_file.is_some() {
            bail!(
                "settings attachments.secret_access_key and attachments.secret_access_key_file are both given; give one"
            );
        }
        let has_secret = self.secret_access_key.is_some() || self.secret_access_key_file.is_some();
        if self.access_key_id.is_some() != has_secret {
            bail!(
                "settings attachments.access_key_id and its secret go together; give both, or neither"
            );
        }
        Ok(())
    }

    /// The first setting that means nothing without a bucket.
    fn first_of_bucket(&self) -> Option<&'static str> {
        [
            ("prefix", self.prefix.is_some()),
            ("region", self.region.is_some()),
            ("endpoint", self.endpoint.is_some()),
            ("path_style", self.path_style.is_some()),
            ("access_key_id", self.access_key_id.is_some()),
            ("secret_access_key", self.secret_access_key.is_some()),
            (
                "secret_access_key_file",
                self.secret_access_key_file.is_some(),
            ),
            ("session_token", self.session_token.is_some()),
        ]
        .into_iter()
        .find_map(|(name, is_given)| is_given.then_some(name))
    }

    /// The place they name.
    ///
    /// # Errors
    /// When the file of the secret cannot be read.
    pub fn place(&self, data_dir: &Path) -> Result<Place> {
        let Some(bucket) = &self.bucket else {
            let dir = self
                .dir
                .clone()
                .unwrap_or_else(|| data_dir.join("attachments"));
            return Ok(Place::Directory(dir));
        };
        let text = |secret: &Option<Secret>| secret.as_ref().map(|s| s.expose().to_owned());
        let secret = match &self.secret_access_key_file {
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .with_context(|| {
                        format!(
                            "setting attachments.secret_access_key_file: cannot read {}",
                            path.display()
                        )
                    })?
                    .trim()
                    .to_owned(),
            ),
            None => text(&self.secret_access_key),
        };
        Ok(Place::S3(S3Place {
            bucket: bucket.clone(),
            prefix: self.prefix.clone().unwrap_or_default(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            path_style: self.path_style.unwrap_or(self.endpoint.is_some()),
            access_key_id: text(&self.access_key_id),
            secret_access_key: secret,
            session_token: text(&self.session_token),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_settings_is_the_struct() {
        let json = serde_json::to_value(AttachmentsConfig::default()).unwrap();
        let mut fields: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        let mut listed: Vec<_> = ATTACHMENT_SETTINGS
            .iter()
            .map(|s| (*s).to_owned())
            .collect();
        fields.sort();
        listed.sort();
        assert_eq!(fields, listed);
    }

    #[test]
    fn a_directory_below_the_data_directory_is_the_default() {
        let place = AttachmentsConfig::default()
            .place(Path::new("data"))
            .unwrap();
        assert!(matches!(place, Place::Directory(dir) if dir == Path::new("data/attachments")));
    }

    #[test]
    fn the_secret_may_stand_in_a_file_and_is_never_shown() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secret");
        std::fs::write(&path, "s3cret\n").unwrap();
        let config: AttachmentsConfig = serde_json::from_value(serde_json::json!({
            "bucket": "b", "endpoint": "http://127.0.0.1:9000", "access_key_id": "id", "secret_access_key_file": path,
        }))
        .unwrap();
        config.check().unwrap();
        let place = config.place(Path::new("data")).unwrap();
        assert!(!format!("{place:?} {config:?}").contains("s3cret"));
        let Place::S3(place) = place else {
            panic!("a bucket is named");
        };
        assert!(place.path_style);
        assert_eq!(place.secret_access_key.as_deref(), Some("s3cret"));
    }

    #[test]
    fn settings_that_do_not_fit_together_are_named() {
        for (config, said) in [
            (serde_json::json!({"bucket": "b", "dir": "d"}), "both given"),
            (serde_json::json!({"region": "r"}), "attachments.region"),
            (
                serde_json::json!({"bucket": "b", "endpoint": "x"}),
                "attachments.endpoint",
            ),
            (
                serde_json::json!({"bucket": "b", "access_key_id": "x"}),
                "go together",
            ),
            (
                serde_json::json!({"bucket": "b", "secret_access_key": "x"}),
                "go together",
            ),
        ] {
            let config: AttachmentsConfig = serde_json::from_value(config).unwrap();
            let fault = config.check().unwrap_err().to_string();
            assert!(fault.contains(said), "{fault}");
        }
    }
}
