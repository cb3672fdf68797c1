use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    flags: SettingFlags,
}

fn load(flags: &[&str], environment: &[(&str, &str)], file: &str) -> Result<Settings, String> {
    let flags = Line::parse_from([&["portico"], flags].concat()).flags;
    let surroundings = Surroundings {
        environment: environment.iter().map(|(name, value)| (name.into(), value.into())).collect(),
        file: (!file.is_empty()).then(|| ("portico.toml".into(), file.to_owned())),
        terminal: false,
    };
    Settings::load(&flags, &surroundings).map_err(|error| error.to_string())
}

fn problem(flags: &[&str], environment: &[(&str, &str)], file: &str) -> String {
    load(flags, environment, file).err().expect("settings that are refused")
}

fn listed<'a>(settings: &'a Settings, name: &str) -> (&'a str, String) {
    let listed = settings.list().iter().find(|listed| listed.name == name).unwrap();
    (&listed.value, listed.origin.to_string())
}

#[test]
fn without_a_word_everything_has_a_default() {
    let settings = load(&[], &[("HOME", "/root")], "").unwrap();
    assert_eq!(settings.database_url, "sqlite://./portico-data/portico.db");
    assert_eq!(settings.secret_file, Path::new("./portico-data/secret"));
    assert_eq!(settings.portal_listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.log_format, LogFormat::Json);
    assert!(settings.list().iter().map(|listed| listed.name).eq(KNOWN));
    assert!(settings.list().iter().all(|listed| listed.origin == Origin::Default));
}

#[test]
fn flags_win_over_environment_over_file() {
    let file = "# ours\nlog = \"warn\"\nops_listen = \"127.0.0.1:1\"\ngateway_threads = 3\n";
    let environment =
        [("PORTICO_OPS_LISTEN", "127.0.0.1:2"), ("PORTICO_DATA_DIR", "/srv/portico"), ("PORTICO_MAIL_URL", "")];
    let settings = load(&["--ops-listen", "127.0.0.1:3"], &environment, file).unwrap();
    assert_eq!(settings.ops_listen.port(), 3);
    assert_eq!(listed(&settings, "ops_listen"), ("127.0.0.1:3", "--ops-listen".into()));
    assert_eq!(listed(&settings, "data_dir"), ("/srv/portico", "PORTICO_DATA_DIR".into()));
    assert_eq!(listed(&settings, "log"), ("warn", "portico.toml, line 2".into()));
    assert_eq!(settings.database_url, "sqlite:///srv/portico/portico.db");
    assert_eq!(settings.gateway_threads.map(NonZeroUsize::get), Some(3));
    assert!(settings.mail_url.is_none());
}

#[test]
fn networks_are_lists_in_every_source() {
    let nets = |settings: Settings| settings.upstream_allow.iter().map(ToString::to_string).collect::<Vec<_>>();
    let both = ["127.0.0.0/8", "::1/128"];
    assert_eq!(nets(load(&["--upstream-allow", "127.0.0.0/8", "--upstream-allow", "::1"], &[], "").unwrap()), both);
    assert_eq!(nets(load(&[], &[("PORTICO_UPSTREAM_ALLOW", "127.0.0.0/8, ::1")], "").unwrap()), both);
    assert_eq!(nets(load(&[], &[], "upstream_allow = [\"127.0.0.0/8\", \"::1\"]").unwrap()), both);
    assert!(problem(&[], &[], "upstream_allow = [\"lan\"]").contains("\"lan\" is not a network"));
}

#[test]
fn unknown_names_are_named_with_their_place_and_the_nearest() {
    assert_eq!(
        problem(&[], &[("PORTICO_PORTAL_LISTN", "x"), ("PORTICO_TEST_DATABASE", "x"), ("PORTICO_KEY", "x")], ""),
        "PORTICO_PORTAL_LISTN in the environment is not a setting; did you mean PORTICO_PORTAL_LISTEN?"
    );
    let two = problem(&[], &[], "log = \"info\"\n\nop_listen = \"127.0.0.1:1\"\nzebra = 1\n");
    assert!(two.contains("portico.toml, line 3: \"op_listen\" is not a setting; did you mean ops_listen?"), "{two}");
    assert!(two.contains("portico.toml, line 4: \"zebra\" is not a setting; there are data_dir, "), "{two}");
}

