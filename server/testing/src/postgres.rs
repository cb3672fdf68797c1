//! One server for each test binary, one database for each test.
use crate::folder::make_folder;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    env, fs,
    io::{self, Write as _},
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A server that is there already, e.g. `postgres://user:password@host/postgres`; its user may create databases.
const GIVEN: &str = "PORTICO_TEST_POSTGRES";

/// The URL of a new, empty database. Its server is the one that `PORTICO_TEST_POSTGRES` names, or one that this test
/// binary starts once and that ends with it, however it ends.
///
/// `None`, with a word about it on standard error, when there is no PostgreSQL.
///
/// # Panics
/// When there is none and `CI` is set: there, a test that did not run is a test that failed. When the server refuses.
pub async fn postgres_database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let server = match env::var(GIVEN) {
        Ok(url) => url,
        Err(_) => SERVER.get_or_init(Server::start).as_ref()?.url.clone(),
    };
    let options: PgConnectOptions =
        server.parse().unwrap_or_else(|error| panic!("{GIVEN} is no PostgreSQL URL: {error}"));
    let name = format!("portico_test_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let make = async || -> sqlx::Result<()> {
        let mut connection = PgConnection::connect_with(&options).await?;
        for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await
    };
    make().await.unwrap_or_else(|error| panic!("no database for a test: {error}"));
    Some(options.database(&name).to_url_lossy().to_string())
}

struct Server {
    url: String,
    /// Waits for the end of its standard input, which is the end of this process, then stops the server and removes its
    /// folder. Statics are not dropped, and a killed process drops nothing.
    _guard: Child,
}

impl Server {
    fn start() -> Option<Self> {
        let Some(programs) = find_programs() else {
            let message = format!("PostgreSQL is not installed, and {GIVEN} names no server");
            assert!(env::var_os("CI").is_none(), "{message}");
            say(&format!("skipped: {message}"));
            return None;
        };
        // A port that is free now may be taken a moment later by another test binary.
        let attempts = (0..3).map(|_| Self::try_to_start(&programs));
        let failed = |error: &io::Error| say(&format!("PostgreSQL did not start: {error}"));
        let server = attempts.map(|attempt| attempt.inspect_err(failed)).find_map(Result::ok);
        assert!(server.is_some(), "PostgreSQL did not start");
        server
    }

    fn try_to_start(programs: &Path) -> io::Result<Self> {
        let folder = make_folder("portico-postgres")?;
        let user = unprivileged_user(&folder)?;
        let command = |program: &Path| {
            let mut command = Command::new(program);
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let (data, log) = (folder.join("data"), folder.join("log"));
        fs::write(folder.join("password"), "portico\n")?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();

        let mut guard = command(Path::new("/bin/sh"));
        guard.args([
            "-c",
            "trap '' INT TERM HUP; read -r _; \"$0/pg_ctl\" -D \"$1/data\" -m immediate -w stop; cd /; rm -rf \"$1\"",
        ]);
        let guard = guard.arg(programs).arg(&folder).stdin(Stdio::piped()).process_group(0).spawn()?;

        let mut initdb = command(&programs.join("initdb"));
        initdb.args([
            "--username=portico",
            "--auth=password",
            "--pwfile=password",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            "-D",
        ]);
        run(initdb.arg(&data))?;
        let options = format!(
            "-F -p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 -c full_page_writes=off"
        );
        let mut start = command(&programs.join("pg_ctl"));
        run(start.args(["-w", "-o", &options, "-l"]).arg(log).arg("-D").arg(&data).arg("start"))?;
        Ok(Self { url: format!("postgres://portico:portico@127.0.0.1:{port}/postgres"), _guard: guard })
    }
}

/// Past the test harness, which shows what a test prints only when it fails.
fn say(message: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{} ended with {status}", command.get_program().display())))
    }
}

/// The folder of the server's programs. Debian keeps them outside the path.
fn find_programs() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    if let Ok(versions) = fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// PostgreSQL does not run as root: then the folder is given to somebody else, whose ids are the answer.
fn unprivileged_user(folder: &Path) -> io::Result<Option<(u32, u32)>> {
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = ["postgres", "nobody"].into_iter().find_map(|name| {
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
        Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
    });
    let (uid, gid) = ids.ok_or_else(|| io::Error::other("no user postgres or nobody to run the server as"))?;
    chown(folder, Some(uid), Some(gid))?;
    Ok(Some((uid, gid)))
}
