//! Keys of bundles, as openssl writes them: a private key in PKCS#8, a public key in SPKI, both in
//! PEM, both ed25519 (RFC 8410).

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

/// What stands before the 32 bytes of a public key: SEQUENCE { SEQUENCE { OID 1.3.101.112 } BIT STRING.
const PUBLIC_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// Largest file that is read as a key, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;

/// What bundles are signed with.
pub(crate) struct SignKey(Ed25519KeyPair);

impl SignKey {
    /// Reads the file that `openssl genpkey -algorithm ed25519` writes.
    ///
    /// # Errors
    /// When it is no such key.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = read(path)?;
        if text.contains("BEGIN ENCRYPTED PRIVATE KEY") {
            bail!(
                "{} is encrypted; decrypt it first: openssl pkey -in {} -out key.pem",
                path.display(),
                path.display()
            );
        }
        let der = pem(&text, "PRIVATE KEY").with_context(|| {
            format!(
                "{} is no private key in PEM; make one: openssl genpkey -algorithm ed25519 -out key.pem",
                path.display()
            )
        })?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
            .map_err(|error| anyhow!("{} is no ed25519 key: {error}", path.display()))?;
        Ok(Self(pair))
    }

    /// The signature of some bytes.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.sign(bytes).as_ref().to_vec()
    }
}

/// What signatures of bundles are checked with.
#[derive(Debug, Clone)]
pub(crate) struct VerifyKey([u8; 32]);

impl VerifyKey {
    /// Reads the file that `openssl pkey -pubout` writes.
    ///
    /// # Errors
    /// When it is no such key.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = read(path)?;
        let der = pem(&text, "PUBLIC KEY").with_context(|| {
            format!(
                "{} is no public key in PEM; make it: openssl pkey -in key.pem -pubout -out pub.pem",
                path.display()
            )
        })?;
        let key = der
            .strip_prefix(&PUBLIC_PREFIX)
            .and_then(|key| key.try_into().ok())
            .with_context(|| format!("{} is no ed25519 key", path.display()))?;
        Ok(Self(key))
    }

    /// Whether this key signed these bytes.
    pub(crate) fn fits(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(bytes, signature)
            .is_ok()
    }
}

fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    let length = std::fs::metadata(path)
        .with_context(|| format!("cannot read {shown}"))?
        .len();
    if length > KEY_FILE_BYTES_MAX {
        bail!("{shown} is too large to be a key");
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))
}

/// The bytes of the first block of this kind.
fn pem(text: &str, kind: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {kind}-----"))?;
    let (block, _) = rest.split_once(&format!("-----END {kind}-----"))?;
    let digits: String = block.split_whitespace().collect();
    STANDARD.decode(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What openssl writes before the 32 bytes of a key.
    const PRIVATE_PREFIX: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];

    #[test]
    fn a_signature_fits_its_bytes_and_its_key_alone() {
        let home = tempfile::tempdir().unwrap();
        let block = |kind: &str, digits: &str| {
            format!("-----BEGIN {kind}-----\n{digits}\n-----END {kind}-----\n")
        };
        let file = home.path().join("key.pem");
        let private = STANDARD.encode([&PRIVATE_PREFIX[..], &[7; 32]].concat());
        std::fs::write(&file, block("PRIVATE KEY", &private)).unwrap();
        let key = SignKey::read(&file).unwrap();
        let public = {
            use ring::signature::KeyPair as _;
            let mut der = PUBLIC_PREFIX.to_vec();
            der.extend_from_slice(key.0.public_key().as_ref());
            STANDARD.encode(der)
        };
        std::fs::write(&file, block("PUBLIC KEY", &public)).unwrap();
        let verify = VerifyKey::read(&file).unwrap();
        let signature = key.sign(b"bytes");
        assert!(verify.fits(b"bytes", &signature));
        assert!(!verify.fits(b"Bytes", &signature) && !verify.fits(b"bytes", &signature[1..]));
        assert!(SignKey::read(&file).is_err());
        for bad in [
            "",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            std::fs::write(&file, bad).unwrap();
            assert!(VerifyKey::read(&file).is_err());
        }
    }
}
