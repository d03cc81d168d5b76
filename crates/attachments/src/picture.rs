//! Pictures: how large they are, and which smaller variants of them are worth having.
//!
//! A picture is decoded only within two limits, so that a small file cannot ask for a large memory: what goes beyond
//! keeps the size its head claims and gets no variants. Budget of one picture at the limits: 200 MB for its pixels, and
//! half of that again for another pixel format and the first reduction.

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageResult, Limits, RgbaImage};

use crate::webp_form;
use crate::workshop::Shape;

/// Most pixels of a picture that is decoded.
pub const PICTURE_PIXELS_MAX: u64 = 40_000_000;
/// Most memory for the pixels of a picture, in bytes.
pub const PICTURE_MEMORY_BYTES_MAX: u64 = 192 * 1024 * 1024;
/// Widths of smaller variants, in pixels.
pub const VARIANT_WIDTHS: [u32; 3] = [480, 960, 1440];
/// Longest side WebP can hold, in pixels (RFC 9649 §2.7.1.1, 14 bits).
const WEBP_SIDE_MAX: u32 = 16_383;
/// Above so many bytes a pixel a lossless file is a photograph: a smaller lossless form of it is not even tried.
const PHOTOGRAPH_BYTES_PER_PIXEL: f64 = 1.5;

/// A smaller form of a picture, in WebP.
#[derive(Debug, Clone)]
pub struct Variant {
    /// Its width, in pixels.
    pub width: u32,
    /// The file.
    pub bytes: Vec<u8>,
}

/// What a picture turned out to be.
struct Opened {
    size: (u32, u32),
    /// None: beyond the limits, or one of several frames.
    pixels: Option<DynamicImage>,
    is_beyond_limits: bool,
    is_lossless: bool,
}

/// Looks at a picture of one of the kinds that are decoded; nothing for other kinds.
pub(crate) fn look(bytes: &[u8], media_type: &str) -> Option<(Shape, Vec<Variant>)> {
    let opened = match media_type {
        "image/png" => open_png(bytes),
        "image/jpeg" => open_jpeg(bytes),
        "image/gif" => open_gif(bytes),
        "image/webp" => open_webp(bytes),
        _ => return None,
    };
    let Ok(opened) = opened else {
        return Some((Shape::Damaged, Vec::new()));
    };
    let (width, height) = opened.size;
    if opened.is_beyond_limits {
        return Some((Shape::Huge { width, height }, Vec::new()));
    }
    let variants = match opened.pixels {
        Some(pixels) => variants(pixels, bytes.len(), opened.is_lossless),
        None => Vec::new(),
    };
    Some((Shape::Picture { width, height }, variants))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(PICTURE_MEMORY_BYTES_MAX);
    limits
}

fn open_png(bytes: &[u8]) -> ImageResult<Opened> {
    let mut decoder = PngDecoder::with_limits(Cursor::new(bytes), limits())?;
    let is_animated = decoder.is_apng()?;
    still(&mut decoder, is_animated, true)?.finish(decoder)
}

fn open_jpeg(bytes: &[u8]) -> ImageResult<Opened> {
    let mut decoder = JpegDecoder::new(Cursor::new(bytes))?;
    still(&mut decoder, false, false)?.finish(decoder)
}

fn open_webp(bytes: &[u8]) -> ImageResult<Opened> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes))?;
    let is_animated = decoder.has_animation();
    still(&mut decoder, is_animated, false)?.finish(decoder)
}

fn open_gif(bytes: &[u8]) -> ImageResult<Opened> {
    let mut decoder = GifDecoder::new(Cursor::new(bytes))?;
    let mut head = still(&mut decoder, false, true)?;
    // A moving picture is put together from three of its size: the canvas, the frame and what was there before.
    head.is_beyond_limits |= decoder.total_bytes().saturating_mul(3) > PICTURE_MEMORY_BYTES_MAX;
    if head.is_beyond_limits {
        return head.finish(decoder);
    }
    let mut frames = decoder.into_frames();
    let Some(first) = frames.next() else {
        return head.finish(GifDecoder::new(Cursor::new(bytes))?);
    };
    let first = first?;
    // Whatever the second frame is, and be it broken: this picture moves.
    let is_animated = frames.next().is_some();
    Ok(Opened {
        size: head.size,
        pixels: (!is_animated).then(|| DynamicImage::ImageRgba8(first.into_buffer())),
        is_beyond_limits: false,
        is_lossless: true,
    })
}

/// What the head of a picture says.
struct Head {
    size: (u32, u32),
    orientation: Orientation,
    is_beyond_limits: bool,
    is_animated: bool,
    is_lossless: bool,
}

