//! The command line as operators and their scripts meet it: arguments, standard streams, exit codes.

use portico_testing::Folder;
use std::{
    io::Write as _,
    process::{Command, Output, Stdio},
};

/// Runs the program in a folder of its own, with nothing in the environment but what is given.
fn portico(folder: &Folder, environment: &[(&str, &str)], arguments: &str, input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_portico"))
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    // A program that ends without reading has closed its end.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().expect("its end");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

const GOOD: &str = "openapi: 3.1.0\ninfo: {title: Pets, version: 1.0.0}\npaths:\n  /pets:\n    get:\n      operationId: listPets\n      responses: {'200': {description: All}}\n";

#[test]
fn a_document_is_checked_and_the_exit_code_says_how_it_went() {
    let folder = Folder::new();
    let check = |arguments: &str, input: &str| portico(&folder, &[], &format!("check {arguments}"), input);
    let (code, out, error) = check("-", GOOD);
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    assert!(error.starts_with("-: Pets 1.0.0, 1 operations: nothing to mend"), "{error}");

    let wrong = GOOD.replace("responses:", "parameters: [{$ref: 'shared.yaml#/page'}]\n      responses:");
    std::fs::write(folder.path().join("pets.yaml"), &wrong).expect("a file");
    let (code, out, _) = check("pets.yaml", "");
    assert_eq!(code, 1, "{out}");
    assert!(
        out.starts_with("pets.yaml:7:") && out.contains(": error: ") && out.contains("] /paths/~1pets/get/"),
        "{out}"
    );
    let (code, out, _) = check("pets.yaml --format json", "");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, report["findings"][0]["severity"].as_str()), (1, Some("error")));
    let (_, out, _) = check("pets.yaml --format sarif", "");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"], 7);

    assert_eq!(check("-", "{").0, 2);
    let (code, _, error) = check("absent.yaml", "");
    assert_eq!(code, 2);
    assert!(error.starts_with("portico: absent.yaml cannot be read: "), "{error}");
}

#[test]
fn a_document_is_compared_with_the_one_before() {
    let folder = Folder::new();
    let later = GOOD.replace("version: 1.0.0", "version: 2.0.0").replace(
        "responses:",
        "parameters: [{name: limit, in: query, required: true, schema: {type: integer}}]\n      responses:",
    );
    std::fs::write(folder.path().join("old.yaml"), GOOD).expect("a file");
    std::fs::write(folder.path().join("new.yaml"), &later).expect("a file");
    let check = |arguments: &str| portico(&folder, &[], &format!("check {arguments}"), "");
    let (code, out, error) = check("new.yaml --against old.yaml");
    assert_eq!(code, 1, "{out}");
    let line = "new.yaml:7:21: breaking: GET /pets: The query parameter `limit` is new and required. Always send it. \
                [parameter-added] /paths/~1pets/get/parameters/0\n";
    assert_eq!(out, line);
    assert!(error.ends_with("1.0.0 to 2.0.0: 1 breaking, 0 compatible, 0 in words alone\n"), "{error}");
    // The other way it is gone, which breaks those who send it; the place is in the file that has it.
    let (code, out, _) = check("old.yaml --against new.yaml");
    assert_eq!(code, 1, "{out}");
    assert!(out.starts_with("new.yaml:7:21: breaking: GET /pets: The query parameter `limit` is gone."), "{out}");
    assert_eq!(check("new.yaml --against new.yaml").0, 0);
    let (_, out, _) = check("new.yaml --against old.yaml --format json");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(report["against"]["changes"]["items"][0]["code"], "parameter-added");
    let (_, out, _) = check("new.yaml --against old.yaml --format sarif");
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    let result = &report["runs"][0]["results"][0];
    assert_eq!((result["level"].as_str(), result["ruleId"].as_str()), (Some("error"), Some("parameter-added")));
    assert_eq!(check("new.yaml --against absent.yaml").0, 2);
}

#[test]
fn an_account_a_token_and_keys_are_made() {
    let folder = Folder::new();
    let (code, _, error) = portico(
        &folder,
        &[],
        "account create --email Ada@example.org --role admin --password-stdin",
        "tugs leave at dawn\n",
    );
    assert_eq!((code, error.as_str()), (0, "ada@example.org is an admin.\n"));
    let (code, token, error) =
        portico(&folder, &[], "token create --email ada@example.org --name ci --expires 90d", "");
    assert_eq!((code, error.as_str()), (0, ""));
    assert!(token.starts_with("ptm_") && token.ends_with('\n') && token.lines().count() == 1, "{token}");

    let (code, _, error) =
        portico(&folder, &[], "account create --email a@b.example --role admin --password-stdin", "short\n");
    assert_eq!(code, 1);
    assert!(error.starts_with("portico: ") && error.contains("characters"), "{error}");
    let (code, out, error) = portico(&folder, &[], "token create --email nobody@example.org --name ci", "");
    assert_eq!((code, out.as_str()), (1, ""), "{error}");
    let (code, _, error) = portico(&folder, &[], "key import - --app 0193a1b2c3d47e5f8a9b0c1d2e3f4a5b", "name,key\n");
    assert_eq!((code, error.as_str()), (1, "portico: There is no such app.\n"));
    assert_eq!(portico(&folder, &[], "key import - --app nonsense", "").0, 2);
}

#[test]
fn settings_that_are_wrong_stop_everything() {
    let folder = Folder::new();
    let (code, out, error) = portico(&folder, &[("PORTICO_PORTAL_LISTN", "x")], "migrate", "");
    assert_eq!((code, out.as_str()), (2, ""));
    assert_eq!(
        error,
        "portico: PORTICO_PORTAL_LISTN in the environment is not a setting; did you mean PORTICO_PORTAL_LISTEN?\n"
    );
    std::fs::write(folder.path().join("portico.toml"), "\nlog_format = \"xml\"\n").expect("a file");
    let (code, _, error) = portico(&folder, &[], "serve", "");
    assert_eq!(
        (code, error.as_str()),
        (2, "portico: portico.toml, line 2: log_format: \"xml\" is not a format: text or json\n")
    );
}

#[test]
fn the_doctor_names_what_is_wrong_and_changes_nothing() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let free = [("PORTICO_PORTAL_LISTEN", "127.0.0.1:0"), ("PORTICO_GATEWAY_LISTEN", "127.0.0.1:0")];
    let [portal, gateway] = free;
    let healthy = [portal, gateway, ("PORTICO_OPS_LISTEN", "127.0.0.1:0")];
    let (code, out, error) = portico(&folder, &healthy, "doctor", "");
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.lines().all(|line| line.starts_with("ok ") || line.starts_with(' ')), "{out}");
    assert!(!folder.path().join("portico-data").exists());
    let (code, out, _) = portico(&folder, &[portal, gateway, ("PORTICO_OPS_LISTEN", &address)], "doctor", "");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains(&format!("problem  operations  {address} is used by another program")), "{out}");
}

#[test]
fn the_database_is_brought_up_to_date_once() {
    let folder = Folder::new();
    let (code, _, error) = portico(&folder, &[], "migrate", "");
    assert!(code == 0 && error.starts_with("applied 0001_first"), "{error}");
    let (code, _, error) = portico(&folder, &[], "migrate", "");
    assert_eq!((code, error.as_str()), (0, "The database is up to date.\n"));
}

#[test]
fn the_management_api_is_printed() {
    let (code, out, _) = portico(&Folder::new(), &[], "openapi", "");
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, document["openapi"].as_str()), (0, Some("3.1.0")));
}
