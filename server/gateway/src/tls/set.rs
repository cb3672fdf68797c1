//! All certificates of one moment, and which of them a host name gets.
use super::pair::{CERTIFICATE, CLIENTS, KEY, Pair, PairError, wrong};
use portico_domain::{CertificateExpiry, Timestamp};
use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
    sync::Arc,
};

/// The pair that clients without a known name get, if there is one of that name.
const DEFAULT: &str = "default";

/// Those who may sign clients' certificates, as a digest of their file: two hosts with the same file trust the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAuthority(pub(super) [u8; 32]);

/// Complete and free of contradictions.
pub(super) struct CertificateSet {
    /// In the order of their names; never empty.
    pairs: Vec<Arc<Pair>>,
    exact: HashMap<String, usize>,
    /// By what follows the `*.`.
    wildcards: HashMap<String, usize>,
    default: usize,
}

/// Reads a directory as the gateway would, for whoever wants to know beforehand: when each certificate ends, or what is
/// wrong.
pub fn certificate_expiries(directory: &Path, now: Timestamp) -> Result<Vec<CertificateExpiry>, PairError> {
    Ok(CertificateSet::read(directory, now, None)?.expiries())
}

impl CertificateSet {
    /// Reads all pairs of a directory. Those whose files have not changed are taken over from `known`.
    pub(super) fn read(directory: &Path, now: Timestamp, known: Option<&Self>) -> Result<Self, PairError> {
        let mut pairs = Vec::new();
        for name in names(directory)? {
            let known = known.and_then(|known| known.pairs.iter().find(|pair| pair.name == name));
            pairs.push(Pair::read(directory, &name, now, known)?);
        }
        if pairs.is_empty() {
            return Err(wrong(
                directory,
                format!(
                    "there is no certificate in it: a certificate is two files, <name>{CERTIFICATE} and <name>{KEY}"
                ),
            ));
        }
        let default = pairs.iter().position(|pair| pair.name == DEFAULT).unwrap_or(0);
        let mut set = Self { pairs, exact: HashMap::new(), wildcards: HashMap::new(), default };
        set.index(directory)?;
        Ok(set)
    }

    fn index(&mut self, directory: &Path) -> Result<(), PairError> {
        for (place, pair) in self.pairs.iter().enumerate() {
            for name in &pair.dns_names {
                let (index, key) = match name.strip_prefix("*.") {
                    Some(rest) => (&mut self.wildcards, rest),
                    None => (&mut self.exact, name.as_str()),
                };
                let Some(other) = index.insert(key.to_owned(), place) else { continue };
                // The same files under two names do no harm: that is how a default is named.
                if self.pairs[other].digest != pair.digest {
                    let problem = format!(
                        "it is for {name}, and so is {}{CERTIFICATE}: take one of them away",
                        self.pairs[other].name
                    );
                    return Err(wrong(&directory.join(format!("{}{CERTIFICATE}", pair.name)), problem));
                }
            }
        }
        Ok(())
    }

    /// The certificate for a host name: the one that names it, or its parent with a `*`; the default for all others.
    pub(super) fn for_name(&self, name: Option<&str>) -> &Pair {
        let found = name.and_then(|name| {
            let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
            let parent = || name.split_once('.').and_then(|(_, parent)| self.wildcards.get(parent));
            self.exact.get(&name).or_else(parent)
        });
        &self.pairs[*found.unwrap_or(&self.default)]
    }

    pub(super) fn expiries(&self) -> Vec<CertificateExpiry> {
        self.pairs.iter().map(|pair| CertificateExpiry { name: pair.name.clone(), at: pair.not_after }).collect()
    }
}

/// The host of a `Host` field without its port. Addresses in brackets have no certificate by name.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// The names of all pairs, in order. A key or authorities without a certificate are a mistake in a name.
fn names(directory: &Path) -> Result<BTreeSet<String>, PairError> {
    let unreadable = |error: std::io::Error| {
        wrong(
            directory,
            format!("the directory of certificates cannot be read: {error}; correct PORTICO_GATEWAY_TLS_DIR"),
        )
    };
    let mut names = BTreeSet::new();
    let mut companions = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.file_name();
        let Some(file) = file.to_str() else { continue };
        if let Some(name) = file.strip_suffix(CERTIFICATE) {
            names.insert(name.to_owned());
        } else if let Some(name) = file.strip_suffix(KEY).or_else(|| file.strip_suffix(CLIENTS)) {
            companions.push((name.to_owned(), file.to_owned()));
        }
    }
    companions.sort();
    match companions.into_iter().find(|(name, _)| !names.contains(name)) {
        None => Ok(names),
        Some((name, file)) => {
            Err(wrong(&directory.join(file), format!("there is no {name}{CERTIFICATE} that it would belong to")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_cut_off() {
        for (host, name) in [
            ("api.example", "api.example"),
            ("api.example:8443", "api.example"),
            ("[::1]:8443", "[::1]:8443"),
            ("api.example:", "api.example"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
