//! A Chromium that is led by hand: chromedriver, and through it the browser's debugging protocol.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};

use super::chromium::{FLAGS, Scratch, chromedriver, chromium, end, spawn};

/// Two pages fade into each other; a busy browser leaves that out, and says so as if a script had failed.
const FADE_LEFT_OUT: &str = "DOMException: Transition was aborted";

/// How long one command of the driver may take, the start of the browser included.
const COMMAND_WAIT: Duration = Duration::from_secs(120);
/// How long a frame may take to come to what it is waited for.
const FRAME_WAIT: Duration = Duration::from_secs(30);
/// Over a pipe the browser ends with its driver, however that ends; and it has the mouse that a machine
/// without a screen lacks.
const OWN_FLAGS: &[&str] = &[
    "--remote-debugging-pipe",
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
];
/// What chromedriver says when it listens, before the port.
const LISTENING: &str = "started successfully on port ";

/// A browser with one page.
pub(super) struct Browser {
    driver: Child,
    _stdout: Lines<BufReader<ChildStdout>>,
    http: reqwest::Client,
    session: String,
    _scratch: Scratch,
}

impl Browser {
    /// Starts driver and browser.
    pub(super) async fn start() -> Self {
        let mut command = Command::new(chromedriver());
        let scratch = Scratch::new();
        scratch.hold(&mut command);
        let mut driver = spawn(command.arg("--port=0").stdout(Stdio::piped()));
        let stdout = driver.stdout.take().expect("its output is piped");
        let mut stdout = BufReader::new(stdout).lines();
        let port = timeout(COMMAND_WAIT, port(&mut stdout))
            .await
            .expect("chromedriver listens");
        // An error only says that another test has installed it.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(COMMAND_WAIT)
            .build();
        let mut browser = Self {
            driver,
            _stdout: stdout,
            http: http.expect("a client"),
            session: format!("http://127.0.0.1:{port}/session"),
            _scratch: scratch,
        };
        let flags: Vec<_> = FLAGS.iter().chain(OWN_FLAGS).collect();
        let options = json!({ "binary": chromium(), "args": flags });
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let made = browser.command("", body).await;
        let id = made["sessionId"].as_str().expect("a session has an id");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    /// Goes to an address and waits until the page is loaded.
    pub(super) async fn go(&self, address: &str) {
        self.command("/url", json!({ "url": address })).await;
    }

    /// The width and height of the window, in CSS pixels.
    pub(super) async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What the reader prefers, `light` or `dark`.
    pub(super) async fn prefer(&self, theme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": theme });
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        )
        .await;
    }

    /// The reader asked for less motion.
    pub(super) async fn prefer_stillness(&self) {
        let feature = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "features": [feature] }),
        )
        .await;
    }

    /// Switches the scripts of pages off.
    pub(super) async fn switch_scripts_off(&self) {
        self.cdp(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": true }),
        )
        .await;
    }

    /// What an expression gives, in the page.
    pub(super) async fn evaluate(&self, expression: &str) -> Value {
        let wanted = json!({ "expression": expression, "returnByValue": true });
        let answer = self.cdp("Runtime.evaluate", wanted).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// What the promise of an expression comes to, in the page.
    pub(super) async fn evaluate_to_the_end(&self, expression: &str) -> Value {
        let wanted =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.cdp("Runtime.evaluate", wanted).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        answer["result"]["value"].clone()
    }

    /// Runs a script in every page from now on, before anything of the page itself.
    pub(super) async fn before_every_page(&self, script: &str) {
        self.cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": script }),
        )
        .await;
    }

    /// Turns to the frame that a script gives.
    pub(super) async fn enter_frame(&self, script: &Value) {
        let element = self
            .command("/execute/sync", json!({ "script": script, "args": [] }))
            .await;
        self.command("/frame", json!({ "id": element })).await;
    }

    /// Turns back to the page.
    pub(super) async fn leave_frame(&self) {
        self.command("/frame", json!({ "id": null })).await;
    }

    /// What a script returns in the frame turned to.
    pub(super) async fn in_frame(&self, script: &str) -> Value {
        self.command("/execute/sync", json!({ "script": script, "args": [] }))
            .await
    }

    /// Waits until a script in the frame turned to returns true; a frame on its way to another page has no answer yet.
    pub(super) async fn wait_in_frame(&self, script: &str) {
        let end = Instant::now() + FRAME_WAIT;
        let mut last = Value::Null;
        while Instant::now() < end {
            last = self.in_frame(script).await;
            if last == true {
                return;
            }
            // The frame loads from a server that is another task.
            sleep(Duration::from_millis(50)).await;
        }
        let at = self.in_frame("return location.href").await;
        panic!("{script} gives {last} after {FRAME_WAIT:?}, at {at}");
    }

    /// Waits until an expression is true.
    ///
    /// # Errors
    /// When it is not in time.
    pub(super) async fn wait_until(&self, expression: &str) -> Result<(), String> {
        let end = Instant::now() + COMMAND_WAIT;
        while Instant::now() < end {
            if self.evaluate(expression).await == true {
                return Ok(());
            }
            // The page comes from a server and a browser that are other processes.
            sleep(Duration::from_millis(50)).await;
        }
        let at = self.evaluate("location.href").await;
        Err(format!(
            "{expression} is not true after {COMMAND_WAIT:?}, at {at}"
        ))
    }

    /// Types into whatever has the focus.
    pub(super) async fn type_text(&self, text: &str) {
        self.cdp("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses a key: its name, the text it gives and its code.
    pub(super) async fn press(&self, key: &str, text: &str, code: u32) {
        let down = json!({ "type": "keyDown", "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code });
        self.cdp("Input.dispatchKeyEvent", down).await;
        let up = json!({ "type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code });
        self.cdp("Input.dispatchKeyEvent", up).await;
    }

    /// What the browser complained of since the last call: refused by policy, thrown, not loaded.
    pub(super) async fn complaints(&self) -> Vec<String> {
        let log = self.command("/se/log", json!({ "type": "browser" })).await;
        let entries = log.as_array().cloned().unwrap_or_default();
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        let said = entries.iter().map(text);
        said.filter(|said| !said.contains(FADE_LEFT_OUT)).collect()
    }

    /// Takes a picture of the window.
    pub(super) async fn shoot(&self, file: &Path) {
        let shot = self
            .cdp("Page.captureScreenshot", json!({ "format": "png" }))
            .await;
        let data = shot["data"].as_str().expect("a picture");
        let bytes = STANDARD.decode(data).expect("a picture is base64");
        std::fs::write(file, bytes).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }

    async fn cdp(&self, command: &str, params: Value) -> Value {
        self.command(
            "/goog/cdp/execute",
            json!({ "cmd": command, "params": params }),
        )
        .await
    }

    async fn command(&self, path: &str, body: Value) -> Value {
        let sent = self
            .http
            .post(format!("{}{path}", self.session))
            .json(&body)
            .send()
            .await;
        let answer = sent.unwrap_or_else(|e| panic!("chromedriver does not answer {body}: {e}"));
        let (status, answer) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
        assert!(
            status.is_success(),
            "chromedriver answered {body} with {status}: {answer}"
        );
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.driver);
    }
}

async fn port(lines: &mut Lines<BufReader<ChildStdout>>) -> u16 {
    while let Some(line) = lines.next_line().await.expect("chromedriver speaks text") {
        if let Some((_, port)) = line.split_once(LISTENING) {
            return port.trim_end_matches('.').parse().expect("a port");
        }
    }
    panic!("chromedriver ended before it listened");
}
