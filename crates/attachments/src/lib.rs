//! Files that articles show: told apart by their bytes, kept once, shown smaller.
//!
//! Two things stand here. The [`Vault`] keeps bytes under immutable names made of their digest, in a directory or in
//! S3-compatible storage, and reads them back as a stream. The [`Workshop`] looks at bytes: what they are ([`kind`]),
//! how large a picture is, and which smaller variants of it are worth having.
//!
//! What it refuses: to believe a name or a sender about what a file is, to overwrite what it keeps, to decode a picture
//! beyond its limits, to know portals, articles or a database.

mod directory;
mod error;
pub mod kind;
mod name;
mod picture;
mod reading;
mod s3;
mod vault;
mod webp_form;
mod workshop;

pub use error::VaultError;
pub use name::ObjectName;
pub use picture::{PICTURE_MEMORY_BYTES_MAX, PICTURE_PIXELS_MAX, VARIANT_WIDTHS, Variant};
pub use reading::Reading;
pub use s3::S3Place;
pub use vault::{Kept, Place, Put, Vault};
pub use workshop::{Busy, Look, Shape, Workshop};
