//! Decimal numbers: base-10000 digits to text.

use std::fmt::Write as _;

use bytes::{BufMut as _, BytesMut};

use super::text::Reader;

/// What stands in place of the sign.
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// Writes the number; none if the bytes are no number.
pub(super) fn write(raw: &[u8], out: &mut String) -> Option<()> {
    let mut from = Reader(raw);
    let (count, weight, sign, scale) = (from.u16()?, from.i16()?, from.u16()?, from.u16()?);
    match sign {
        0x0000 => {}
        NEGATIVE => out.push('-'),
        NAN => return push(out, "NaN"),
        INFINITY => return push(out, "Infinity"),
        NEGATIVE_INFINITY => return push(out, "-Infinity"),
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

/// Writes the binary form of a number's text, an exponent allowed; none if it is no number.
pub(super) fn read(text: &str, out: &mut BytesMut) -> Option<()> {
    let text = text.trim();
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (NEGATIVE, &text[1..]),
        b'+' => (0, &text[1..]),
        _ => (0, text),
    };
    let is = |word: &str| digits.eq_ignore_ascii_case(word);
    if is("nan") {
        return put(out, 0, NAN, 0, &[]);
    }
    if is("inf") || is("infinity") {
        return put(out, 0, if sign == 0 { INFINITY } else { NEGATIVE_INFINITY }, 0, &[]);
    }
    let (digits, exponent) = match digits.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = moved(digits, exponent)?;
    let (front, behind) = (whole.len().next_multiple_of(4), fraction.len().next_multiple_of(4));
    let padded = format!("{whole:0>front$}{fraction:0<behind$}");
    let groups = padded.as_bytes().chunks(4).map(|group| group.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0')));
    let weight = i16::try_from(front / 4).ok()? - 1;
    put(out, weight, sign, u16::try_from(fraction.len()).ok()?, &groups.collect::<Vec<u16>>())
}

fn put(out: &mut BytesMut, weight: i16, sign: u16, scale: u16, groups: &[u16]) -> Option<()> {
    out.put_u16(i16::try_from(groups.len()).ok()?.cast_unsigned());
    out.put_i16(weight);
    out.put_u16(sign);
    out.put_u16(scale);
    groups.iter().for_each(|group| out.put_u16(*group));
    Some(())
}

/// The digits before and after the point, after it was moved by the exponent.
fn moved(digits: &str, exponent: i32) -> Option<(String, String)> {
    const MOST: usize = 20_000;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = whole.bytes().chain(fraction.bytes());
    let distance = usize::try_from(exponent.unsigned_abs()).ok().filter(|distance| *distance <= MOST)?;
    if whole.len() + fraction.len() == 0 || all.clone().any(|b| !b.is_ascii_digit()) {
        return None;
    }
    let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
    if exponent > 0 {
        let more = distance.saturating_sub(fraction.len());
        let rest = fraction.split_off(distance.min(fraction.len()));
        whole = whole + &fraction + &"0".repeat(more);
        fraction = rest;
    } else {
        let less = distance.saturating_sub(whole.len());
        let moved = whole.split_off(whole.len().saturating_sub(distance));
        fraction = "0".repeat(less) + &moved + &fraction;
    }
    Some((whole.trim_start_matches('0').to_owned(), fraction))
}

fn push(out: &mut String, word: &str) -> Option<()> {
    out.push_str(word);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::{BytesMut, read};
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

    fn round(number: &str) -> Option<String> {
        let mut raw = BytesMut::new();
        read(number, &mut raw)?;
        let mut out = String::new();
        super::write(&raw, &mut out).map(|()| out)
    }

    #[test]
    fn texts_are_read() {
        for (text, number) in [
            ("1", "1"),
            ("-12.50", "-12.50"),
            ("+007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0", "0"),
            ("1e3", "1000"),
            ("1.25E+1", "12.5"),
            ("12345e-4", "1.2345"),
            ("1e-6", "0.000001"),
            (" NaN ", "NaN"),
            ("-Infinity", "-Infinity"),
            ("inf", "Infinity"),
        ] {
            assert_eq!(round(text).as_deref(), Some(number), "{text}");
        }
        for text in ["", "-", ".", "1.2.3", "x", "1e", "1e99999999", "--1", "1_000", "é"] {
            assert_eq!(round(text), None, "{text}");
        }
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
            prop_assert_eq!(&text(&words(&decimal)), &decimal);
            prop_assert_eq!(round(&decimal), Some(decimal));
        }
    }
}
