//! The folder `index/` as it was when the binary was built, and the folder that overrides it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::SearchError;

macro_rules! embed {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../index/", $path)))),*]
    };
}

/// Every file that the code reads, by its path below `index/`.
const FILES: &[(&str, &str)] = embed![
    "definition.toml",
    "ranking.toml",
    "analyzers/ar.toml",
    "analyzers/az.toml",
    "analyzers/da.toml",
    "analyzers/de.toml",
    "analyzers/default.toml",
    "analyzers/el.toml",
    "analyzers/en.toml",
    "analyzers/es.toml",
    "analyzers/fi.toml",
    "analyzers/fr.toml",
    "analyzers/hu.toml",
    "analyzers/it.toml",
    "analyzers/nb.toml",
    "analyzers/nl.toml",
    "analyzers/nn.toml",
    "analyzers/no.toml",
    "analyzers/pt.toml",
    "analyzers/ro.toml",
    "analyzers/ru.toml",
    "analyzers/sv.toml",
    "analyzers/ta.toml",
    "analyzers/tr.toml",
    "compounds/de.txt",
    "stopwords/da.txt",
    "stopwords/de.txt",
    "stopwords/en.txt",
    "stopwords/es.txt",
    "stopwords/fi.txt",
    "stopwords/fr.txt",
    "stopwords/hu.txt",
    "stopwords/it.txt",
    "stopwords/nl.txt",
    "stopwords/no.txt",
    "stopwords/pt.txt",
    "stopwords/ru.txt",
    "stopwords/sv.txt",
];

/// All files, with those of `folder` laid over the embedded ones.
pub(crate) fn files(folder: Option<&Path>) -> Result<BTreeMap<String, String>, SearchError> {
    let mut files: BTreeMap<String, String> = FILES
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let Some(folder) = folder else {
        return Ok(files);
    };
    if !folder.is_dir() {
        return Err(SearchError::definition(
            "",
            format!(
                "{} is not a folder; --index-config wants one like index/",
                folder.display()
            ),
        ));
    }
    for sub in ["", "analyzers", "compounds", "stopwords"] {
        let dir = folder.join(sub);
        if !dir.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&dir).map_err(SearchError::io("read", &dir))? {
            let path = entry.map_err(SearchError::io("read", &dir))?.path();
            let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
                continue;
            };
            let key = if sub.is_empty() {
                name.to_owned()
            } else {
                format!("{sub}/{name}")
            };
            let wanted = match sub {
                "" => matches!(name, "definition.toml" | "ranking.toml"),
                "analyzers" => name.ends_with(".toml"),
                _ => name.ends_with(".txt"),
            };
            if wanted {
                let text =
                    std::fs::read_to_string(&path).map_err(SearchError::io("read", &path))?;
                files.insert(key, text);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../index");
        let embedded = files(None).unwrap();
        assert_eq!(files(Some(&folder)).unwrap(), embedded);
    }
}
