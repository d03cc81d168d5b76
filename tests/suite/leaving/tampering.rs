//! Bundles that are not what was signed, keys that do not fit, portals in use: each is refused with a
//! sentence, and nothing is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::bundle::{keys, packed, signed, text, tool, unpacked};
use super::folder::furnish;
use super::place::Place;

/// One member of each kind, and the two that are not in the manifest.
const KINDS: [&str; 8] = [
    "manifest.json",
    "manifest.sig",
    "categories/",
    "files/",
    "attachments/",
    "redirects/",
    "articles/",
    "translations/",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_that_is_not_what_was_signed_is_refused_before_anything_is_written() {
    let here = Place::open("signed").await;
    here.call(
        "POST",
        "/portals",
        &json!({"slug": "docs", "name": "Docs", "locales": ["en", "de"]}),
    )
    .await;
    furnish(&here, b"not a picture").await;
    let (private, public) = keys(&here, "own").await;
    let (foreign_private, foreign) = keys(&here, "foreign").await;
    let file = text(&here.home.path("backup.tar.gz"));
    let bare = ["export", &file, "--bundle", "--portal", "docs", "--json"];
    refused(&here, &bare, "--sign-key").await;
    refused(&here, &signed(&file, &public), "no private key").await;
    assert!(!Path::new(&file).exists(), "nothing stands at its name");
    here.run(&signed(&file, &private)).await;
    refused(&here, &signed(&file, &private), "--overwrite").await;

    let there = Place::open("refusing").await;
    let before = there.door.get("/portals").await;
    let files_before = names(&there);
    let mut bad = Bad {
        here: &here,
        file: &file,
        made: Vec::new(),
    };
    bad.members().await;
    bad.files();
    bad.signed(&private).await;
    bad.foreign(&foreign_private).await;
    assert!(bad.made.len() > 25, "{}", bad.made.len());
    for (path, part) in &bad.made {
        refused(
            &there,
            &["restore", &text(path), "--verify-key", &public],
            part,
        )
        .await;
    }
    let whole = ["restore", &file, "--verify-key"];
    refused(
        &there,
        &[&whole[..], &[&foreign]].concat(),
        "does not fit the key",
    )
    .await;
    refused(&there, &[&whole[..], &[&private]].concat(), "no public key").await;
    refused(
        &there,
        &[&whole[..], &["nowhere.pem"]].concat(),
        "nowhere.pem",
    )
    .await;
    let (code, _, err) = there.try_run(&["restore", &file]).await;
    assert!(code == Some(2) && err.contains("--verify-key"), "{err}");
    assert_eq!(
        there.door.get("/portals").await,
        before,
        "nothing was written"
    );
    assert_eq!(names(&there), files_before, "nothing was written outside");

    // On the operator's word, into a portal in which nobody wrote: but a digest is a digest.
    let unsigned = text(&here.home.path("unsigned.tar.gz"));
    let export = [
        "export",
        &unsigned,
        "--bundle",
        "--portal",
        "docs",
        "--unsigned",
    ];
    let (code, _, err) = here.try_run(&export).await;
    assert_eq!(code, Some(0), "{err}");
    let flipped = flipped(&here, &unsigned, "articles/").await;
    refused(
        &there,
        &["restore", &text(&flipped), "--unverified"],
        "manifest says",
    )
    .await;
    refused(
        &there,
        &["restore", &unsigned, "--verify-key", &public],
        "not signed",
    )
    .await;
    for slug in ["used", "fresh"] {
        there
            .call(
                "POST",
                "/portals",
                &json!({"slug": slug, "name": slug, "locales": ["en"]}),
            )
            .await;
    }
    let own = json!({"portal": "used", "title": "Own", "body": "x"});
    there.call("POST", "/articles", &own).await;
    let into = |slug| ["restore", &unsigned, "--unverified", "--portal", slug];
    refused(&there, &into("used"), "is here and not empty").await;
    let (code, _, err) = there.try_run(&into("fresh")).await;
    assert_eq!(code, Some(0), "{err}");
    let count = here.articles("docs").await.len();
    assert_eq!(there.articles("fresh").await.len(), count);
    assert_eq!(there.articles("used").await.len(), 1);
    // One portal, one bundle; one article, one place.
    refused(
        &there,
        &[
            "restore",
            &file,
            "--verify-key",
            &public,
            "--portal",
            "fresh",
        ],
        "another bundle",
    )
    .await;
    refused(
        &there,
        &["restore", &file, "--verify-key", &public],
        "another portal",
    )
    .await;
    there.close().await;
    here.close().await;
}

/// A command that must fail with a sentence that says this.
async fn refused(place: &Place, args: &[&str], part: &str) {
    let (code, out, err) = place.try_run(args).await;
    assert!(
        code == Some(1) && err.contains(part),
        "{args:?}: {part:?} is not in: {out}{err}"
    );
}

/// What lies beside the data of a place, in its store of files, and where the command runs.
fn names(place: &Place) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = [
        place.home.path(""),
        place.home.path("data/attachments"),
        PathBuf::from("."),
    ]
    .iter()
    .flat_map(|dir| fs::read_dir(dir).expect("a folder"))
    .map(|entry| entry.expect("an entry").path())
    .collect();
    names.sort();
    names
}

