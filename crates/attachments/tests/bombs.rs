//! Pictures that are small as files and large as pixels: looking at them takes a bounded memory.
//!
//! A process of its own, because the highest memory is a figure of the whole process.
#![expect(
    clippy::unwrap_used,
    reason = "a test says by panicking what went wrong"
)]
#![cfg(target_os = "linux")]

use std::io::Cursor;

use bytes::Bytes;
use cairn_attachments::{PICTURE_MEMORY_BYTES_MAX, Shape, Workshop};
use image::{DynamicImage, GrayImage, ImageFormat, RgbaImage};

/// Highest memory of this process so far, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

/// A PNG with another size in its head, checksum and all.
fn claiming(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut out = png.to_vec();
    out[16..20].copy_from_slice(&width.to_be_bytes());
    out[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&out[12..29]);
    out[29..33].copy_from_slice(&sum.to_be_bytes());
    out
}

/// The checksum of PNG (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg());
        }
    }
    !sum
}

fn png(picture: DynamicImage) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).unwrap();
    out.into_inner()
}

#[tokio::test]
async fn bombs_take_a_bounded_memory() {
    let workshop = Workshop::new(1);
    let grey = png(DynamicImage::ImageLuma8(GrayImage::new(6_000, 6_000)));
    let small = png(DynamicImage::ImageRgba8(RgbaImage::new(16, 16)));
    let gif_head = |width: u16, height: u16| {
        let mut out = b"GIF89a".to_vec();
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend(b"\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0");
        out.extend(width.to_le_bytes());
        out.extend(height.to_le_bytes());
        out.extend(b"\0\x02\x02\x44\x01\0;");
        out
    };
    let huge = |width, height| Shape::Huge { width, height };
    let cases: Vec<(&str, Vec<u8>, Shape)> = vec![
        (
            "png of 36 megapixels in a few kilobytes",
            grey,
            Shape::Picture {
                width: 6_000,
                height: 6_000,
            },
        ),
        (
            "png of 3.6 gigapixels",
            claiming(&small, 60_000, 60_000),
            huge(60_000, 60_000),
        ),
        (
            "png of 4 exapixels",
            claiming(&small, 0x7fff_ffff, 0x7fff_ffff),
            Shape::Damaged,
        ),
        (
            "png whose head lies within the limit",
            claiming(&small, 6_000, 6_000),
            Shape::Damaged,
        ),
        (
            "gif of 4.2 gigapixels",
            gif_head(65_535, 65_535),
            huge(65_535, 65_535),
        ),
        (
            "gif whose head lies within the limit",
            gif_head(3_900, 3_900),
            Shape::Damaged,
        ),
    ];
    for (what, bytes, want) in cases {
        let length = bytes.len();
        let look = workshop.look(Bytes::from(bytes), "x").await.unwrap();
        println!(
            "{what}: {length} bytes, {:?}, highest memory {} MB",
            look.shape,
            peak() / 1_000_000
        );
        assert_eq!(look.shape, want, "{what}");
    }
    assert!(
        peak() < PICTURE_MEMORY_BYTES_MAX * 3 / 2,
        "{} bytes at most",
        peak()
    );
}
