//! What readers say of an article. The door for readers takes answers and shows none; see [`crate::feedback`].

use cairn_domain::locale::Locale;
use cairn_domain::slug::lookup_form;

use crate::feedback::{FeedbackTaken, GivenFeedback};
use crate::help_center::HelpCenter;
use crate::{Result, address};

impl HelpCenter {
    /// Whether readers are asked.
    pub fn takes_feedback(&self) -> bool {
        self.app.answers.is_on()
    }

    /// Takes what a reader said of the article at a slug, if readers find one there.
    ///
    /// # Errors
    /// `unavailable` and our own faults.
    pub async fn take_feedback(
        &self,
        locale: &Locale,
        slug: &str,
        given: GivenFeedback<'_>,
    ) -> Result<FeedbackTaken> {
        self.app
            .take_feedback(self.portal.id, locale, &lookup_form(slug), given)
            .await
    }

    /// The path of the article that a slug of this locale names.
    pub fn article_path(&self, locale: &Locale, slug: &str) -> String {
        address::article(&self.base, locale, &lookup_form(slug))
    }
}
