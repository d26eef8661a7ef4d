//! The bytes of pictures: those that were uploaded, and small ones made up for what people send.

use actix_web::web::Bytes;

use super::{Message, Picture, World};
use crate::model::{MediaKind, MediaType, MessageId, UserId};

/// The sides of a made-up picture, in pixels.
const SIDES: (usize, usize) = (48, 32);

/// A file on a message, and where it can be had.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct File {
    /// The address of the server that has it.
    pub(in crate::simulator) base: String,
    /// The random part of its address.
    pub(in crate::simulator) name: String,
    pub(in crate::simulator) bytes: Bytes,
}

impl File {
    /// What it is, by its bytes.
    pub(in crate::simulator) fn media_type(&self) -> MediaType {
        MediaType::of(&self.bytes).unwrap_or(MediaType::Jpeg)
    }

    /// How the name of a photo ends.
    pub(in crate::simulator) fn ending(&self) -> &'static str {
        match self.media_type() {
            MediaType::Png => "png",
            MediaType::Webp => "webp",
            MediaType::Jpeg | MediaType::Gif | MediaType::Mp4 => "jpg",
        }
    }
}

impl World {
    /// The file on a message, in whatever conversation.
    pub(in crate::simulator) fn file(&self, id: MessageId) -> Option<&File> {
        self.messages.get(id).map_or_else(|| self.groups.file(id), |message| message.file.as_ref())
    }

    /// The file on a message and what it is, for somebody in the conversation.
    pub(in crate::simulator) fn file_for(&self, user: UserId, id: MessageId) -> Option<(Picture, &File)> {
        let between = |message: &&Message| message.shown.from == user || message.shown.to == user;
        match self.messages.get(id) {
            Some(message) => Some(message).filter(between).and_then(|message| message.shown.picture.zip(message.file.as_ref())),
            None => self.groups.message_for(user, id).and_then(|message| message.written.picture.zip(message.written.file.as_ref())),
        }
    }
}

/// A file of a kind, the same for the same id.
pub(super) fn made_up(kind: MediaKind, id: u64) -> Bytes {
    match kind {
        MediaKind::Photo => picture(id),
        // What moves is delivered as MP4, a GIF too.
        MediaKind::AnimatedGif | MediaKind::Video => film(id),
    }
}

/// A real PNG: two colours that come from the id, in stripes.
pub(in crate::simulator) fn picture(id: u64) -> Bytes {
    let (width, height) = SIDES;
    let [_, red, green, blue, ..] = id.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    let colours = [[red, green, blue], [!red, !green, !blue]];
    let mut raw = Vec::new();
    for y in 0..height {
        // Each line begins with its filter, which is none.
        raw.push(0);
        raw.extend((0..width).flat_map(|x| colours[(x / 8 + y / 8) % 2]));
    }
    let mut header = Vec::new();
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    // Eight bits a channel, three channels, and the only methods there are.
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", stored(&raw)), (b"IEND", vec![])] {
        let named = [name.as_slice(), &data].concat();
        png.extend((data.len() as u32).to_be_bytes());
        png.extend(&named);
        png.extend(crc32fast::hash(&named).to_be_bytes());
    }
    png.into()
}

/// Bytes in the zlib format, not compressed; at most one block of 64 KiB.
fn stored(raw: &[u8]) -> Vec<u8> {
    let length = raw.len() as u16;
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in raw {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut zlib = vec![0x78, 0x01, 0x01];
    zlib.extend(length.to_le_bytes());
    zlib.extend((!length).to_le_bytes());
    zlib.extend(raw);
    zlib.extend((b << 16 | a).to_be_bytes());
    zlib
}

/// The frame of an MP4, with nothing to play: real enough to be told by its bytes.
fn film(id: u64) -> Bytes {
    let atom = |name: &[u8; 4], data: &[u8]| [&(data.len() as u32 + 8).to_be_bytes(), name.as_slice(), data].concat();
    let kind = atom(b"ftyp", b"isom\0\0\x02\0isomiso2mp41");
    [kind, atom(b"free", format!("film {id}").as_bytes())].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_files_are_what_they_say() {
        let (one, other) = (picture(7), picture(8));
        assert_eq!(one, picture(7));
        assert_ne!(one, other);
        for (kind, expected) in
            [(MediaKind::Photo, MediaType::Png), (MediaKind::AnimatedGif, MediaType::Mp4), (MediaKind::Video, MediaType::Mp4)]
        {
            assert_eq!(MediaType::of(&made_up(kind, 7)), Some(expected));
        }
        // Adler-32 of "Wikipedia", the usual example.
        assert_eq!(stored(b"Wikipedia")[16..], [0x11, 0xe6, 0x03, 0x98]);
    }
}
