//! Decimal numbers: base-10000 digits to text.

use std::fmt::Write as _;

use super::text::Reader;

/// Writes the number; none if the bytes are no number.
pub(super) fn write(raw: &[u8], out: &mut String) -> Option<()> {
    let mut from = Reader(raw);
    let (count, weight, sign, scale) = (from.u16()?, from.i16()?, from.u16()?, from.u16()?);
    match sign {
        0x0000 => {}
        0x4000 => out.push('-'),
        0xC000 => return push(out, "NaN"),
        0xD000 => return push(out, "Infinity"),
        0xF000 => return push(out, "-Infinity"),
        _ => return None,
    }
    let digits = (0..count).map(|_| from.u16()).collect::<Option<Vec<u16>>>()?;
    let digit = |power: i32| {
        let index = i32::from(weight) - power;
        usize::try_from(index).ok().and_then(|i| digits.get(i)).copied().unwrap_or(0)
    };
    let _ = write!(out, "{}", digit(i32::from(weight).max(0)));
    for power in (0..i32::from(weight)).rev() {
        let _ = write!(out, "{:04}", digit(power));
    }
    if scale > 0 {
        out.push('.');
        let whole = out.len() + usize::from(scale);
        let groups = i32::from(scale.div_ceil(4));
        for power in 1..=groups {
            let _ = write!(out, "{:04}", digit(-power));
        }
        out.truncate(whole);
    }
    Some(())
}

fn push(out: &mut String, word: &str) -> Option<()> {
    out.push_str(word);
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn text(words: &[u16]) -> String {
        let raw: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        let mut out = String::new();
        super::write(&raw, &mut out).map(|()| out).unwrap_or_default()
    }

    #[test]
    fn forms() {
        assert_eq!(text(&[0, 0, 0, 0]), "0");
        assert_eq!(text(&[0, 0, 0, 2]), "0.00");
        assert_eq!(text(&[2, 0, 0x4000, 2, 12, 5000]), "-12.50");
        assert_eq!(text(&[1, 2, 0, 0, 1]), "100000000");
        assert_eq!(text(&[1, 0xFFFF, 0, 4, 1]), "0.0001");
        assert_eq!(text(&[1, 0xFFFE, 0, 6, 100]), "0.000001");
        assert_eq!(text(&[3, 1, 0, 3, 1, 2345, 6780]), "12345.678");
        assert_eq!(text(&[0, 0, 0xC000, 0]), "NaN");
        assert_eq!(text(&[5, 0, 0, 0, 1]), "", "digits are missing");
    }

    /// The words that the server sends for a decimal text without superfluous zeros in front.
    fn words(text: &str) -> Vec<u16> {
        let (sign, digits) = text.strip_prefix('-').map_or((0, text), |rest| (0x4000, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (front, behind) = (whole.len().div_ceil(4) * 4, fraction.len().div_ceil(4) * 4);
        let padded = format!("{whole:0>front$}{fraction:0<behind$}");
        let groups: Vec<u16> =
            padded.as_bytes().chunks(4).map(|c| std::str::from_utf8(c).unwrap().parse().unwrap()).collect();
        let small = |n: usize| u16::try_from(n).unwrap();
        [vec![small(groups.len()), small(front / 4 - 1), sign, small(fraction.len())], groups].concat()
    }

    proptest! {
        #[test]
        fn every_decimal_comes_out_as_it_went_in(decimal in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?") {
            prop_assert_eq!(text(&words(&decimal)), decimal);
        }
    }
}
