//! Decodes the beginning of base64, of either alphabet, just far enough to see what it is.

/// The bytes that `text` stands for, at most `N`; nothing when a character is not base64.
pub(super) fn decode<const N: usize>(text: &[u8], buffer: &mut [u8; N]) -> Option<usize> {
    let mut length = 0;
    let mut bits = 0_u32;
    let mut count = 0;
    for &byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            if length == N {
                break;
            }
            count -= 8;
            buffer[length] = (bits >> count & 0xff) as u8;
            length += 1;
        }
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_both_alphabets_and_stops_in_time() {
        let mut buffer = [0; 8];
        assert_eq!(decode(b"dG9rOg==", &mut buffer), Some(4));
        assert_eq!(&buffer[..4], b"tok:");
        assert_eq!(decode(b"-_+/", &mut buffer), Some(3));
        assert_eq!(&buffer[..3], &[0xfb, 0xff, 0xbf]);
        assert_eq!(decode(b"QUJDREVGR0hJSktM", &mut buffer), Some(8));
        assert_eq!(decode(b"no!", &mut buffer), None);
    }
}
