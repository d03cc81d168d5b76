//! The secret of an API key: `cairn_sk_` + 256 bits + a checksum, in letters that survive a double-click.

use sha2::{Digest, Sha256};

/// What every secret begins with, so that scanners and people know one.
const PREFIX: &str = "cairn_sk_";
/// 256 bits in base 62.
const RANDOM_CHARS: usize = 43;
/// CRC-32 in base 62.
const CHECKSUM_CHARS: usize = 6;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes the secret from 256 random bits.
pub(crate) fn from_random(bits: [u8; 32]) -> String {
    let random = base62(&bits, RANDOM_CHARS);
    let checksum = base62(
        &crc32fast::hash(random.as_bytes()).to_be_bytes(),
        CHECKSUM_CHARS,
    );
    format!("{PREFIX}{random}{checksum}")
}

/// Whether the checksum fits: garbage and typing slips are turned away without the database.
pub(crate) fn is_well_formed(secret: &str) -> bool {
    let Some(rest) = secret.strip_prefix(PREFIX) else {
        return false;
    };
    if rest.len() != RANDOM_CHARS + CHECKSUM_CHARS
        || !rest.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        return false;
    }
    let (random, checksum) = rest.split_at(RANDOM_CHARS);
    checksum
        == base62(
            &crc32fast::hash(random.as_bytes()).to_be_bytes(),
            CHECKSUM_CHARS,
        )
}

/// What is stored: the secret has 256 bits, so a plain digest cannot be searched.
pub(crate) fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The last characters, by which people tell keys apart.
pub(crate) fn hint(secret: &str) -> String {
    secret[secret.len().saturating_sub(4)..].to_owned()
}

/// A big-endian number in base 62, left-padded with zeros to `chars`.
fn base62(bytes: &[u8], chars: usize) -> String {
    let mut number = bytes.to_vec();
    let mut out = vec![b'0'; chars];
    for place in out.iter_mut().rev() {
        let mut remainder = 0u32;
        for byte in &mut number {
            let value = remainder * 256 + u32::from(*byte);
            *byte = u8::try_from(value / 62)
                .expect("a remainder below 62 keeps the quotient below 256");
            remainder = value % 62;
        }
        *place = ALPHABET[remainder as usize];
    }
    out.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_plain_and_checked() {
        let secret = from_random([0xa7; 32]);
        assert_eq!(secret.len(), PREFIX.len() + RANDOM_CHARS + CHECKSUM_CHARS);
        assert!(is_well_formed(&secret));
        assert_ne!(from_random([0; 32]), from_random([1; 32]));
        assert!(is_well_formed(&from_random([0; 32])) && is_well_formed(&from_random([0xff; 32])));
    }

    #[test]
    fn every_slip_of_one_character_is_noticed() {
        let secret = from_random([0x3c; 32]);
        for at in 0..secret.len() {
            let mut bytes = secret.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert!(
                !is_well_formed(&String::from_utf8(bytes).expect("ASCII")),
                "slip at {at}"
            );
        }
        for garbage in ["", "cairn_sk_", "cairn_sk_é", &"x".repeat(10_000)] {
            assert!(!is_well_formed(garbage));
        }
    }
}
