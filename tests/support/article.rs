//! Articles to arrange a test with, made by the operator through the service.

use cairn_service::articles::{self, ArticleRef, ArticleView, CreateArticle, UpdateArticle};

use crate::app::TestApp;

/// An article to be made: a draft in English in the portal `help`, unless said otherwise.
pub struct ArticleBuilder<'a> {
    app: &'a TestApp,
    command: CreateArticle,
}

/// An article as it was made.
#[derive(Debug, Clone)]
pub struct TestArticle {
    /// Its id.
    pub id: String,
    /// `portal~number`.
    pub short_id: String,
    /// Its number.
    pub number: i64,
    /// Its slug.
    pub slug: String,
    /// Head revision.
    pub revision: i32,
    /// Its entity tag for writers.
    pub etag: String,
    /// Path of its public page, whether readers can open it or not.
    pub path: String,
}

impl TestArticle {
    /// What a view tells.
    pub fn of(view: &ArticleView) -> Self {
        let article = &view.article;
        let slug = article.slug.as_str();
        Self {
            id: article.id.to_string(),
            short_id: view.short_id(),
            number: article.number,
            slug: slug.to_owned(),
            revision: article.head_revision,
            etag: view.etag(),
            path: format!(
                "/{}/{}/articles/{}",
                view.portal.slug,
                article.locale,
                cairn_service::address::encode(slug)
            ),
        }
    }

    /// Its address in the REST API, below `/api/v1`.
    pub fn api(&self) -> String {
        format!("/articles/{}", self.id)
    }
}

impl<'a> ArticleBuilder<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        let command = CreateArticle {
            portal: Some("help".to_owned()),
            title: Some("An article".to_owned()),
            body: Some("Some words.\n".to_owned()),
            ..CreateArticle::default()
        };
        Self { app, command }
    }

    fn with(mut self, change: impl FnOnce(&mut CreateArticle)) -> Self {
        change(&mut self.command);
        self
    }

    /// In this portal.
    #[must_use]
    pub fn in_portal(self, portal: &str) -> Self {
        self.with(|c| c.portal = Some(portal.to_owned()))
    }

    /// In this locale.
    #[must_use]
    pub fn in_locale(self, locale: &str) -> Self {
        self.with(|c| c.locale = Some(locale.to_owned()))
    }

    /// In this category, by id, slug or name.
    #[must_use]
    pub fn in_category(self, category: &str) -> Self {
        self.with(|c| c.category = Some(category.to_owned()))
    }

    /// With this title.
    #[must_use]
    pub fn title(self, title: &str) -> Self {
        self.with(|c| c.title = Some(title.to_owned()))
    }

    /// With this body.
    #[must_use]
    pub fn body(self, body: &str) -> Self {
        self.with(|c| c.body = Some(body.to_owned()))
    }

    /// With this excerpt.
    #[must_use]
    pub fn excerpt(self, excerpt: &str) -> Self {
        self.with(|c| c.excerpt = Some(excerpt.to_owned()))
    }

    /// With these tags.
    #[must_use]
    pub fn tags(self, tags: &[&str]) -> Self {
        self.with(|c| c.tags = Some(tags.iter().map(|t| (*t).to_owned()).collect()))
    }

    /// By this author.
    #[must_use]
    pub fn author(self, author: &str) -> Self {
        self.with(|c| c.author = Some(author.to_owned()))
    }

    /// Under this slug.
    #[must_use]
    pub fn slug(self, slug: &str) -> Self {
        self.with(|c| c.slug = Some(slug.to_owned()))
    }

    /// With this id in another system.
    #[must_use]
    pub fn source_id(self, source_id: &str) -> Self {
        self.with(|c| c.source_id = Some(source_id.to_owned()))
    }

    /// As a translation of another.
    #[must_use]
    pub fn translation_of(self, other: &TestArticle) -> Self {
        self.with(|c| c.translation_of = Some(other.id.clone()))
    }

    /// Published.
    #[must_use]
    pub fn published(self) -> Self {
        self.with(|c| c.status = Some("published".to_owned()))
    }

    /// Archived: written first, then put away.
    pub async fn create_archived(self) -> TestArticle {
        let app = self.app;
        let made = self.create().await;
        app.change(&made, |c| c.status = Some("archived".to_owned()))
            .await
    }

    /// For credentials only.
    #[must_use]
    pub fn internal(self) -> Self {
        self.with(|c| c.audience = Some("internal".to_owned()))
    }

    /// Makes it.
    pub async fn create(self) -> TestArticle {
        let view = articles::create(&self.app.operator(), self.command)
            .await
            .expect("the article is made");
        TestArticle::of(&view)
    }
}

impl TestApp {
    /// An article that is there, by its id.
    pub async fn found(&self, id: &str) -> TestArticle {
        let reference = ArticleRef::parse("id", id).expect("an id");
        let view = articles::get(
            &self.operator(),
            &reference,
            articles::GetArticle::default(),
        )
        .await
        .expect("it is there");
        TestArticle::of(&view)
    }

    /// Changes an article as it stands now, by the operator.
    pub async fn change(
        &self,
        article: &TestArticle,
        change: impl FnOnce(&mut UpdateArticle),
    ) -> TestArticle {
        let operator = self.operator();
        let reference = ArticleRef::parse("id", &article.id).expect("an id");
        let now = articles::get(&operator, &reference, articles::GetArticle::default())
            .await
            .expect("it is there");
        let expected = cairn_domain::article::Expected::Revision(now.article.head_revision);
        let mut command = UpdateArticle {
            expected: Some(expected),
            ..UpdateArticle::default()
        };
        change(&mut command);
        let updated = articles::update(&operator, &reference, command)
            .await
            .expect("the article changes");
        TestArticle::of(&updated.view)
    }
}
