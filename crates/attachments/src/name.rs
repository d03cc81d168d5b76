//! Names of kept files: made of a portal and a digest, never of anything a sender wrote.

use object_store::path::Path;

/// Characters a part of a name may have; what a portal's id and a digest are written with.
fn is_plain(part: &str) -> bool {
    !part.is_empty()
        && part.len() <= 64
        && part
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The name of a kept file: `<portal>/<digest>`, or `<portal>/<digest>.<width>.webp` of a smaller variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectName {
    portal: String,
    digest: String,
    variant_width: Option<u32>,
}

impl ObjectName {
    /// The name of a file. Both parts are lower-case letters, digits and hyphens.
    ///
    /// # Panics
    /// When they are not: ids and digests never are anything else.
    pub fn new(portal: &str, digest: &str) -> Self {
        assert!(
            is_plain(portal) && is_plain(digest),
            "invariant: a kept file is named by an id and a digest"
        );
        Self {
            portal: portal.to_owned(),
            digest: digest.to_owned(),
            variant_width: None,
        }
    }

    /// The name of its variant of that width.
    #[must_use]
    pub fn variant(&self, width: u32) -> Self {
        Self {
            variant_width: Some(width),
            ..self.clone()
        }
    }

    /// The digest in it.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn path(&self, prefix: &Path) -> Path {
        let file = match self.variant_width {
            None => self.digest.clone(),
            Some(width) => format!("{}.{width}.webp", self.digest),
        };
        prefix.clone().join(self.portal.as_str()).join(file)
    }

    /// Reads a name back from the last two parts of a path; nothing for what is no name of ours.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let mut parts = path.as_ref().rsplit('/');
        let (file, portal) = (parts.next()?, parts.next()?);
        let (digest, variant_width) = match file.split_once('.') {
            None => (file, None),
            Some((digest, ending)) => {
                let width = ending.strip_suffix(".webp")?;
                (digest, Some(width.parse().ok()?))
            }
        };
        (is_plain(portal) && is_plain(digest)).then(|| Self {
            portal: portal.to_owned(),
            digest: digest.to_owned(),
            variant_width,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_from_its_path() {
        let digest = "0a".repeat(32);
        let name = ObjectName::new("018f4e2a-7b1c-7c3d-9e4f-0123456789ab", &digest);
        for name in [name.clone(), name.variant(480)] {
            for prefix in ["", "kb/files"] {
                let path = name.path(&Path::from(prefix));
                assert_eq!(ObjectName::of_path(&path), Some(name.clone()), "{path}");
            }
        }
        for other in [
            "x",
            "a/b.webp",
            "a/b.480.png",
            "a/B",
            "a/b#1",
            "a/.480.webp",
        ] {
            assert_eq!(ObjectName::of_path(&Path::from(other)), None, "{other}");
        }
    }

    #[test]
    #[should_panic(expected = "invariant")]
    fn nothing_else_can_be_a_name() {
        let _ = ObjectName::new("..", "../../etc");
    }
}
