//! A body in parts, `multipart/form-data`, as uploads have it.

/// One part: the name of its field, and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The parts of a body, given its `Content-Type`; none where it is not in parts, and those before the first that cannot be read.
pub(super) fn parts(content_type: &str, body: &[u8]) -> Vec<Part> {
    let Some(boundary) = boundary(content_type) else { return vec![] };
    let delimiter = format!("\r\n--{boundary}");
    // The first delimiter may stand at the very start, without the line break that belongs to all others.
    let framed = [b"\r\n", body].concat();
    let mut rest = framed.as_slice();
    let mut parts = Vec::new();
    while let Some(start) = find(rest, delimiter.as_bytes()) {
        rest = &rest[start + delimiter.len()..];
        let Some(end) = find(rest, delimiter.as_bytes()) else { break };
        let Some(part) = read(&rest[..end]) else { break };
        parts.push(part);
    }
    parts
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameter(parameters, "boundary")?;
    (!value.is_empty()).then_some(value)
}

fn read(part: &[u8]) -> Option<Part> {
    let part = part.strip_prefix(b"\r\n")?;
    let end = find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..end]).ok()?;
    let disposition =
        head.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"));
    let name = parameter(disposition?.1, "name")?;
    Some(Part { name, bytes: part[end + 4..].to_vec() })
}

/// The value of a parameter of a header, without its quotes.
fn parameter(header: &str, name: &str) -> Option<String> {
    let pairs = header.split(';').filter_map(|pair| pair.split_once('='));
    let found = pairs.map(|(key, value)| (key.trim(), value.trim())).find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim_matches('"').to_owned())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rest::upload_append;

    #[test]
    fn parts_are_read_byte_for_byte() {
        let piece = b"\x00\xff\r\n--xy\r\n\r\n--";
        let sent = upload_append(5, 2, piece, "xyz");
        let read = parts(&sent.content_type, &sent.bytes);
        let expected = [("command", &b"APPEND"[..]), ("media_id", b"5"), ("segment_index", b"2"), ("media", piece)];
        assert_eq!(read.iter().map(|part| (part.name.as_str(), part.bytes.as_slice())).collect::<Vec<_>>(), expected);
        let quoted = "Multipart/Form-Data; charset=utf-8; boundary=\"xyz\"";
        assert_eq!(parts(quoted, &sent.bytes), read);
    }

    #[test]
    fn what_is_not_in_parts_has_none() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n";
        assert_eq!(parts("multipart/form-data; boundary=x", body).len(), 1);
        for kind in
            ["", "multipart/form-data", "multipart/form-data; boundary=", "application/json; boundary=x", "multipart/form-data; boundary=y"]
        {
            assert_eq!(parts(kind, body), [], "{kind}");
        }
        for torn in [&b"--x"[..], b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", &body[..body.len() - 9]] {
            assert_eq!(parts("multipart/form-data; boundary=x", torn), [], "{torn:?}");
        }
    }
}
