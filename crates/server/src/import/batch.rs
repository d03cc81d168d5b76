//! Fills batches: as many articles as one transaction takes, and no more bytes than a request may
//! have once the bodies are escaped as JSON.

use std::io::{self, Write};

use cairn_domain::limits::{IMPORT_BATCH_ARTICLES_MAX, IMPORT_BATCH_BYTES_MAX};
use cairn_service::articles::ImportItem;

/// What the envelope around the articles may need: the portal's slug and the braces.
const ENVELOPE_BYTES: usize = 4 * 1024;

/// Articles to be sent together, and the files they come from.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) paths: Vec<String>,
    pub(crate) items: Vec<ImportItem>,
    bytes: usize,
}

impl Batch {
    /// Adds an article; gives the full batch to send first when it does not fit any more.
    pub(crate) fn push(&mut self, path: String, item: ImportItem) -> Option<Batch> {
        let bytes = json_bytes(&item);
        let full = self.items.len() >= IMPORT_BATCH_ARTICLES_MAX
            || self.bytes + bytes > IMPORT_BATCH_BYTES_MAX - ENVELOPE_BYTES;
        let send = (full && !self.items.is_empty()).then(|| std::mem::take(self));
        self.paths.push(path);
        self.items.push(item);
        self.bytes += bytes;
        send
    }

    /// Cuts the batch in two halves.
    pub(crate) fn split(mut self) -> (Batch, Batch) {
        let at = self.items.len() / 2;
        let second = Batch {
            paths: self.paths.split_off(at),
            items: self.items.split_off(at),
            bytes: 0,
        };
        (self, second)
    }
}

/// How many bytes the article has in the request, its comma included.
fn json_bytes(item: &ImportItem) -> usize {
    let mut count = Count(1);
    match serde_json::to_writer(&mut count, item) {
        Ok(()) => count.0,
        // Text always serialises; if it ever did not, the article travels alone.
        Err(_) => IMPORT_BATCH_BYTES_MAX,
    }
}

struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: &str) -> ImportItem {
        ImportItem {
            body: body.to_owned(),
            ..ImportItem::default()
        }
    }

    #[test]
    fn a_batch_is_full_by_number() {
        let mut batch = Batch::default();
        for n in 0..IMPORT_BATCH_ARTICLES_MAX {
            assert!(batch.push(n.to_string(), item("x")).is_none());
        }
        let full = batch.push("last".to_owned(), item("x")).unwrap();
        assert_eq!(full.items.len(), IMPORT_BATCH_ARTICLES_MAX);
        assert_eq!(batch.paths, ["last"]);
    }

    #[test]
    fn a_batch_is_full_by_its_escaped_bytes() {
        // A control character is one byte in a file and six in JSON.
        let body = "\u{1}".repeat(1024 * 1024);
        let mut batch = Batch::default();
        let mut sent = Vec::new();
        for n in 0..20 {
            sent.extend(batch.push(n.to_string(), item(&body)));
        }
        sent.push(batch);
        assert_eq!(
            sent.iter().map(|batch| batch.items.len()).sum::<usize>(),
            20
        );
        for batch in sent {
            let request = serde_json::json!({"portal": "help", "items": batch.items});
            assert!(request.to_string().len() <= IMPORT_BATCH_BYTES_MAX);
            assert!(batch.items.len() == 3 || batch.items.len() == 2);
        }
    }

    #[test]
    fn halves_keep_files_and_articles_together() {
        let mut batch = Batch::default();
        for n in 0..5 {
            batch.push(n.to_string(), item(&n.to_string()));
        }
        let (first, second) = batch.split();
        assert_eq!(first.paths, ["0", "1"]);
        assert_eq!(second.paths, ["2", "3", "4"]);
        assert_eq!(second.items[0].body, "2");
    }
}