#[test]
fn bad_values_say_what_would_be_right() {
    for (name, value, expected) in [
        ("PORTICO_PORTAL_LISTEN", "8080", "PORTICO_PORTAL_LISTEN: \"8080\" is not an address with a port"),
        ("PORTICO_PORTAL_PUBLIC_URL", "https://a.example/portal", "it has no path"),
        ("PORTICO_PORTAL_PUBLIC_URL", "ftp://a.example", "it begins with http:// or https://"),
        ("PORTICO_GATEWAY_THREADS", "0", "is not a number from 1 to 1024"),
        ("PORTICO_DATABASE_URL", "mysql://a/b", "mysql: is not a database Portico knows"),
        ("PORTICO_REDIS_URL", "redis://127.0.0.1", "not available in this version"),
        ("PORTICO_LOG", "a=b=c", "is not a filter"),
        ("PORTICO_LOG_FORMAT", "xml", "text or json"),
        ("PORTICO_MAIL_URL", "http://a.example", "smtp:// or smtps://"),
    ] {
        let problem = problem(&[], &[(name, value)], "");
        assert!(problem.starts_with(name) && problem.contains(expected), "{problem}");
    }
    assert!(problem(&["--log-format", "xml"], &[], "").starts_with("--log-format: \"xml\""));
    assert!(problem(&[], &[], "log =").starts_with("portico.toml, line 1: not TOML: "));
    assert!(problem(&[], &[], "[log]\nlevel = \"info\"").starts_with("portico.toml, line 1: log is a text"));
    assert!(
        problem(&[], &[("PORTICO_OPS_LISTEN", "127.0.0.1:8081")], "")
            .contains("gateway_listen and ops_listen are both")
    );
    assert_eq!(problem(&["--log-format", "x"], &[("PORTICO_OPS_LISTEN", "y")], "z = 1").lines().count(), 3);
}

#[test]
fn passwords_are_never_shown() {
    let secret = "hunter2";
    let environment = [
        ("PORTICO_DATABASE_URL", "postgres://portico:hunter2@db.example/portico?sslpassword=hunter2"),
        ("PORTICO_MAIL_URL", "smtp://me:hunter2@mail.example:25"),
    ];
    let settings = load(&[], &environment, "").unwrap();
    assert!(settings.database_url.contains(secret));
    assert_eq!(listed(&settings, "database_url").0, "postgres://portico:...@db.example/portico?...");
    assert!(settings.list().iter().all(|listed| !listed.value.contains(secret)));
    for (name, value) in [
        ("PORTICO_DATABASE_URL", "postgre://a:hunter2@b"),
        ("PORTICO_MAIL_URL", "me:hunter2@mail"),
        ("PORTICO_MAIL_URL", "//:hunter2"),
    ] {
        assert!(!problem(&[], &[(name, value)], "").contains(secret));
    }
}

#[test]
fn a_listener_on_all_addresses_is_reached_on_this_machine() {
    let http = |listener: &str| public_url_of(Scheme::Http, listener.parse().unwrap());
    assert_eq!(http("0.0.0.0:8080"), "http://127.0.0.1:8080");
    assert_eq!(http("[::]:8080"), "http://[::1]:8080");
    assert_eq!(http("192.0.2.7:80"), "http://192.0.2.7:80");
}

#[test]
fn the_gateways_surroundings_are_understood() {
    let environment = [
        ("PORTICO_GATEWAY_TLS_DIR", "/etc/portico/tls"),
        ("PORTICO_GATEWAY_PROXY_PROTOCOL", "on"),
        ("PORTICO_GATEWAY_TRUSTED_PROXIES", "10.0.0.0/8 192.0.2.7"),
        ("PORTICO_GATEWAY_MAX_CONNECTIONS", "20000"),
        ("PORTICO_GATEWAY_CACHE_BYTES", "1073741824"),
        ("PORTICO_UPSTREAM_TLS_DIR", "/etc/portico/upstreams"),
    ];
    let settings = load(&[], &environment, "").unwrap();
    assert_eq!(settings.gateway_tls_dir.as_deref(), Some(Path::new("/etc/portico/tls")));
    assert_eq!(settings.upstream_tls_dir.as_deref(), Some(Path::new("/etc/portico/upstreams")));
    assert!(settings.gateway_proxy_protocol);
    assert_eq!(settings.gateway_trusted_proxies.len(), 2);
    assert_eq!(settings.gateway_max_connections.get(), 20_000);
    assert_eq!(settings.gateway_cache_bytes, 1024 * 1024 * 1024);
    assert_eq!(load(&[], &[], "").unwrap().gateway_cache_bytes, 64 * 1024 * 1024);
    assert_eq!(public_url_of(settings.gateway_scheme(), settings.gateway_listen), "https://127.0.0.1:8081");
    assert_eq!(load(&[], &[], "").unwrap().gateway_scheme(), Scheme::Http);
}

#[test]
fn nobody_is_trusted_by_accident() {
    let on = ("PORTICO_GATEWAY_PROXY_PROTOCOL", "on");
    assert!(problem(&[], &[on], "").contains("gateway_trusted_proxies names nobody"));
    assert!(problem(&[], &[("PORTICO_GATEWAY_PROXY_PROTOCOL", "yes")], "").contains("neither on nor off"));
    assert!(problem(&[], &[("PORTICO_GATEWAY_TRUSTED_PROXIES", "loadbalancer")], "").contains("is not a network"));
    assert!(problem(&[], &[("PORTICO_GATEWAY_MAX_CONNECTIONS", "0")], "").contains("1 to 1000000"));
    for bytes in ["0", "64M", "1048575"] {
        assert!(problem(&[], &[("PORTICO_GATEWAY_CACHE_BYTES", bytes)], "").contains("from 1048576 to"));
    }
}

#[test]
fn every_setting_has_a_flag() {
    use clap::CommandFactory;
    let command = Line::command();
    let flags: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    for name in KNOWN {
        assert!(flags.contains(&&flag_of(name)[2..]), "{name} has no flag");
    }
}
