//! Clients that write through REST all the while: each creates articles and changes its own ones. A
//! request without a good answer is sent again under the same key until it is acknowledged; what was
//! acknowledged is remembered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::chance::Chance;

/// How many clients there are.
const CLIENTS: usize = 25;
/// How often each of them writes: all together 50 times a second. What a client could not write while
/// the server was down it writes afterwards, as fast as it is answered.
const EVERY: Duration = Duration::from_millis(500);
/// How long a request may wait for its answer before it is sent again.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// How long a write is tried before it counts as a fault.
const TRY_FOR: Duration = Duration::from_secs(300);
/// The pauses between tries: the first, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(400));

/// One article of a client: what was acknowledged, and the request that made it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) id: String,
    pub(crate) title: String,
    /// The body of revision `n` stands at `n - 1`.
    pub(crate) bodies: Vec<String>,
    pub(crate) etag: String,
    pub(crate) key: String,
    pub(crate) creation: Value,
}

/// What all clients counted together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) acknowledged: AtomicU64,
    pub(crate) sent_again: AtomicU64,
    slowest_ms: AtomicU64,
    /// Answers that led to another try, by what they were.
    refusals: Mutex<BTreeMap<String, u64>>,
    /// What must not happen.
    faults: Mutex<Vec<String>>,
}

impl Tally {
    /// The answers that led to another try.
    pub(crate) fn refusals(&self) -> BTreeMap<String, u64> {
        self.refusals.lock().expect("no client panics").clone()
    }

    /// What must not have happened.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().expect("no client panics").clone()
    }

    /// The longest a client waited for an acknowledgement.
    pub(crate) fn slowest(&self) -> Duration {
        Duration::from_millis(self.slowest_ms.load(Ordering::Relaxed))
    }

    fn refused(&self, what: String) {
        self.sent_again.fetch_add(1, Ordering::Relaxed);
        *self
            .refusals
            .lock()
            .expect("no client panics")
            .entry(what)
            .or_default() += 1;
    }

    fn fault(&self, what: String) {
        self.faults.lock().expect("no client panics").push(what);
    }
}

/// Where the server is and who asks.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) key: String,
}

impl Door {
    /// A request with the key.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/v1{path}", self.url);
        self.http
            .request(method, url)
            .header("x-api-key", &self.key)
            .timeout(ANSWER_WAIT)
    }

    /// GET, which must answer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.request(Method::GET, path).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let status = answer.status();
        let text = answer
            .text()
            .await
            .unwrap_or_else(|error| panic!("GET {path}: {error}"));
        assert!(status.is_success(), "GET {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error} in {text}"))
    }
}

/// The clients at work.
#[derive(Debug)]
pub(crate) struct Writers {
    clients: JoinSet<Vec<Written>>,
    stop: Arc<AtomicBool>,
    pub(crate) tally: Arc<Tally>,
}

