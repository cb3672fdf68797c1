//! Calls are answered 503 for a while, but for those of some clients.
use super::addresses::Networks;
use std::{net::IpAddr, sync::Arc};

#[derive(Debug)]
pub(crate) struct Maintenance {
    /// Told to callers.
    pub(crate) message: Arc<str>,
    /// Seconds, for `Retry-After`.
    pub(crate) retry_after: Option<u32>,
    except: Networks,
}

impl Maintenance {
    pub(crate) fn compile(settings: &portico_domain::Maintenance) -> Self {
        let message = match settings.message.trim() {
            "" => "This API is down for maintenance. Try again later.",
            message => message,
        };
        Self {
            message: message.into(),
            retry_after: settings.retry_after_seconds,
            except: Networks::compile(&settings.except_ips),
        }
    }

    pub(crate) fn is_open_to(&self, client: IpAddr) -> bool {
        self.except.contains(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_clients_get_through() {
        let settings = portico_domain::Maintenance {
            message: " ".to_owned(),
            retry_after_seconds: Some(60),
            except_ips: vec!["192.0.2.0/24".parse().unwrap()],
        };
        let maintenance = Maintenance::compile(&settings);
        assert!(maintenance.is_open_to("192.0.2.7".parse().unwrap()));
        assert!(maintenance.is_open_to("::ffff:192.0.2.7".parse().unwrap()));
        assert!(!maintenance.is_open_to("198.51.100.1".parse().unwrap()));
        assert!(maintenance.message.starts_with("This API is down"));
    }
}
