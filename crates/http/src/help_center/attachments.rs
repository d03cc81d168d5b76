//! Attachments for readers: streamed, never kept in memory, and only while a published, public article shows them.
//!
//! A browser keeps a file for a day, because its address and its bytes never change against each other; what an article
//! no longer shows is gone from here at once and from caches within that day.

use axum::body::Body;
use axum::http::{HeaderMap, Method, Response};
use cairn_service::{Error, attachments::File};

use super::Room;
use super::headers::{self, CachePolicy};
use crate::file;

/// The word between the portal and the id.
const WORD: &str = "attachments";

impl Room {
    /// The answer to a request for an attachment; nothing when the address is none, or nobody may see it.
    pub(crate) async fn attachment(
        &self,
        path: &str,
        host: &str,
        method: &Method,
        request: &HeaderMap,
    ) -> Result<Option<Response<Body>>, Error> {
        let Some(found) = self.find_attachment(path, host).await? else {
            return Ok(None);
        };
        let headers = headers::common(&self.transport, headers::POLICY_OF_DATA, CachePolicy::File);
        file::respond(&found, method, request, headers)
            .await
            .map(Some)
    }

    async fn find_attachment(&self, path: &str, host: &str) -> Result<Option<File>, Error> {
        // Nearly every request ends here.
        if !path.contains("/attachments/") {
            return Ok(None);
        }
        let Some(below) = self.below(path, host).await? else {
            return Ok(None);
        };
        match below.rest() {
            [word, id, name] if word == WORD => below.center.attachment(id, name).await,
            _ => Ok(None),
        }
    }
}
