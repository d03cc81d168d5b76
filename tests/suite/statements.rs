//! Every SQL statement fits the migrated schema, under the role that serves.

use cairn_tests::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_statement_prepares_against_the_migrated_schema() {
    let app = TestApp::spawn().await;
    assert!(
        cairn_store::statements().len() > 30,
        "the list of statements is nearly empty"
    );
    let faults = cairn_store::prepare_all(app.app.store())
        .await
        .expect("the database answers");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