fn still(
    decoder: &mut impl ImageDecoder,
    is_animated: bool,
    is_lossless: bool,
) -> ImageResult<Head> {
    let (width, height) = decoder.dimensions();
    let is_beyond_limits = u64::from(width) * u64::from(height) > PICTURE_PIXELS_MAX
        || decoder.total_bytes() > PICTURE_MEMORY_BYTES_MAX;
    if !is_beyond_limits {
        decoder.set_limits(limits())?;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    Ok(Head {
        size: if turns(orientation) {
            (height, width)
        } else {
            (width, height)
        },
        orientation,
        is_beyond_limits,
        is_animated,
        is_lossless,
    })
}

impl Head {
    /// Decodes the pixels, where that is wanted; a moving picture is decoded too, to see whether it can be.
    fn finish(self, decoder: impl ImageDecoder) -> ImageResult<Opened> {
        let pixels = if self.is_beyond_limits {
            None
        } else {
            let mut pixels = DynamicImage::from_decoder(decoder)?;
            pixels.apply_orientation(self.orientation);
            Some(pixels).filter(|_| !self.is_animated)
        };
        Ok(Opened {
            size: self.size,
            pixels,
            is_beyond_limits: self.is_beyond_limits,
            is_lossless: self.is_lossless,
        })
    }
}

/// Whether a picture is shown lying on its side.
fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// The variants that are narrower than the picture and smaller than its file.
fn variants(pixels: DynamicImage, original_bytes: usize, is_lossless: bool) -> Vec<Variant> {
    let (width, height) = (pixels.width(), pixels.height());
    let pixel_count = f64::from(width) * f64::from(height);
    let try_lossless =
        is_lossless && (original_bytes as f64) < pixel_count * PHOTOGRAPH_BYTES_PER_PIXEL;
    let wanted = VARIANT_WIDTHS.iter().filter(|w| **w < width);
    let Some(widest) = wanted.clone().next_back() else {
        return Vec::new();
    };
    let premultiplied = premultiplied(pixels);
    // Averaging first: four times as wide as needed is as good as any, and far less work for the careful filter.
    let base = if width / 4 > *widest {
        let (w, h) = scaled(width, height, widest * 2);
        premultiplied.thumbnail_exact(w, h)
    } else {
        premultiplied
    };
    let mut found = Vec::new();
    for target in wanted {
        let (w, h) = scaled(width, height, *target);
        if h > WEBP_SIDE_MAX {
            continue;
        }
        let small = base.resize_exact(w, h, FilterType::CatmullRom);
        let bytes = match small {
            DynamicImage::ImageRgba8(mut small) => {
                unmultiply(&mut small);
                webp_form::encode(
                    small.as_raw(),
                    webp::PixelLayout::Rgba,
                    (w, h),
                    try_lossless,
                )
            }
            other => {
                let small = other.into_rgb8();
                webp_form::encode(small.as_raw(), webp::PixelLayout::Rgb, (w, h), try_lossless)
            }
        };
        if let Some(bytes) = bytes.filter(|b| b.len() < original_bytes) {
            found.push(Variant {
                width: *target,
                bytes,
            });
        }
    }
    found
}

/// The size at a width, in the same proportions and never without height.
fn scaled(width: u32, height: u32, target: u32) -> (u32, u32) {
    let h = u64::from(height) * u64::from(target) / u64::from(width.max(1));
    (target, u32::try_from(h).unwrap_or(u32::MAX).max(1))
}

/// Eight bits a channel, colours weighed by their opacity: what is transparent must not bleed into what is not.
fn premultiplied(pixels: DynamicImage) -> DynamicImage {
    if !pixels.color().has_alpha() {
        return DynamicImage::ImageRgb8(pixels.into_rgb8());
    }
    let mut rgba = pixels.into_rgba8();
    for pixel in rgba.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        for colour in &mut pixel.0[..3] {
            *colour = u8::try_from((u32::from(*colour) * alpha + 127) / 255).unwrap_or(u8::MAX);
        }
    }
    DynamicImage::ImageRgba8(rgba)
}

