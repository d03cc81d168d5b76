//! Pixels into WebP: lossy, or lossless where that is smaller.

use webp::{Encoder, PixelLayout, WebPConfig};

/// Quality of the lossy form, 0 to 100: text on screenshots stays clean.
const QUALITY: f32 = 82.0;
/// Effort of the lossless form, 0 to 100.
const LOSSLESS_EFFORT: f32 = 40.0;
/// How long the encoder searches, 0 to 6: pictures come by the thousand in an import.
const METHOD: i32 = 3;

/// The smaller of both forms; `None` when the encoder refuses. A lossless one is tried only when asked for.
pub(crate) fn encode(
    pixels: &[u8],
    layout: PixelLayout,
    (width, height): (u32, u32),
    try_lossless: bool,
) -> Option<Vec<u8>> {
    let encoder = Encoder::new(pixels, layout, width, height);
    let mut config = WebPConfig::new().ok()?;
    config.quality = QUALITY;
    config.method = METHOD;
    let lossy = encoder.encode_advanced(&config).ok()?.to_vec();
    if !try_lossless {
        return Some(lossy);
    }
    config.lossless = 1;
    config.quality = LOSSLESS_EFFORT;
    match encoder.encode_advanced(&config) {
        Ok(lossless) if lossless.len() <= lossy.len() => Some(lossless.to_vec()),
        _ => Some(lossy),
    }
}
