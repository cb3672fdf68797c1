//! `Accept-Encoding` (RFC 9110 12.5.3). All of it is hostile: what cannot be read is as if it were not there.
use super::Coding;
use crate::message::fields::Fields;

/// In the order in which we choose among equals: what costs the least time for what it saves.
const CODINGS: [(Coding, &[&[u8]]); 3] =
    [(Coding::Zstd, &[b"zstd"]), (Coding::Brotli, &[b"br"]), (Coding::Gzip, &[b"gzip", b"x-gzip"])];

/// The coding that the client would rather have than the plain bytes, of those that we know.
pub(crate) fn negotiate(request: &Fields) -> Option<Coding> {
    // In thousandths, as qualities are written.
    let mut qualities: [Option<u16>; CODINGS.len()] = [None; CODINGS.len()];
    let (mut others, mut identity) = (None, None);
    for member in request.members("accept-encoding") {
        let Some((name, quality)) = read(member) else { continue };
        let known = CODINGS.iter().position(|(_, names)| names.iter().any(|known| name.eq_ignore_ascii_case(known)));
        let place = match known {
            Some(place) => &mut qualities[place],
            None if name == b"*" => &mut others,
            None if name.eq_ignore_ascii_case(b"identity") => &mut identity,
            None => continue,
        };
        // Of two words on one coding the kinder counts.
        *place = Some((*place).unwrap_or(0).max(quality));
    }
    let best = qualities
        .iter()
        .zip(&CODINGS)
        .map(|(quality, (coding, _))| (quality.or(others).unwrap_or(0), *coding))
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .filter(|(quality, _)| *quality > 0)?;
    (best.0 >= identity.unwrap_or(0)).then_some(best.1)
}

/// A name and its quality.
fn read(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let mut quality = 1_000;
    for part in parts {
        if let [b'q' | b'Q', b'=', text @ ..] = part {
            quality = self::quality(text)?;
        }
    }
    Some((name, quality))
}

/// `0`, `1`, or either with at most three decimals, and no more than 1 (RFC 9110 12.4.2).
fn quality(text: &[u8]) -> Option<u16> {
    let (whole, decimals) = match text {
        [whole @ (b'0' | b'1')] => (whole, &[][..]),
        [whole @ (b'0' | b'1'), b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let mut quality = u16::from(whole - b'0') * 1_000;
    for (digit, worth) in decimals.iter().zip([100, 10, 1]) {
        quality += char::from(*digit).to_digit(10)? as u16 * worth;
    }
    (quality <= 1_000).then_some(quality)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chosen(lines: &[&str]) -> Option<&'static str> {
        let mut fields = Fields::new();
        for line in lines {
            fields.push("accept-encoding", line);
        }
        negotiate(&fields).map(Coding::name)
    }

    #[test]
    fn the_best_for_the_client_is_chosen() {
        for (accepted, coding) in [
            // The examples of RFC 9110 12.5.3.
            ("compress, gzip", Some("gzip")),
            ("", None),
            ("*", Some("zstd")),
            ("compress;q=0.5, gzip;q=1.0", Some("gzip")),
            ("gzip;q=1.0, identity; q=0.5, *;q=0", Some("gzip")),
            // What browsers send.
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, deflate, br", Some("br")),
            ("br;q=0.5, gzip;q=0.501", Some("gzip")),
            ("gzip;q=0", None),
            ("gzip;q=0, *", Some("zstd")),
            ("zstd;q=0, br;q=0, *;q=0.1", Some("gzip")),
            ("identity", None),
            ("identity;q=1, gzip;q=0.9", None),
            ("identity;q=0, gzip;q=0.1", Some("gzip")),
            ("identity;q=0", None),
            ("GZIP ; Q=0.4", Some("gzip")),
            ("x-gzip", Some("gzip")),
            // Unreadable words are none.
            ("gzip;q=2", None),
            ("gzip;q=0.0001", None),
            ("gzip;q=-1, br;q=", None),
            ("gzip;q=1.001, br;q=0.1", Some("br")),
            (";q=1, ,,", None),
            ("gzip;level=9;q=0.3", Some("gzip")),
        ] {
            assert_eq!(chosen(&[accepted]), coding, "{accepted:?}");
        }
        assert_eq!(chosen(&["deflate", "br"]), Some("br"));
        assert_eq!(chosen(&[]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_confuse_it(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut fields = Fields::new();
            fields.push("accept-encoding", &line);
            let chosen = negotiate(&fields);
            if let Some(coding) = chosen {
                let lower = line.to_ascii_lowercase();
                let named = lower.windows(coding.name().len()).any(|window| window == coding.name().as_bytes());
                prop_assert!(named || lower.contains(&b'*'));
            }
        }

        #[test]
        fn qualities_order_codings(a in 0_u16..=1000, b in 0_u16..=1000) {
            let shown = |quality: u16| format!("{}.{:03}", quality / 1000, quality % 1000);
            let line = format!("gzip;q={}, br;q={}", shown(a), shown(b));
            let expected = if a == 0 && b == 0 { None } else if a > b { Some("gzip") } else { Some("br") };
            prop_assert_eq!(chosen(&[&line]), expected);
        }
    }
}
