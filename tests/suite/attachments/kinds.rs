//! What a file is, against what it is called; and how what could run is handed out.

use cairn_tests::{TestApp, png, say};

use super::{id, public};

/// Bytes, the name they come under, the kind that is found, the type they go out as, and whether in place.
struct Case {
    bytes: Vec<u8>,
    name: &'static str,
    kind: &'static str,
    sent: &'static str,
    is_inline: bool,
}

fn case(
    bytes: impl Into<Vec<u8>>,
    name: &'static str,
    kind: &'static str,
    sent: &'static str,
    is_inline: bool,
) -> Case {
    Case {
        bytes: bytes.into(),
        name,
        kind,
        sent,
        is_inline,
    }
}

const BYTES: &str = "application/octet-stream";

fn cases() -> Vec<Case> {
    let picture = png(20, 10);
    let with = |tail: &[u8]| [picture.as_slice(), tail].concat();
    let script = "<script>alert(1)</script>";
    vec![
        case(picture.clone(), "a.html", "image/png", "image/png", true),
        // A picture with a script behind it, or in it, stays a picture to whoever is told not to guess.
        case(with(script.as_bytes()), "b.html", "image/png", "image/png", true),
        case(format!("GIF89a/*{script}*/=1;"), "c.gif", "image/gif", "image/gif", true),
        case(format!("\u{FEFF}{script}"), "d.png", "text/html", BYTES, false),
        case(script, "e.png", "text/html", BYTES, false),
        case(format!("<!-- a picture -->\n{script}"), "f.jpg", "text/html", BYTES, false),
        case("<!DOCTYPE html><title>x</title>", "g.webp", "text/html", BYTES, false),
        case("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "h.png", "image/svg+xml", "image/svg+xml", false),
        case("<?xml version='1.0'?><!-- x --><svg><script>alert(1)</script></svg>", "i.svg", "image/svg+xml", "image/svg+xml", false),
        case("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>", "j.png", "text/html", BYTES, false),
        case("<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>", "k.png", "application/xml", BYTES, false),
        case("alert(1)", "l.js", "text/javascript", BYTES, false),
        case("body{background:red}", "m.css", "text/css", BYTES, false),
        case("alert(1)//", "n.png", "text/plain", "text/plain; charset=utf-8", false),
        case("a,b\n1,2\n", "o.csv", "text/csv", "text/csv; charset=utf-8", false),
        case(format!("%PDF-1.4\n{script}"), "p.png", "application/pdf", "application/pdf", false),
        case(b"PK\x03\x04\x14\0\0\0\x08\0".as_slice(), "q.png", "application/zip", "application/zip", false),
        case(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2".as_slice(), "r.png", "video/mp4", "video/mp4", false),
        case([b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm".as_slice(), &[0; 300]].concat(), "s.png", "video/webm", "video/webm", false),
        case(b"MZ\x90\0\x03\0\0\0".as_slice(), "t.png", "application/vnd.microsoft.portable-executable", BYTES, false),
        case(b"\0asm\x01\0\0\0".as_slice(), "u.png", "application/wasm", BYTES, false),
        case(b"\xff\xfe<\0h\0t\0m\0l\0>\0".as_slice(), "v.png", BYTES, BYTES, false),
        case(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf".as_slice(), "w.bin", "image/avif", "image/avif", true),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_file_is_is_found_in_its_bytes_and_nothing_that_runs_is_shown_in_place() {
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    let cases = cases();
    for case in &cases {
        let made = app.attach(case.name, case.bytes.clone()).await;
        assert_eq!(made["media_type"], case.kind, "{}", case.name);
        public::link(&app, &article.id, id(&made)).await;
        let public = app
            .page(&format!(
                "/help{}",
                made["address"].as_str().expect("an address")
            ))
            .await
            .expect(200);
        let rest = app
            .rest(&app.key)
            .get(&format!("/attachments/{}/content", id(&made)))
            .await
            .expect(200);
        for answer in [&public, &rest] {
            assert_eq!(answer.body, case.bytes, "{}", case.name);
            assert_eq!(answer.header("content-type"), case.sent, "{}", case.name);
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            let policy = answer.header("content-security-policy");
            assert!(
                policy.contains("sandbox") && policy.contains("default-src 'none'"),
                "{policy}"
            );
            let kind = if case.is_inline {
                "inline"
            } else {
                "attachment"
            };
            let disposition = answer.header("content-disposition");
            assert!(
                disposition.starts_with(kind),
                "{}: {disposition}",
                case.name
            );
        }
    }
    say(&format!(
        "kinds of files: {} cases at both doors",
        cases.len()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_picture_is_kept_as_it_came_and_said_to_be_damaged() {
    let app = TestApp::spawn().await;
    let whole = png(600, 300);
    let cut = &whole[..whole.len() / 2];
    let made = app.attach("cut.png", cut).await;
    assert!(made["width"].is_null() && made["height"].is_null());
    assert_eq!(made["variant_widths"], serde_json::json!([]));
    let warning = made["warnings"][0].as_str().expect("a warning");
    assert!(warning.contains("damaged"), "{warning}");
    let content = app
        .rest(&app.key)
        .get(&format!("/attachments/{}/content", id(&made)))
        .await
        .expect(200);
    assert_eq!(content.body, cut);
}
