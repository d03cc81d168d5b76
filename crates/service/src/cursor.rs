//! Cursors: opaque page tokens, bound to the list they came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cairn_domain::limits::CURSOR_BYTES_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::{Error, ErrorCode, Result};

/// Makes a cursor for the list that `query` describes.
pub(crate) fn encode(query: &impl Serialize, place: &impl Serialize) -> Result<String> {
    let place = serde_json::to_vec(place).map_err(Error::internal)?;
    let mut bytes = binding(query)?.to_vec();
    bytes.extend_from_slice(&place);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a cursor back; one of another list, or a made-up one, is refused.
pub(crate) fn decode<T: DeserializeOwned>(query: &impl Serialize, cursor: &str) -> Result<T> {
    let bad = || {
        Error::new(
            ErrorCode::InvalidCursor,
            "this cursor does not belong to this list with these filters; start again without a cursor",
        )
    };
    if cursor.len() > CURSOR_BYTES_MAX {
        return Err(bad());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    let (tag, place) = bytes.split_at_checked(8).ok_or_else(bad)?;
    if tag != binding(query)? {
        return Err(bad());
    }
    serde_json::from_slice(place).map_err(|_| bad())
}

/// What ties a cursor to its list: the filters, hashed. Not a secret: a forged place shows nothing
/// that the same caller could not list anyway.
fn binding(query: &impl Serialize) -> Result<[u8; 8]> {
    let digest = Sha256::digest(serde_json::to_vec(query).map_err(Error::internal)?);
    let mut tag = [0; 8];
    tag.copy_from_slice(&digest[..8]);
    Ok(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_only_its_own_list() {
        let cursor = encode(&("articles", "en"), &(7, "x")).expect("encodes");
        assert_eq!(
            decode::<(i64, String)>(&("articles", "en"), &cursor).expect("its own"),
            (7, "x".to_owned())
        );
        assert!(decode::<(i64, String)>(&("articles", "de"), &cursor).is_err());
        for bad in ["", "!", "AAAA", &"A".repeat(5_000)] {
            assert!(decode::<(i64, String)>(&("articles", "en"), bad).is_err());
        }
    }
}
