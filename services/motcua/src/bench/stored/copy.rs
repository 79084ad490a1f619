//! The text format of PostgreSQL's `COPY`.

use super::rows::{Cell, Row};

/// A line without its end; `binary` says which columns are bytes.
pub(super) fn read(line: &[u8], binary: &[bool]) -> Row {
    let fields = line.split(|b| *b == b'\t');
    let cells = fields.zip(binary).map(|(field, binary)| {
        if field == b"\\N" {
            return Cell::Null;
        }
        let text = unescaped(field);
        match text.strip_prefix(b"\\x") {
            Some(digits) if *binary => Cell::Bytes(hex::decode(digits).unwrap_or_default()),
            _ => Cell::Text(text),
        }
    });
    cells.collect()
}

fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.len());
    let mut bytes = field.iter();
    while let Some(byte) = bytes.next() {
        if *byte != b'\\' {
            text.push(*byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => text.push(b'\n'),
            Some(b't') => text.push(b'\t'),
            Some(b'r') => text.push(b'\r'),
            Some(b'b') => text.push(8),
            Some(b'f') => text.push(12),
            Some(b'v') => text.push(11),
            Some(other) => text.push(*other),
            None => {}
        }
    }
    text
}

/// Writes a row as a line.
pub(super) fn write(row: &[Cell], out: &mut Vec<u8>) {
    for (nth, cell) in row.iter().enumerate() {
        if nth > 0 {
            out.push(b'\t');
        }
        match cell {
            Cell::Null => out.extend_from_slice(b"\\N"),
            Cell::Int(n) => out.extend_from_slice(n.to_string().as_bytes()),
            Cell::Text(text) => escaped(text, out),
            Cell::Bytes(bytes) => {
                out.extend_from_slice(b"\\\\x");
                let at = out.len();
                out.resize(at + bytes.len() * 2, 0);
                if let Some(room) = out.get_mut(at..) {
                    // The room is exactly as long as its content.
                    let _ = hex::encode_to_slice(bytes, room);
                }
            }
        }
    }
    out.push(b'\n');
}

fn escaped(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(*other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let row = vec![
            Cell::Null,
            Cell::Text("một\tcửa \\ \n".into()),
            Cell::Bytes(vec![0, 255, 92]),
            Cell::Text(b"7".to_vec()),
        ];
        let mut line = Vec::new();
        write(&row, &mut line);
        assert_eq!(line.pop().unwrap(), b'\n');
        assert_eq!(read(&line, &[false, false, true, false]), row);
    }
}