fn unmultiply(rgba: &mut RgbaImage) {
    for pixel in rgba.pixels_mut() {
        let alpha = u32::from(pixel.0[3]);
        if alpha == 0 {
            continue;
        }
        for colour in &mut pixel.0[..3] {
            *colour =
                u8::try_from((u32::from(*colour) * 255 + alpha / 2) / alpha).unwrap_or(u8::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use image::codecs::gif::GifEncoder;
    use image::{Frame, ImageFormat, Rgba};

    use super::*;

    /// A picture with areas, edges and a gradient.
    fn sample(width: u32, height: u32) -> DynamicImage {
        let paint = |x: u32, y: u32| {
            let shade = u8::try_from(x * 200 / width).unwrap();
            match (x / 40 + y / 40) % 3 {
                0 => Rgba([shade, 80, 160, 255]),
                1 => Rgba([240, 240, 240, 255]),
                _ => Rgba([20, shade, 40, 255]),
            }
        };
        DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, paint))
    }

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        match format {
            ImageFormat::Jpeg => picture.to_rgb8().write_to(&mut out, format),
            _ => picture.write_to(&mut out, format),
        }
        .unwrap();
        out.into_inner()
    }

    fn widths(variants: &[Variant]) -> Vec<u32> {
        variants.iter().map(|v| v.width).collect()
    }

    #[test]
    fn variants_are_narrower_smaller_and_of_the_same_proportions() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg] {
            let bytes = file(&sample(2_000, 1_000), format);
            let kind = format.to_mime_type();
            let (shape, variants) = look(&bytes, kind).unwrap();
            assert_eq!(
                shape,
                Shape::Picture {
                    width: 2_000,
                    height: 1_000
                }
            );
            assert!(!variants.is_empty(), "{kind}");
            for variant in &variants {
                assert!(variant.bytes.len() < bytes.len());
                let back = image::load_from_memory(&variant.bytes).unwrap();
                assert_eq!(
                    (back.width(), back.height()),
                    (variant.width, variant.width / 2)
                );
            }
        }
        let (_, variants) = look(&file(&sample(480, 300), ImageFormat::Png), "image/png").unwrap();
        assert!(
            variants.is_empty(),
            "nothing is narrower: {:?}",
            widths(&variants)
        );
    }

    #[test]
    fn a_variant_that_is_no_smaller_than_the_file_is_left_out() {
        let flat = DynamicImage::ImageRgba8(RgbaImage::from_pixel(2_000, 20, Rgba([9, 9, 9, 255])));
        let bytes = file(&flat, ImageFormat::WebP);
        let (shape, variants) = look(&bytes, "image/webp").unwrap();
        assert_eq!(
            shape,
            Shape::Picture {
                width: 2_000,
                height: 20
            }
        );
        assert!(variants.iter().all(|v| v.bytes.len() < bytes.len()));
    }

    #[test]
    fn a_moving_picture_has_a_size_and_no_variants() {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        for _ in 0..2 {
            encoder
                .encode_frame(Frame::new(sample(600, 40).to_rgba8()))
                .unwrap();
        }
        drop(encoder);
        let (shape, variants) = look(&bytes, "image/gif").unwrap();
        assert_eq!(
            shape,
            Shape::Picture {
                width: 600,
                height: 40
            }
        );
        assert!(variants.is_empty());
        let mut bytes = Vec::new();
        GifEncoder::new(&mut bytes)
            .encode_frame(Frame::new(sample(600, 40).to_rgba8()))
            .unwrap();
        assert_eq!(widths(&look(&bytes, "image/gif").unwrap().1), [480]);
    }

    #[test]
    fn a_damaged_picture_is_said_to_be_one() {
        let whole = file(&sample(600, 400), ImageFormat::Png);
        let mut cut = whole.clone();
        cut.truncate(whole.len() / 2);
        for (bytes, kind) in [
            (&cut[..], "image/png"),
            (b"\x89PNG\r\n\x1a\n".as_slice(), "image/png"),
            (b"GIF89a\x10\0\x10\0<script>alert(1)</script>", "image/gif"),
            (b"\xff\xd8\xff\xe0<script>", "image/jpeg"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        ] {
            let (shape, variants) = look(bytes, kind).unwrap();
            assert_eq!((shape, variants.len()), (Shape::Damaged, 0), "{kind}");
        }
        assert!(look(b"%PDF", "application/pdf").is_none());
    }

    #[test]
    fn transparent_colour_does_not_bleed_into_what_is_seen() {
        let mut picture = RgbaImage::from_pixel(1_000, 10, Rgba([255, 0, 0, 0]));
        for pixel in picture.pixels_mut().take(1_000 * 10).step_by(2) {
            *pixel = Rgba([0, 0, 255, 255]);
        }
        let DynamicImage::ImageRgba8(mut small) = premultiplied(DynamicImage::ImageRgba8(picture))
            .resize_exact(480, 5, FilterType::CatmullRom)
        else {
            panic!("it has an alpha channel");
        };
        unmultiply(&mut small);
        assert!(small.pixels().all(|p| p.0[0] < 8 || p.0[3] < 8));
    }
}
