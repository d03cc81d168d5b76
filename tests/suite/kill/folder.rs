//! Folders of Markdown to import, made or copied, and changed between two imports.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::chance::Chance;
use super::pictures::Pictures;

const TOPICS: [&str; 6] = [
    "Billing", "Accounts", "Printing", "Networks", "Backups", "Reports",
];
const WORDS: [&str; 16] = [
    "invoice",
    "printer",
    "password",
    "cable",
    "report",
    "backup",
    "customer",
    "window",
    "button",
    "server",
    "mailbox",
    "calendar",
    "license",
    "upgrade",
    "folder",
    "permission",
];

/// A folder and its files.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    pub(crate) pictures: Pictures,
    files: Vec<PathBuf>,
}

impl Folder {
    /// Writes `count` articles in two levels of categories.
    pub(crate) fn generated(dir: &Path, count: usize, chance: &mut Chance) -> Self {
        for number in 0..count {
            let topic = TOPICS[number % TOPICS.len()];
            let dir = dir.join(topic.to_lowercase());
            fs::create_dir_all(&dir).expect("the home takes files");
            let mut text = format!(
                "---\nid: gen-{number:05}\ntitle: {topic} question {number}\ncategory: {topic}/Part {}\ntags: [made, t{}]\n---\n",
                number % 4,
                number % 9,
            );
            for section in 1..=2 + chance.below(4) {
                write!(text, "\n## Step {section}\n\n").expect("text grows");
                for _ in 0..30 + chance.below(60) {
                    write!(text, "{} ", WORDS[chance.below(WORDS.len())]).expect("text grows");
                }
                writeln!(text, "\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |")
                    .expect("text grows");
            }
            fs::write(dir.join(format!("{number:05}.md")), text).expect("the home takes files");
        }
        Self::of(dir)
    }

    /// Copies a folder, because its files are going to be changed.
    pub(crate) fn copied(from: &Path, to: &Path) -> Self {
        for entry in fs::read_dir(from).expect("the folder can be read") {
            let entry = entry.expect("the folder can be read");
            let target = to.join(entry.file_name());
            fs::create_dir_all(to).expect("the home takes files");
            if entry.path().is_dir() {
                Self::copied(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).expect("the home takes files");
            }
        }
        Self::of(to)
    }

    /// What lies there.
    pub(crate) fn of(dir: &Path) -> Self {
        let mut files = Vec::new();
        let mut open = vec![dir.to_owned()];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(&next)
                .expect("the folder can be read")
                .flatten()
            {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else if path
                    .extension()
                    .is_some_and(|e| e == "md" || e == "markdown")
                {
                    files.push(path);
                }
            }
        }
        files.sort();
        Self {
            dir: dir.to_owned(),
            pictures: Pictures::default(),
            files,
        }
    }

    /// Writes at most `count` of the pictures that the articles in a folder of it show.
    pub(crate) fn show_pictures(&mut self, part: &Path, count: usize) {
        let files = self.files.iter().filter(|file| file.starts_with(part));
        let files: Vec<PathBuf> = files.cloned().collect();
        self.pictures.write(&self.dir, &files, count);
    }

    /// How many articles it has.
    pub(crate) fn len(&self) -> u64 {
        self.files.len() as u64
    }

    /// Changes some of the bodies and gives how many.
    pub(crate) fn change(&self, round: u64, chance: &mut Chance) -> u64 {
        let mut changed = 0;
        for file in &self.files {
            if chance.one_in(3) {
                let mut file = OpenOptions::new()
                    .append(true)
                    .open(file)
                    .expect("the copy is ours");
                writeln!(file, "\nChanged for round {round}.").expect("the home takes files");
                changed += 1;
            }
        }
        changed
    }
}
