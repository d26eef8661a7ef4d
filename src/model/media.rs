//! Pictures and videos that are to be sent: what a file is, and how large it may be (contract §4.4).

use super::MediaKind;

/// A type of file that X takes in direct messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaType {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/webp`
    Webp,
    /// `image/gif`
    Gif,
    /// `video/mp4`
    Mp4,
}

impl MediaType {
    /// All of them.
    pub const ALL: [MediaType; 5] = [MediaType::Jpeg, MediaType::Png, MediaType::Webp, MediaType::Gif, MediaType::Mp4];

    /// What a file is, by its first bytes: endings lie, and X looks at the bytes too.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(MediaType::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(MediaType::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(MediaType::Webp),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(MediaType::Gif),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(MediaType::Mp4),
            _ => None,
        }
    }

    /// Its name among the types of the internet.
    pub fn name(self) -> &'static str {
        match self {
            MediaType::Jpeg => "image/jpeg",
            MediaType::Png => "image/png",
            MediaType::Webp => "image/webp",
            MediaType::Gif => "image/gif",
            MediaType::Mp4 => "video/mp4",
        }
    }

    /// What it becomes in a message.
    pub fn kind(self) -> MediaKind {
        match self {
            MediaType::Jpeg | MediaType::Png | MediaType::Webp => MediaKind::Photo,
            MediaType::Gif => MediaKind::AnimatedGif,
            MediaType::Mp4 => MediaKind::Video,
        }
    }
}

impl MediaKind {
    /// The most bytes that X takes.
    pub fn largest(self) -> u64 {
        const MEGABYTE: u64 = 1 << 20;
        match self {
            MediaKind::Photo => 5 * MEGABYTE,
            MediaKind::AnimatedGif => 15 * MEGABYTE,
            MediaKind::Video => 512 * MEGABYTE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        for (bytes, kind) in [
            (&b"\xff\xd8\xff\xe0\x00\x10JFIF"[..], Some(MediaType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\x00", Some(MediaType::Png)),
            (b"RIFF\x10\x00\x00\x00WEBPVP8 ", Some(MediaType::Webp)),
            (b"GIF89a\x01\x00", Some(MediaType::Gif)),
            (b"GIF87a\x01\x00", Some(MediaType::Gif)),
            (b"\x00\x00\x00\x18ftypmp42", Some(MediaType::Mp4)),
            (b"RIFF\x10\x00\x00\x00WAVEfmt ", None),
            (b"GIF88a", None),
            (b"\xff\xd8", None),
            (b"<html>", None),
            (b"", None),
        ] {
            assert_eq!(MediaType::of(bytes), kind, "{bytes:?}");
        }
    }
}
