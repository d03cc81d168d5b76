//! Start tags as the sanitiser's serialiser and the assembly write them: one blank before each
//! attribute, every value in double quotes. Nothing else is read here; raw HTML is the affair of
//! [`crate::tags`].

/// A start tag of the serialiser: `<name a="b" c="d">`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Serialised<'a> {
    /// As written.
    pub(crate) name: &'a str,
    /// What stands behind the name.
    pub(crate) attributes: &'a str,
}

impl<'a> Serialised<'a> {
    /// Reads a tag from `<` to `>`.
    pub(crate) fn of(tag: &'a str) -> Self {
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        let end = inner.find(' ').unwrap_or(inner.len());
        Self {
            name: &inner[..end],
            attributes: &inner[end..],
        }
    }

    /// Names and values, escaped as they stand.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            let (name, tail) = rest.trim_start().split_once("=\"")?;
            let (value, tail) = tail.split_once('"')?;
            rest = tail;
            Some((name, value))
        })
    }

    /// The value of one attribute, escaped as it stands.
    pub(crate) fn value(&self, wanted: &str) -> Option<&'a str> {
        self.attributes()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value)
    }
}
