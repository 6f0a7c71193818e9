//! Bytes in lower-case hexadecimal.

use anyhow::ensure;

/// Writes bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads so many bytes; capital letters would be a second spelling.
pub(crate) fn unhex<const N: usize>(text: &str) -> anyhow::Result<[u8; N]> {
    let digits = text.as_bytes();
    let good = digits.len() == 2 * N && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    ensure!(good, "{N} bytes in lower-case hexadecimal were expected");
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    Ok(bytes)
}