impl Writers {
    /// Lets them begin.
    pub(crate) fn start(door: &Door, portal: &str, chance: &mut Chance) -> Self {
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Tally::default()));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let client = Client {
                number,
                door: door.clone(),
                portal: portal.to_owned(),
                chance: chance.split(),
                tally: Arc::clone(&tally),
                articles: Vec::new(),
                requests: 0,
            };
            clients.spawn(client.run(Arc::clone(&stop)));
        }
        Self {
            clients,
            stop,
            tally,
        }
    }

    /// Lets each of them finish the write it is at, and gives what was acknowledged.
    pub(crate) async fn finish(self) -> Vec<Written> {
        self.stop.store(true, Ordering::Relaxed);
        self.clients
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

struct Client {
    number: usize,
    door: Door,
    portal: String,
    chance: Chance,
    tally: Arc<Tally>,
    articles: Vec<Written>,
    requests: usize,
}

/// An acknowledgement.
struct Acknowledged {
    etag: String,
    article: Value,
}

impl Client {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Vec<Written> {
        // They do not all knock at once.
        tokio::time::sleep(self.chance.time(EVERY)).await;
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            let done = if self.articles.is_empty() || self.chance.one_in(4) {
                self.create().await
            } else {
                self.change().await
            };
            if let Err(fault) = done {
                self.tally.fault(format!("client {}: {fault}", self.number));
                // Nothing is known about its articles from here on.
                break;
            }
        }
        self.articles
    }

    fn key(&mut self) -> String {
        self.requests += 1;
        format!("client-{}-request-{}", self.number, self.requests)
    }

    async fn create(&mut self) -> Result<(), String> {
        let key = self.key();
        let title = format!("Written by client {} under {}", self.number, self.requests);
        let body = format!("# {title}\n\nThe text of revision 1.\n");
        let status = if self.chance.one_in(2) {
            "draft"
        } else {
            "published"
        };
        let creation = json!({"portal": self.portal, "title": title, "body": body, "status": status, "tags": ["written"]});
        let done = self
            .send(Method::POST, "/articles", &key, None, &creation)
            .await?;
        let id = done.article["id"]
            .as_str()
            .ok_or_else(|| format!("no id in {}", done.article))?
            .to_owned();
        self.articles.push(Written {
            id,
            title,
            bodies: vec![body.clone()],
            etag: done.etag,
            key,
            creation,
        });
        expect(&done.article, 1, &body)
    }

    async fn change(&mut self) -> Result<(), String> {
        let key = self.key();
        let at = self.chance.below(self.articles.len());
        let article = &self.articles[at];
        let revision = article.bodies.len() + 1;
        let body = format!(
            "# {}\n\nThe text of revision {revision}, under {key}.\n",
            article.title
        );
        let (path, etag) = (format!("/articles/{}", article.id), article.etag.clone());
        let mut change = json!({"body": body, "message": key});
        if self.chance.one_in(3) {
            change["status"] = "published".into();
        }
        let done = self
            .send(Method::PATCH, &path, &key, Some(&etag), &change)
            .await?;
        let article = &mut self.articles[at];
        article.etag = done.etag;
        article.bodies.push(body.clone());
        expect(&done.article, revision, &body)
    }

    /// Sends until it is acknowledged.
    async fn send(
        &self,
        method: Method,
        path: &str,
        key: &str,
        etag: Option<&str>,
        body: &Value,
    ) -> Result<Acknowledged, String> {
        let began = Instant::now();
        let mut pause = PAUSE.0;
        let mut last = String::new();
        while began.elapsed() < TRY_FOR {
            let mut request = self
                .door
                .request(method.clone(), path)
                .header("idempotency-key", key)
                .json(body);
            if let Some(etag) = etag {
                request = request.header("if-match", etag);
            }
            match answer(request).await {
                Answer::Good(acknowledged) => {
                    self.tally.acknowledged.fetch_add(1, Ordering::Relaxed);
                    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    self.tally.slowest_ms.fetch_max(took, Ordering::Relaxed);
                    return Ok(acknowledged);
                }
                Answer::Again(what) => {
                    last.clone_from(&what);
                    self.tally.refused(what);
                }
                Answer::Wrong(what) => {
                    return Err(format!(
                        "{method} {path} under {key}: {what}; before it: {last}"
                    ));
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
        Err(format!(
            "{method} {path} under {key} was not acknowledged within {TRY_FOR:?}; the last answer was {last}"
        ))
    }
}

enum Answer {
    Good(Acknowledged),
    Again(String),
    Wrong(String),
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() => return Answer::Again("no connection".to_owned()),
        Err(error) if error.is_timeout() => return Answer::Again("no answer in time".to_owned()),
        Err(_) => return Answer::Again("broken connection".to_owned()),
    };
    let status = response.status();
    let etag = response
        .headers()
        .get("etag")
        .and_then(|tag| tag.to_str().ok())
        .map(str::to_owned);
    let Ok(text) = response.text().await else {
        return Answer::Again("broken answer".to_owned());
    };
    let Ok(article) = serde_json::from_str::<Value>(&text) else {
        return Answer::Wrong(format!("{status} {text}"));
    };
    let code = article["code"].as_str().unwrap_or_default();
    match (status.as_u16(), etag) {
        (200 | 201, Some(etag)) => Answer::Good(Acknowledged { etag, article }),
        (429 | 500.., _) | (409, _) if status != 409 || code == "idempotency_in_flight" => {
            Answer::Again(format!("{} {code}", status.as_u16()))
        }
        _ => Answer::Wrong(format!("{status} {text}")),
    }
}

/// An acknowledgement says what was saved, also when it is one of an earlier try.
fn expect(article: &Value, revision: usize, body: &str) -> Result<(), String> {
    if article["revision"] == revision
        && article["head_revision"] == revision
        && article["body"] == body
    {
        return Ok(());
    }
    Err(format!(
        "expected revision {revision} with {body:?}, acknowledged was {article}"
    ))
}
