//! `path.jsonl` as names of files, as paths of a source and as addresses: never a file outside the root.

use cairn_tests::{TestApp, corpus, escaped, say};

use super::{id, kept, public};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_and_no_path_leads_out_of_the_place_of_files() {
    let Some(lines) = corpus("path.jsonl") else {
        return;
    };
    let app = TestApp::spawn().await;
    let article = app.article().published().create().await;
    let own = app.attach("own.txt", "own").await;
    public::link(&app, &article.id, id(&own)).await;
    app.page(&format!("/help/attachments/{}/own.txt", id(&own)))
        .await
        .expect(200);

    let rest = app.rest(&app.key);
    let (mut names, mut paths, mut served) = (0, 0, 0);
    for (n, line) in lines.iter().enumerate() {
        let hostile = line.input();
        // As a name.
        let answer = app.bring(hostile, format!("name {n}")).await;
        if answer.status == 201 {
            names += 1;
            let made = answer.json();
            assert_eq!(made["name"], hostile);
            public::link(&app, &article.id, id(&made)).await;
            let address = made["address"].as_str().expect("an address");
            assert_eq!(address.matches('/').count(), 3, "{address}");
            let shown = app.page(&format!("/help{address}")).await;
            // A name that no address of ours can carry is not reached at all.
            assert!(
                matches!(shown.status, 200 | 404),
                "{address}: {}",
                shown.status
            );
            if shown.status == 200 {
                served += 1;
                assert_eq!(shown.text(), format!("name {n}"), "{address}");
                let disposition = shown.header("content-disposition");
                let quoted = disposition.split('"').nth(1).expect("a plain name");
                assert!(!quoted.contains(['/', '\\', '\r', '\n']), "{disposition}");
            }
        } else {
            answer.problem(400, "invalid_fields");
        }
        // As a path of a source.
        let path = format!(
            "/attachments?portal=help&name=x&source=s&path={}",
            escaped(hostile)
        );
        let answer = rest
            .request("POST", &path)
            .raw(format!("path {n}").into_bytes())
            .send()
            .await;
        if answer.status == 201 {
            paths += 1;
            let leads_out = hostile.split('/').any(|s| matches!(s, ".." | "." | ""));
            assert!(!leads_out && !hostile.contains('\\'), "{hostile:?}");
        } else {
            answer.problem(400, "invalid_fields");
        }
        // As the last part of an address, sent raw where a client can, else escaped; and as an id.
        for address in [
            format!("/help/attachments/{}/{hostile}", id(&own)),
            format!("/help/attachments/{}/{}", id(&own), escaped(hostile)),
            format!("/help/attachments/{hostile}/own.txt"),
            format!("/help/attachments/{}/own.txt", escaped(hostile)),
        ] {
            if address.parse::<axum::http::Uri>().is_ok() {
                let status = app.page(&address).await.status;
                assert!(matches!(status, 400 | 404), "{address}: {status}");
            }
        }
        let address = format!("/attachments/{}/content", escaped(hostile));
        let status = rest.get(&address).await.status;
        assert!(matches!(status, 400 | 404), "{address}: {status}");
    }
    let files = kept(&app);
    for file in &files {
        let (portal, name) = file.split_once('/').expect("a portal");
        let is_plain = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(portal.len() == 36 && is_plain, "{file}");
    }
    assert_eq!(
        files.len(),
        1 + names + paths,
        "one file for each that was taken"
    );
    say(&format!(
        "path.jsonl: {} lines; as names {names} taken, {} refused; {served} of the taken are served under their address; as paths {paths} taken, {} refused",
        lines.len(),
        lines.len() - names,
        lines.len() - paths
    ));
    assert_eq!(lines.len(), 919);
    assert_eq!((names, paths), (88, 99));
}
