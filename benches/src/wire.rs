//! HTTP/1.1 at the level of bytes, over one connection that is kept open.
//!
//! A library client costs as much as the server it measures; this one writes bytes that were made
//! beforehand and reads no more of an answer than its length. It refuses everything a measured
//! server does not do: pipelining, upgrades, answers that end with the connection.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer larger than this is no page and no article.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Head and body of the last answer; chunks are joined.
    buffer: Vec<u8>,
}

/// What an answer's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Bytes of the head, with the empty line.
    pub(crate) bytes: usize,
    pub(crate) body: BodyLength,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyLength {
    Known(usize),
    Chunked,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, when the status is this one.
    pub(crate) fn json(&self, status: u16) -> Result<serde_json::Value> {
        if self.status != status {
            bail!(
                "answered {} instead of {status}: {}",
                self.status,
                String::from_utf8_lossy(&self.body[..self.body.len().min(500)])
            );
        }
        serde_json::from_slice(&self.body).context("an answer is no JSON")
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(128 << 10),
        })
    }

    /// Sends a request and reads its answer to the end; gives status and bytes of the body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<(u16, usize)> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.read_more().await?;
            if let Some(head) = parse_head(&self.buffer)? {
                break head;
            }
        };
        let body = match head.body {
            BodyLength::Known(length) => {
                if length > ANSWER_BYTES_MAX {
                    bail!("an answer of {length} bytes is larger than anything measured here");
                }
                while self.buffer.len() < head.bytes + length {
                    self.read_more().await?;
                }
                length
            }
            BodyLength::Chunked => self.join_chunks(head.bytes).await?,
        };
        Ok((head.status, body))
    }

    /// One request with its answer, for what is not timed.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&serde_json::Value>,
    ) -> Result<Answer> {
        let request = request(method, path, headers, body);
        let (status, _) = self
            .exchange(&request)
            .await
            .with_context(|| format!("{method} {path}"))?;
        let head = parse_head(&self.buffer)?.context("the head was read")?;
        let text = String::from_utf8_lossy(&self.buffer[..head.bytes]);
        let headers = text.lines().skip(1).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Ok(Answer {
            status,
            headers: headers.collect(),
            body: self.buffer[head.bytes..].to_vec(),
        })
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection in the middle of an answer");
        }
        Ok(())
    }

    /// Leaves head and joined body in the buffer.
    async fn join_chunks(&mut self, head: usize) -> Result<usize> {
        let mut body = Vec::new();
        let mut at = head;
        loop {
            let end = loop {
                if let Some(end) = find_line_end(&self.buffer, at) {
                    break end;
                }
                self.read_more().await?;
            };
            let size = std::str::from_utf8(&self.buffer[at..end]).unwrap_or_default();
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).context("a chunk has no size")?;
            if body.len() + size > ANSWER_BYTES_MAX {
                bail!("an answer is larger than anything measured here");
            }
            let from = end + 2;
            while self.buffer.len() < from + size + 2 {
                self.read_more().await?;
            }
            body.extend_from_slice(&self.buffer[from..from + size]);
            at = from + size + 2;
            if size == 0 {
                self.buffer.truncate(head);
                self.buffer.extend_from_slice(&body);
                return Ok(body.len());
            }
        }
    }
}

fn find_line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let at = bytes.get(from..)?.windows(2).position(|w| w == b"\r\n")?;
    Some(from + at)
}

/// The bytes of a request.
pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&serde_json::Value>,
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let body = body.map(serde_json::Value::to_string).unwrap_or_default();
    if !body.is_empty() {
        text.push_str(&format!(
            "content-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        ));
    }
    text.push_str("\r\n");
    text.push_str(&body);
    text.into_bytes()
}

/// Reads the head of an answer; `None` while it is not whole.
pub(crate) fn parse_head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut lines = Lines { bytes, at: 0 };
    let Some(first) = lines.next_line() else {
        return Ok(None);
    };
    let status = first
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok());
    let Some(status) = status else {
        bail!("that is no HTTP/1.1: {}", String::from_utf8_lossy(first));
    };
    let mut body = BodyLength::Known(0);
    while let Some(line) = lines.next_line() {
        if line.is_empty() {
            // 304 and 204 have none, whatever their headers say.
            if matches!(status, 204 | 304) {
                body = BodyLength::Known(0);
            }
            return Ok(Some(Head {
                status,
                bytes: lines.at,
                body,
            }));
        }
        if let Some(value) = value_of(line, b"content-length") {
            let length = std::str::from_utf8(value).ok().map(str::trim);
            let length = length.and_then(|l| l.parse().ok());
            body = BodyLength::Known(length.context("a content-length is no number")?);
        } else if value_of(line, b"transfer-encoding").is_some() {
            body = BodyLength::Chunked;
        }
    }
    Ok(None)
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, rest) = line.split_at_checked(name.len())?;
    let value = rest.strip_prefix(b":")?;
    found.eq_ignore_ascii_case(name).then_some(value)
}

struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn next_line(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|b| *b == b'\n')?;
        self.at += end + 1;
        Some(rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]))
    }
}

/// A query value, percent-encoded.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nx: y\r\n\r\nbody";
        for cut in 0..whole.len() - 4 {
            assert_eq!(parse_head(&whole[..cut]).unwrap(), None, "{cut}");
        }
        let head = parse_head(whole).unwrap().unwrap();
        assert_eq!(head.status, 200);
        assert_eq!(head.bytes, whole.len() - 4);
        assert_eq!(head.body, BodyLength::Known(12));
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let head = parse_head(chunked).unwrap().unwrap();
        assert_eq!(head.body, BodyLength::Chunked);
        assert!(parse_head(b"SSH-2.0\r\n\r\n").is_err());
    }

    #[tokio::test]
    async fn chunks_become_one_body() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let _ = stream.read(&mut asked).await.unwrap();
            for part in [
                "HTTP/1.1 200 OK\r\ntransfer-enc",
                "oding: chunked\r\n\r\n5\r\nhel",
                "lo\r\n1\r\n!\r\n0\r\n\r",
                "\n",
            ] {
                stream.write_all(part.as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        let answer = connection.ask("GET", "/", &[], None).await.unwrap();
        assert_eq!(answer.body, b"hello!");
    }

    #[test]
    fn a_query_is_encoded() {
        assert_eq!(encode("a b&ü"), "a%20b%26%C3%BC");
    }
}