/// Bundles made from a whole one, and what is said of each.
struct Bad<'a> {
    here: &'a Place,
    file: &'a str,
    made: Vec<(PathBuf, &'static str)>,
}

impl Bad<'_> {
    /// Members that are changed, missing, twice, in another order, or should not be there.
    async fn members(&mut self) {
        for kind in KINDS {
            let part = match kind {
                "manifest.json" | "manifest.sig" => "signature does not fit",
                _ => "not what the manifest says",
            };
            let bad = flipped(self.here, self.file, kind).await;
            self.made.push((bad, part));
            if kind == "manifest.json" {
                continue;
            }
            let (folder, mut names) = unpacked(
                self.here,
                self.file,
                &format!("without-{}", kind.trim_matches('/')),
            )
            .await;
            let at = names
                .iter()
                .position(|name| name.starts_with(kind))
                .expect(kind);
            names.remove(at);
            let part = match kind {
                "manifest.sig" => "not signed",
                "translations/" => "is missing",
                _ => "stands where",
            };
            self.made
                .push((packed(self.here, &folder, &names).await, part));
        }
        let (folder, mut names) = unpacked(self.here, self.file, "twice").await;
        names.push(names.last().expect("members").clone());
        self.made.push((
            packed(self.here, &folder, &names).await,
            "not in the manifest",
        ));
        let (folder, mut names) = unpacked(self.here, self.file, "order").await;
        names.swap(0, 1);
        self.made
            .push((packed(self.here, &folder, &names).await, "begins with"));
        let (folder, mut names) = unpacked(self.here, self.file, "extra").await;
        fs::write(folder.join("extra"), "x").expect("a file");
        names.push("extra".to_owned());
        self.made.push((
            packed(self.here, &folder, &names).await,
            "not in the manifest",
        ));
        let (folder, mut names) = unpacked(self.here, self.file, "link").await;
        std::os::unix::fs::symlink("/etc/passwd", folder.join("link")).expect("a link");
        names.push("link".to_owned());
        self.made
            .push((packed(self.here, &folder, &names).await, "is no file"));
        let (folder, mut names) = unpacked(self.here, self.file, "outside").await;
        fs::write(self.here.home.path("outside-evil"), "x").expect("a file");
        names.push("../outside-evil".to_owned());
        let bad = self.here.home.path("outside.tar.gz");
        let (target, from) = (text(&bad), text(&folder));
        let mut args = vec!["--format=ustar", "-P", "-czf", &target, "-C", &from];
        args.extend(names.iter().map(String::as_str));
        tool("tar", &args).await;
        self.made
            .push((bad, "../outside-evil is not in the manifest"));
    }

    /// Files that end early, go on, or are something else.
    fn files(&mut self) {
        let bytes = fs::read(self.file).expect("the bundle");
        let whole = bytes.len();
        for length in [
            0,
            1,
            20,
            whole / 4,
            whole / 2,
            whole - whole / 10,
            whole - 9,
            whole - 1,
        ] {
            self.file_of(&format!("cut-{length}"), &bytes[..length]);
        }
        for at in [12, whole / 3, whole / 2, whole - 12, whole - 6, whole - 1] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            self.file_of(&format!("flip-{at}"), &other);
            // Among zeros a match of another distance is the same text: then nothing was changed.
            let (flipped, _) = self.made.last().expect("it was made");
            if unzipped(flipped) == unzipped(Path::new(self.file)) {
                self.made.pop();
            }
        }
        self.file_of("more", &[&bytes[..], b"more"].concat());
        self.file_of("two", &[&bytes[..], &bytes[..]].concat());
        self.file_of("text", b"a letter, not a bundle");
    }

    fn file_of(&mut self, name: &str, bytes: &[u8]) {
        let path = self.here.home.path(&format!("{name}.tar.gz"));
        fs::write(&path, bytes).expect("a file");
        self.made
            .push((path, "is refused, and nothing was written"));
    }

    /// Bundles rightly signed whose manifest says what no bundle of this form may.
    async fn signed(&mut self, private: &str) {
        for (name, old, new, part) in [
            ("later", "\"version\":2", "\"version\":3", "newer program"),
            ("other", "cairn-bundle", "other-bundle", "is no bundle"),
            (
                "escape",
                "\"path\":\"articles/",
                "\"path\":\"../articles/",
                "at no place",
            ),
            (
                "absolute",
                "\"path\":\"categories/",
                "\"path\":\"/",
                "at no place",
            ),
            ("large", "\"bytes\":", "\"bytes\":9999999", "are allowed"),
        ] {
            let (folder, names) = unpacked(self.here, self.file, name).await;
            let manifest = folder.join("manifest.json");
            let text = fs::read_to_string(&manifest).expect("a manifest");
            let other = text.replacen(old, new, 1);
            assert_ne!(text, other, "{name}");
            fs::write(&manifest, other).expect("a file");
            sign(&folder, private).await;
            self.made
                .push((packed(self.here, &folder, &names).await, part));
        }
    }

    /// The same bundle, signed by somebody else.
    async fn foreign(&mut self, private: &str) {
        let (folder, names) = unpacked(self.here, self.file, "foreign").await;
        sign(&folder, private).await;
        self.made.push((
            packed(self.here, &folder, &names).await,
            "signature does not fit",
        ));
    }
}

