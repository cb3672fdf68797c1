//! Where a request comes from when proxies stand in front of the gateway.
//!
//! Everybody may write `X-Forwarded-For`; only what a trusted proxy added to it is worth anything. So the list is read
//! from the right, where the nearest proxy wrote, and the first address that is not a trusted proxy is the client. What
//! stands left of it is that client's own claim and is not looked at.
use ipnet::IpNet;
use std::net::IpAddr;

/// The proxies whose word about their clients is taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// Who asks, as far as can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// An IPv4 address in IPv6 clothes stands as IPv4.
    pub(crate) address: IpAddr,
    /// Whether the client speaks TLS, to us or to the trusted proxy.
    pub(crate) secure: bool,
}

/// Said to clients whose proxies contradict each other.
pub(crate) const CONTRADICTION: &str =
    "Forwarded and X-Forwarded-For name different clients: the proxy in front must remove the one it does not write";

/// One element of a list, as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hop {
    /// `None` for `unknown`, a made-up name, or garbage.
    address: Option<IpAddr>,
    secure: Option<bool>,
}

impl TrustedProxies {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whose request this is.
    ///
    /// `peer` is the other end of the connection, or whom the PROXY protocol named; `secure` whether the connection is
    /// TLS. `lines` gives the values of all fields of a name, in order; it is not asked unless the peer is trusted.
    /// The error is what to tell the client: two lists that name different clients have no one meaning.
    pub(crate) fn caller<'a, L>(
        &self,
        peer: IpAddr,
        secure: bool,
        lines: impl Fn(&'static str) -> L,
    ) -> Result<Caller, &'static str>
    where
        L: Iterator<Item = &'a [u8]>,
    {
        let peer = Caller { address: peer.to_canonical(), secure };
        if self.0.is_empty() || !self.contains(peer.address) {
            return Ok(peer);
        }
        let standard: Vec<_> = lines("forwarded").flat_map(forwarded_hops).collect();
        let usual: Vec<_> = lines("x-forwarded-for").flat_map(members).map(plain_hop).collect();
        let mut caller = match (standard.is_empty(), usual.is_empty()) {
            (true, true) => peer,
            (false, true) => self.walk(peer, &standard),
            (true, false) => self.walk(peer, &usual),
            (false, false) => {
                let (one, other) = (self.walk(peer, &standard), self.walk(peer, &usual));
                if one.address != other.address {
                    return Err(CONTRADICTION);
                }
                one
            }
        };
        if standard.is_empty() {
            // The last one is from the proxy next to us.
            let said = lines("x-forwarded-proto").flat_map(members).last();
            caller.secure = said.and_then(is_secure).unwrap_or(secure);
        }
        Ok(caller)
    }

    /// From the right to the first address that is not one of ours. Behind something unreadable nothing can be
    /// believed, so the proxy that passed it on stands for its client.
    fn walk(&self, peer: Caller, hops: &[Hop]) -> Caller {
        let mut caller = peer;
        for hop in hops.iter().rev() {
            let Some(address) = hop.address else { break };
            caller = Caller { address, secure: hop.secure.unwrap_or(caller.secure) };
            if !self.contains(address) {
                break;
            }
        }
        caller
    }
}

/// The members of a list without quoting, without space around them. Empty ones are left out (RFC 9110 5.6.1).
fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|member| !member.is_empty())
}

/// The parts of a text that may hold quoted strings; a separator within one does not separate.
fn parts(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoting = Quoting::default();
    let parts = text.split(move |byte| !quoting.holds(*byte) && *byte == separator);
    parts.map(<[u8]>::trim_ascii).filter(|part| !part.is_empty())
}

#[derive(Default)]
struct Quoting {
    open: bool,
    escaped: bool,
}

impl Quoting {
    /// Whether this byte, the next one, belongs to a quoted string.
    fn holds(&mut self, byte: u8) -> bool {
        let before = self.open;
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.open => self.escaped = true,
            b'"' => self.open = !self.open,
            _ => {}
        }
        before || self.open
    }
}

