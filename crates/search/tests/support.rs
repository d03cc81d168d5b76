//! Small documents, and the judged collections that stand outside the repository.
use std::path::{Path, PathBuf};
use std::process::Command;

use cairn_domain::article::{Audience, Status};
use cairn_domain::feed::{Epoch, Position};
use cairn_domain::ids::{ArticleId, PortalId};
use cairn_domain::locale::Locale;
use cairn_search::{
    ArticleChange, Face, Filters, IndexDocument, SearchAnswer, SearchConfig, SearchRequest,
    SearchRoom, SectionText,
};
use uuid::Uuid;

pub(crate) const PORTAL: PortalId = PortalId::from_uuid(Uuid::from_u128(0xa));

pub(crate) fn article(n: u128) -> ArticleId {
    ArticleId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn locale(tag: &str) -> Locale {
    tag.parse().expect("a tag")
}

pub(crate) fn at(pos: i64) -> Position {
    Position {
        epoch: Epoch {
            system_identifier: 7,
            timeline: 1,
        },
        pos,
        event: None,
    }
}

/// A published, public, English article.
pub(crate) fn document(n: u128, title: &str, body: &str) -> IndexDocument {
    IndexDocument {
        article: article(n),
        number: n as i64,
        revision: 1,
        row_version: 1,
        locale: locale("en"),
        source_id: Some(format!("s{n}")),
        slug: format!("slug-{n}"),
        title: title.to_owned(),
        excerpt: String::new(),
        sections: vec![SectionText {
            heading: None,
            heading_path: Vec::new(),
            anchor: None,
            text: body.to_owned(),
        }],
        address_words: String::new(),
        anchor_words: String::new(),
        categories: Vec::new(),
        category_names: Vec::new(),
        tags: Vec::new(),
        status: Status::Published,
        audience: Audience::Public,
        author: None,
        updated_at_ms: 1_000,
    }
}

/// The same document in every face.
pub(crate) fn published(document: IndexDocument) -> ArticleChange {
    ArticleChange {
        article: document.article,
        documents: Face::ALL.map(|face| (face, document.clone())).to_vec(),
    }
}

/// Seen by authors only.
pub(crate) fn draft(mut document: IndexDocument) -> ArticleChange {
    document.status = Status::Draft;
    ArticleChange {
        article: document.article,
        documents: vec![(Face::Authoring, document)],
    }
}

pub(crate) fn gone(n: u128) -> ArticleChange {
    ArticleChange {
        article: article(n),
        documents: Vec::new(),
    }
}

pub(crate) fn open(dir: &Path) -> SearchRoom {
    // The folder as it stands, so that a changed weight is judged without a build.
    let index_config_dir = Some(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../index"));
    SearchRoom::open(
        dir,
        SearchConfig {
            index_config_dir,
            ..SearchConfig::default()
        },
    )
    .expect("a room")
}

/// A room whose portal has an empty index at position 0.
pub(crate) fn empty_room(dir: &Path) -> SearchRoom {
    let room = open(dir);
    room.begin_generation(PORTAL)
        .expect("begin")
        .finish(at(0))
        .expect("finish");
    room
}

pub(crate) fn request(face: Face, text: &str) -> SearchRequest {
    SearchRequest {
        portal: PORTAL,
        face,
        locales: vec![locale("en")],
        text: text.to_owned(),
        filters: Filters::default(),
        limit: 20,
        offset: 0,
        snippets: true,
        facets: false,
        counted_since_ms: Vec::new(),
        sections: 0,
        as_typed: false,
        explain: false,
        rules: std::collections::BTreeMap::new(),
    }
}

pub(crate) fn find(room: &SearchRoom, face: Face, text: &str) -> SearchAnswer {
    room.search(&request(face, text)).expect("an answer")
}

/// The numbers of the articles that are found, best first.
pub(crate) fn numbers(answer: &SearchAnswer) -> Vec<i64> {
    answer.hits.iter().map(|h| h.number).collect()
}

/// A folder of the shared measuring ground, where it is at hand.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("CAIRN_SHARED") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let path = root.join(path);
    path.exists().then_some(path)
}

/// One judged collection, unpacked once below the target directory.
pub(crate) fn collection(name: &str) -> Option<PathBuf> {
    let packed = shared("search/dev.tar.zst")?;
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("search-collections");
    let folder = cache.join("dev").join(name);
    if !folder.join("docs.jsonl").is_file() && !folder.join("md").is_dir() {
        std::fs::create_dir_all(&cache).expect("a cache directory");
        let status = Command::new("tar")
            .args(["--zstd", "-xf"])
            .arg(&packed)
            .arg("-C")
            .arg(&cache)
            .status()
            .expect("tar runs");
        assert!(
            status.success(),
            "tar could not unpack {}",
            packed.display()
        );
    }
    Some(folder)
}