/// What is in a gzip file; none when gzip finds it damaged.
fn unzipped(file: &Path) -> Option<Vec<u8>> {
    let output = Command::new("gzip").arg("-dc").arg(file).output();
    let output = output.expect("gzip runs");
    output.status.success().then_some(output.stdout)
}

/// Signs the manifest of a folder with openssl.
async fn sign(folder: &Path, private: &str) {
    let (manifest, signature) = (
        text(&folder.join("manifest.json")),
        text(&folder.join("manifest.sig")),
    );
    tool(
        "openssl",
        &[
            "pkeyutl", "-sign", "-rawin", "-inkey", private, "-in", &manifest, "-out", &signature,
        ],
    )
    .await;
}

/// A bundle one byte of which is another one, in the first member of a kind.
async fn flipped(here: &Place, file: &str, kind: &str) -> PathBuf {
    let stem = Path::new(file)
        .file_name()
        .and_then(|n| n.to_str())
        .expect("a name");
    let name = format!("flipped-{}-{}", kind.trim_matches('/'), &stem[..6]);
    let (folder, names) = unpacked(here, file, &name).await;
    let member = names.iter().find(|n| n.starts_with(kind)).expect(kind);
    let path = folder.join(member);
    let mut bytes = fs::read(&path).expect("a member");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).expect("a file");
    packed(here, &folder, &names).await
}
