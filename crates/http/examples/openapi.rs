//! Prints the OpenAPI document: `cargo run -p cairn-http --example openapi > crates/http/openapi.json`.

use std::io::Write as _;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(cairn_http::openapi_json().as_bytes())
}
