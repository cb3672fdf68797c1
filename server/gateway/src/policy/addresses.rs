//! Networks that clients may or may not call from.
use ipnet::IpNet;
use std::net::IpAddr;

/// Which clients may call an API.
#[derive(Debug)]
pub(crate) struct Addresses {
    allow: Networks,
    deny: Networks,
}

impl Addresses {
    /// `None` where everybody may.
    pub(crate) fn compile(allow: &[IpNet], deny: &[IpNet]) -> Option<Self> {
        let lists = Self { allow: Networks::compile(allow), deny: Networks::compile(deny) };
        (!lists.allow.is_empty() || !lists.deny.is_empty()).then_some(lists)
    }

    /// A denied client is denied though it is allowed too.
    pub(crate) fn permit(&self, client: IpAddr) -> bool {
        !self.deny.contains(client) && (self.allow.is_empty() || self.allow.contains(client))
    }
}

/// A set of addresses as ranges that do not touch, so that a thousand networks are asked in ten steps. An IPv4 address
/// is the same whether it comes as itself or mapped into IPv6 (RFC 4291 2.5.5.2).
#[derive(Debug, Default)]
pub(crate) struct Networks {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl Networks {
    pub(crate) fn compile(networks: &[IpNet]) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for network in networks {
            match network {
                IpNet::V4(network) => v4.push((u32::from(network.network()), u32::from(network.broadcast()))),
                IpNet::V6(network) => {
                    match (network.network().to_ipv4_mapped(), network.broadcast().to_ipv4_mapped()) {
                        (Some(first), Some(last)) => v4.push((u32::from(first), u32::from(last))),
                        _ => v6.push((u128::from(network.network()), u128::from(network.broadcast()))),
                    }
                }
            }
        }
        Self { v4: joined(v4), v6: joined(v6) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => holds(&self.v4, u32::from(address)),
            IpAddr::V6(address) => holds(&self.v6, u128::from(address)),
        }
    }
}

/// Sorted, with those that overlap made one.
fn joined<N: Copy + Ord>(mut ranges: Vec<(N, N)>) -> Vec<(N, N)> {
    ranges.sort_unstable();
    let mut joined: Vec<(N, N)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    joined
}

fn holds<N: Copy + Ord>(ranges: &[(N, N)], number: N) -> bool {
    let behind = ranges.partition_point(|(first, _)| *first <= number);
    behind > 0 && number <= ranges[behind - 1].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn denying_wins_and_an_empty_list_allows_all() {
        assert!(Addresses::compile(&[], &[]).is_none());
        for (allow, deny, client, may) in [
            (vec!["10.0.0.0/8"], vec![], "10.1.2.3", true),
            (vec!["10.0.0.0/8"], vec![], "11.0.0.1", false),
            (vec!["10.0.0.0/8"], vec![], "::ffff:10.1.2.3", true),
            (vec!["10.0.0.0/8"], vec![], "::1", false),
            (vec!["10.0.0.0/8"], vec!["10.1.0.0/16"], "10.1.2.3", false),
            (vec![], vec!["10.1.0.0/16"], "10.2.0.1", true),
            (vec![], vec!["10.1.0.0/16"], "::ffff:10.1.0.1", false),
            (vec!["::ffff:10.0.0.0/104"], vec![], "10.9.9.9", true),
            (vec!["2001:db8::/32"], vec![], "2001:db8:1::7", true),
            // All of IPv6 is not IPv4, although a socket may show it as a part.
            (vec!["::/0"], vec![], "10.0.0.1", false),
            (vec!["0.0.0.0/0"], vec![], "255.255.255.255", true),
        ] {
            let lists = Addresses::compile(&nets(&allow), &nets(&deny)).unwrap();
            assert_eq!(lists.permit(client.parse().unwrap()), may, "{client} in {allow:?} without {deny:?}");
        }
    }

    proptest! {
        #[test]
        fn ranges_hold_what_networks_hold(
            networks in proptest::collection::vec((any::<u32>(), 0_u8..=32), 0..20),
            address: u32,
        ) {
            let networks: Vec<IpNet> = networks
                .into_iter()
                .map(|(address, length)| IpNet::new(IpAddr::V4(address.into()), length).unwrap())
                .collect();
            let address = IpAddr::V4(address.into());
            let expected = networks.iter().any(|network| network.contains(&address));
            prop_assert_eq!(Networks::compile(&networks).contains(address), expected);
        }
    }
}
