//! Lowercase hexadecimal digits, without branches or tables, so that the compiler can vectorise.

use alloc::string::String;

/// The bytes of 64 digits, or nothing if one of them is no lowercase digit.
#[inline]
pub(crate) fn decode(digits: &[u8; 64]) -> Option<[u8; 32]> {
    let mut nibbles = [0; 64];
    let mut good = true;
    for (nibble, digit) in nibbles.iter_mut().zip(digits) {
        good &= (digit.wrapping_sub(b'0') < 10) | (digit.wrapping_sub(b'a') < 6);
        // A letter has bit 6, and its low half counts from 1.
        *nibble = (digit & 0xf) + 9 * (digit >> 6);
    }
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(nibbles.as_chunks::<2>().0) {
        *byte = high << 4 | low;
    }
    good.then_some(bytes)
}

/// Appends the digits of each byte.
#[inline]
pub(crate) fn encode(bytes: &[u8], text: &mut String) {
    let digit = |nibble: u8| {
        char::from(if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        })
    };
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lowercase_digits_are_read() {
        let mut digits = [b'0'; 64];
        for byte in 0..=u8::MAX {
            digits[63] = byte;
            let value = char::from(byte)
                .to_digit(16)
                .filter(|_| !byte.is_ascii_uppercase());
            assert_eq!(
                decode(&digits).map(|bytes| u32::from(bytes[31])),
                value,
                "{byte:#x}"
            );
        }
    }

    #[test]
    fn digits_survive_a_round_trip() {
        let bytes: [u8; 32] = core::array::from_fn(|index| (index * 37) as u8);
        let mut text = String::new();
        encode(&bytes, &mut text);
        assert_eq!(decode(text.as_bytes().try_into().unwrap()), Some(bytes));
    }
}