/// The elements of one line of `Forwarded`. A quote that a client opened and nobody closed would swallow what the proxy
/// appended: such a line says nothing.
fn forwarded_hops(line: &[u8]) -> Vec<Hop> {
    let mut quoting = Quoting::default();
    for byte in line {
        quoting.holds(*byte);
    }
    if quoting.open {
        return vec![Hop { address: None, secure: None }];
    }
    parts(line, b',').map(forwarded_hop).collect()
}

/// An element of `X-Forwarded-For`.
fn plain_hop(element: &[u8]) -> Hop {
    Hop { address: node(element), secure: None }
}

/// An element of `Forwarded` (RFC 7239 4): pairs apart by semicolons, each parameter at most once.
fn forwarded_hop(element: &[u8]) -> Hop {
    let mut hop = Hop { address: None, secure: None };
    let mut named = 0;
    for pair in parts(element, b';') {
        let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = (&pair[..equals], unquoted(&pair[equals + 1..]));
        if name.eq_ignore_ascii_case(b"for") {
            named += 1;
            hop.address = node(value);
        } else if name.eq_ignore_ascii_case(b"proto") {
            hop.secure = is_secure(value);
        }
    }
    if named > 1 {
        hop.address = None;
    }
    hop
}

/// What stands between the quotes. An address has nothing to escape: with a backslash in it, it is none.
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// An address, with a port or without: `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]`,
/// `[2001:db8::1]:4711`.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let (address, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, behind) = rest.split_once(']')?;
        // Brackets are for IPv6 alone.
        address.parse::<std::net::Ipv6Addr>().ok()?;
        (address, if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) })
    } else {
        match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => (address, Some(port)),
            _ => (text, None),
        }
    };
    let plausible = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    if !port.is_none_or(plausible) {
        return None;
    }
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn is_secure(scheme: &[u8]) -> Option<bool> {
    match scheme {
        scheme if scheme.eq_ignore_ascii_case(b"https") => Some(true),
        scheme if scheme.eq_ignore_ascii_case(b"http") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROXY: &str = "10.0.0.1";

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    fn caller(peer: &str, fields: &[(&str, &[u8])]) -> Result<Caller, &'static str> {
        proxies().caller(peer.parse().unwrap(), false, |name| {
            fields.iter().filter(move |(known, _)| *known == name).map(|(_, value)| *value)
        })
    }

    fn address(peer: &str, fields: &[(&str, &str)]) -> String {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        caller(peer, &fields).unwrap().address.to_string()
    }

    #[test]
    fn strangers_are_not_believed() {
        let claims = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2;proto=https")];
        assert_eq!(address("203.0.113.9", &claims), "203.0.113.9");
        let nobody = TrustedProxies::default();
        let caller = nobody.caller(PROXY.parse().unwrap(), true, |_| [&b"192.0.2.1"[..]].into_iter());
        assert_eq!(caller, Ok(Caller { address: PROXY.parse().unwrap(), secure: true }));
    }

    #[test]
    fn the_first_stranger_from_the_right_is_the_client() {
        for (list, client) in [
            ("192.0.2.1", "192.0.2.1"),
            ("1.1.1.1, 192.0.2.1", "192.0.2.1"),
            ("10.9.9.9, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
            ("192.0.2.1,,, ,10.0.0.7 ,", "192.0.2.1"),
            ("10.0.0.5, 10.0.0.6", "10.0.0.5"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711, fd00::1", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, ::ffff:10.0.0.3", "192.0.2.1"),
        ] {
            assert_eq!(address(PROXY, &[("x-forwarded-for", list)]), client, "{list}");
        }
        assert_eq!(
            address(PROXY, &[("x-forwarded-for", "192.0.2.9"), ("x-forwarded-for", "192.0.2.1, 10.0.0.2")]),
            "192.0.2.1"
        );
    }

    #[test]
    fn nothing_behind_garbage_is_believed() {
        for garbage in [
            "unknown",
            "_hidden",
            "192.0.2.1.5",
            "192.0.2.1:x",
            "192.0.2.1:",
            "[192.0.2.1]",
            "[::1",
            "[::1]x",
            "0x7f.1",
        ] {
            assert_eq!(address(PROXY, &[("x-forwarded-for", garbage)]), PROXY, "{garbage}");
            let list = format!("192.0.2.1, {garbage}, 10.0.0.7");
            assert_eq!(address(PROXY, &[("x-forwarded-for", &list)]), "10.0.0.7", "{garbage}");
        }
        assert_eq!(caller(PROXY, &[("x-forwarded-for", b"\xff\xfe")]).unwrap().address.to_string(), PROXY);
    }

    #[test]
    fn the_standard_field_is_understood() {
        for (value, client, secure) in [
            ("for=192.0.2.1", "192.0.2.1", false),
            ("For=\"192.0.2.1:80\";Proto=HTTPS;by=10.0.0.1", "192.0.2.1", true),
            ("for=\"[2001:db8::1]:4711\"", "2001:db8::1", false),
            ("for=1.1.1.1;proto=https, for=192.0.2.1;proto=http, for=10.0.0.2;proto=https", "192.0.2.1", false),
            ("for=192.0.2.1;host=\"a,b;for=1.1.1.1\\\"\"", "192.0.2.1", false),
            ("for=unknown;proto=https", PROXY, false),
            ("for=192.0.2.1;for=192.0.2.2", PROXY, false),
            ("by=10.0.0.1", PROXY, false),
        ] {
            let caller = caller(PROXY, &[("forwarded", value.as_bytes())]).unwrap();
            assert_eq!((caller.address.to_string().as_str(), caller.secure), (client, secure), "{value}");
        }
    }

    #[test]
    fn two_stories_are_none() {
        let told = |standard: &[u8], usual: &[u8]| {
            caller(PROXY, &[("forwarded", standard), ("x-forwarded-for", usual)]).map(|caller| caller.address)
        };
        assert_eq!(told(b"for=1.1.1.1", b"192.0.2.1"), Err(CONTRADICTION));
        assert_eq!(told(b"for=192.0.2.1", b"192.0.2.1"), Ok("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn the_scheme_is_the_nearest_proxys_word() {
        for (value, secure) in [("https", true), ("http, https", true), ("https, http", false), ("gopher", false)] {
            let fields = [("x-forwarded-for", &b"192.0.2.1"[..]), ("x-forwarded-proto", value.as_bytes())];
            assert_eq!(caller(PROXY, &fields).unwrap().secure, secure, "{value}");
            assert!(!caller("203.0.113.9", &fields).unwrap().secure, "{value}");
        }
    }

    #[test]
    fn an_open_quote_swallows_no_proxys_word() {
        for claim in ["for=1.1.1.1;host=\"", "for=1.1.1.1;host=\"\\", "\"for=1.1.1.1"] {
            for appended in ["for=192.0.2.77", "for=\"[2001:db8::1]:80\"", "for=\"192.0.2.77\";host=\"a\""] {
                assert_eq!(address(PROXY, &[("forwarded", &format!("{claim}, {appended}"))]), PROXY, "{claim}");
            }
        }
    }

    proptest! {
        /// Whatever a client puts in front, what the trusted proxy appended wins, or nothing does.
        #[test]
        fn no_claim_beats_what_the_proxy_saw(claim in proptest::collection::vec(any::<u8>(), 0..80)) {
            let list = [&claim[..], b", 192.0.2.77"].concat();
            let found = caller(PROXY, &[("x-forwarded-for", &list[..])]).unwrap();
            prop_assert_eq!(found.address.to_string(), "192.0.2.77");

            let list = [&claim[..], b", for=192.0.2.77"].concat();
            let found = caller(PROXY, &[("forwarded", &list[..])]).unwrap().address.to_string();
            prop_assert!(found == "192.0.2.77" || found == PROXY, "{}", found);
        }

        #[test]
        fn no_text_beats_what_the_proxy_saw(claim in "[for=;,\"\\\\ 1.h]{0,40}") {
            let list = format!("{claim}, for=\"192.0.2.77\"");
            let found = caller(PROXY, &[("forwarded", list.as_bytes())]).unwrap().address.to_string();
            prop_assert!(found == "192.0.2.77" || found == PROXY, "{}", found);
        }

        #[test]
        fn no_bytes_break_it(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = caller(PROXY, &[("forwarded", &value)]);
            let _ = caller(PROXY, &[("x-forwarded-for", &value)]);
        }
    }
}
