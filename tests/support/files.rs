//! Files to bring: pictures that are drawn here, and the shortest way to send them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use serde_json::Value;

use crate::answer::Answer;
use crate::app::TestApp;

/// A picture with areas, edges and a gradient, as a PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let paint = |x: u32, y: u32| {
        let shade = u8::try_from(x * 200 / width).unwrap_or(u8::MAX);
        match (x / 40 + y / 40) % 3 {
            0 => Rgba([shade, 80, 160, 255]),
            1 => Rgba([240, 240, 240, 255]),
            _ => Rgba([20, shade, 40, 255]),
        }
    };
    let picture = DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, paint));
    let mut out = Cursor::new(Vec::new());
    picture
        .write_to(&mut out, ImageFormat::Png)
        .expect("a picture is written");
    out.into_inner()
}

/// Text as a value in a query.
pub fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

impl TestApp {
    /// Brings a file to the portal `help`, with everything allowed.
    pub async fn bring(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Answer {
        let path = format!("/attachments?portal=help&name={}", escaped(name));
        self.rest(&self.key)
            .request("POST", &path)
            .raw(bytes.into())
            .send()
            .await
    }

    /// Brings a new file and gives what is known of it.
    pub async fn attach(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
        self.bring(name, bytes).await.expect(201).json()
    }
}
