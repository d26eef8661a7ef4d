//! A frame: one entry in a journal file, with all that is needed to know it for what it is.
//!
//! | bytes | what |
//! |---|---|
//! | 0–3 | magic |
//! | 4–7 | CRC-32 of all that follows, payload included |
//! | 8–11 | length of the payload |
//! | 12–15 | place in the group that was written and synced together, from 0 |
//! | 16–23 | id of the file, so that bytes left over from another file are never taken for its own |
//! | 24–31 | sequence number: entries of all conversations are counted together, from 1 |
//! | 32– | payload, as `Entry::encode` makes it |
//!
//! Numbers are little-endian.

/// The length of a frame without its payload.
pub(super) const HEADER: usize = 32;

/// The longest payload that is believed.
pub(super) const MAX_PAYLOAD: usize = 16 << 20;

/// No byte of it is zero, so that a zero-filled rest of a file holds none.
pub(super) const MAGIC: [u8; 4] = *b"JuFr";

/// What a frame says before its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) checksum: u32,
    /// Bytes of payload.
    pub(super) length: usize,
    /// Place in its group.
    pub(super) place: u32,
    /// The file's id.
    pub(super) file: u64,
    /// The number of the entry.
    pub(super) sequence: u64,
}

impl Header {
    /// The sequence number of the first frame of the group; all before it were synced when this one was written.
    pub(super) fn group(&self) -> u64 {
        self.sequence.saturating_sub(u64::from(self.place))
    }
}

/// Completes a frame whose payload stands behind [`HEADER`] free bytes.
pub(super) fn seal(frame: &mut [u8], place: u32, file: u64, sequence: u64) {
    let length = (frame.len() - HEADER) as u32;
    frame[0..4].copy_from_slice(&MAGIC);
    frame[8..12].copy_from_slice(&length.to_le_bytes());
    frame[12..16].copy_from_slice(&place.to_le_bytes());
    frame[16..24].copy_from_slice(&file.to_le_bytes());
    frame[24..32].copy_from_slice(&sequence.to_le_bytes());
    let checksum = crc32fast::hash(&frame[8..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads the header that `bytes` begin with, if it can be one.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let bytes: &[u8; HEADER] = bytes.first_chunk()?;
    let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let long = |at: usize| u64::from(word(at)) | u64::from(word(at + 4)) << 32;
    let length = word(8) as usize;
    let believable = bytes[0..4] == MAGIC && length <= MAX_PAYLOAD;
    believable.then(|| Header { checksum: word(4), length, place: word(12), file: long(16), sequence: long(24) })
}

/// The frame that `bytes` begin with, if it is whole and sound.
pub(super) fn parse(bytes: &[u8]) -> Option<(Header, &[u8])> {
    let header = header(bytes)?;
    let frame = bytes.get(..HEADER + header.length)?;
    (crc32fast::hash(&frame[8..]) == header.checksum).then(|| (header, &frame[HEADER..]))
}

/// Sound frames anywhere in `bytes`.
pub(super) fn search(bytes: &[u8]) -> impl Iterator<Item = Header> {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    starts.filter_map(|(at, _)| parse(&bytes[at..]).map(|(header, _)| header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; HEADER];
        frame.extend_from_slice(payload);
        seal(&mut frame, 2, 77, 9);
        frame
    }

    #[test]
    fn a_frame_is_read_as_it_was_sealed() {
        let frame = sealed(b"payload");
        let (header, payload) = parse(&frame).unwrap();
        assert_eq!((header.place, header.file, header.sequence, header.group()), (2, 77, 9, 7));
        assert_eq!(payload, b"payload");
    }

    #[test]
    fn a_frame_with_any_bit_turned_is_bad() {
        let good = sealed(b"payload");
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(parse(&bad).is_none(), "bit {bit}");
        }
        for length in 0..good.len() {
            assert!(parse(&good[..length]).is_none(), "cut at {length}");
        }
    }

    #[test]
    fn sound_frames_are_found_between_rubbish() {
        let mut bytes = b"JuFrJuFr rubbish".to_vec();
        bytes.extend(sealed(b"one"));
        bytes.extend(MAGIC);
        bytes.extend(sealed(b""));
        assert_eq!(search(&bytes).map(|header| header.length).collect::<Vec<_>>(), [3, 0]);
    }
}
