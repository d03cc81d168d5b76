//! The proof that HTML was sanitised, and how it survives being stored.
//!
//! *Invariant:* a [`SafeHtml`] is only made by `render` after the sanitiser, by
//! [`StoredHtml::trade`] from text this very renderer version wrote, or by
//! [`SafeHtml::with_targets`] from another one. There is no `From<String>`.

use std::fmt;

/// Raised with every change of the output, so that stored HTML of an older renderer is rendered again.
pub const RENDERER_VERSION: u32 = 2;

/// HTML that may go into a page as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// For `render`, which hands over what the sanitiser and the assembly made, and for `targets`,
    /// which puts judged addresses into it.
    pub(crate) fn sealed(html: String) -> Self {
        Self(html)
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The markup, owned: for storing it beside [`RENDERER_VERSION`].
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// HTML read back from our own table, with the version that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHtml {
    /// What [`SafeHtml::into_string`] gave.
    pub html: String,
    /// [`RENDERER_VERSION`] at that time.
    pub rendered_with: u32,
}

impl StoredHtml {
    /// Trades the row for [`SafeHtml`] when this renderer wrote it.
    ///
    /// # Errors
    /// [`StaleHtml`] when another version wrote it: render the body again.
    pub fn trade(self) -> Result<SafeHtml, StaleHtml> {
        if self.rendered_with == RENDERER_VERSION {
            Ok(SafeHtml(self.html))
        } else {
            Err(StaleHtml {
                rendered_with: self.rendered_with,
            })
        }
    }
}

/// The stored HTML is of another renderer version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleHtml {
    /// The version that wrote it.
    pub rendered_with: u32,
}

impl fmt::Display for StaleHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the stored HTML is of renderer {} and this is renderer {RENDERER_VERSION}; render the body again",
            self.rendered_with
        )
    }
}

impl std::error::Error for StaleHtml {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_of_this_renderer_is_traded_and_of_any_other_refused() {
        let stored = |rendered_with| StoredHtml {
            html: "<p>a</p>".into(),
            rendered_with,
        };
        assert_eq!(
            stored(RENDERER_VERSION).trade().unwrap().as_str(),
            "<p>a</p>"
        );
        let stale = stored(RENDERER_VERSION + 1).trade().unwrap_err();
        assert!(stale.to_string().contains("render the body again"));
    }
}
