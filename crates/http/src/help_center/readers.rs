//! Who reads: people with a browser, as far as a request says so itself. Robots that say what they are count for
//! nothing; those that do not are taken for people.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;

/// What every browser has begun with since there were two of them.
const BROWSER: &[u8] = b"mozilla/";
/// What robots put into a name that begins like a browser's; most of them name a page about themselves.
const ROBOTS: [&[u8]; 8] = [
    b"bot",
    b"crawl",
    b"spider",
    b"slurp",
    b"headless",
    b"lighthouse",
    b"preview",
    b"http",
];
/// Longest name that is looked at, in bytes; what is longer is nothing a browser says.
const NAME_BYTES_MAX: usize = 1_024;

/// Whether a request comes from somebody who reads. Looks at the name once and keeps nothing of it.
pub(crate) fn is_person(headers: &HeaderMap) -> bool {
    let Some(name) = headers.get(USER_AGENT) else {
        return false;
    };
    let name = name.as_bytes();
    name.len() <= NAME_BYTES_MAX && begins_with(name, BROWSER) && !is_robot(name)
}

fn is_robot(name: &[u8]) -> bool {
    (0..name.len()).any(|at| {
        let rest = &name[at..];
        // Most letters begin none of the words.
        matches!(rest[0] | 0x20, b'b' | b'c' | b's' | b'h' | b'l' | b'p')
            && ROBOTS.iter().any(|word| begins_with(rest, word))
    })
}

fn begins_with(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(name: &str) -> bool {
        is_person(&HeaderMap::from_iter([(USER_AGENT, name.parse().unwrap())]))
    }

    #[test]
    fn browsers_read() {
        for name in [
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36 Edg/148.0.0.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
        ] {
            assert!(reads(name), "{name}");
        }
    }

    #[test]
    fn robots_and_programs_that_say_so_do_not() {
        for name in [
            "",
            "curl/8.14.1",
            "python-requests/2.32",
            "Go-http-client/2.0",
            "Googlebot/2.1 (+http://www.google.com/bot.html)",
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/148.0.0.0 Safari/537.36",
            "Mozilla/5.0 (compatible; YandexBot/3.0)",
            "Mozilla/5.0 (compatible; Baiduspider/2.0)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 Safari/537.36",
            "Mozilla/5.0 (compatible; facebookexternalhit/1.1; +https://www.facebook.com/externalhit_uatext.php)",
            &format!("Mozilla/5.0 {}", "x".repeat(NAME_BYTES_MAX)),
        ] {
            assert!(!reads(name), "{name}");
        }
        assert!(!is_person(&HeaderMap::new()));
    }
}
