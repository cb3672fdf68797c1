-- Times are microseconds since 1970 UTC. Ids are UUIDv7, made by the program. Its twin is postgres/0001_first.sql.

-- People who sign in.
CREATE TABLE accounts (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    -- PHC string of argon2id.
    password TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Published and draft APIs. `base_path` repeats what stands in `settings`, so that the database keeps it unique.
CREATE TABLE apis (
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    base_path TEXT NOT NULL UNIQUE,
    settings TEXT NOT NULL,
    -- The version that callers see. No foreign key: it would point in a circle.
    published BLOB,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    -- Last, since SQLite tries the newest index first: where both are taken, the name is what to tell.
    PRIMARY KEY (slug)
) STRICT;

-- Uploaded documents, byte for byte, with the routes read from them, so that a node starts without reading documents.
CREATE TABLE api_versions (
    id BLOB NOT NULL PRIMARY KEY,
    api TEXT NOT NULL REFERENCES apis (slug) ON DELETE CASCADE,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    format TEXT NOT NULL,
    operations INTEGER NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    published_at INTEGER,
    routes TEXT NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE INDEX api_versions_by_api ON api_versions (api, id);

-- What an app may use of an API, and how much. `rate` and `quota` are JSON, or nothing where there is no limit.
CREATE TABLE plans (
    slug TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    rate TEXT,
    quota TEXT,
    approval TEXT NOT NULL
) STRICT;

-- What developers build; owns keys and subscriptions.
CREATE TABLE apps (
    id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    owner BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX apps_by_owner ON apps (owner, id);

-- An app's use of one API under one plan.
CREATE TABLE subscriptions (
    id BLOB NOT NULL PRIMARY KEY,
    app BLOB NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    api TEXT NOT NULL REFERENCES apis (slug) ON DELETE CASCADE,
    plan TEXT NOT NULL REFERENCES plans (slug),
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (app, api)
) STRICT;
CREATE INDEX subscriptions_by_api ON subscriptions (api);
CREATE INDEX subscriptions_by_plan ON subscriptions (plan);
CREATE INDEX subscriptions_by_state ON subscriptions (state, id);

-- API keys: digests only. `apis`, `operations` and `allow_ips` are JSON lists, empty where nothing is narrowed.
CREATE TABLE keys (
    id BLOB NOT NULL PRIMARY KEY,
    app BLOB NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    environment TEXT NOT NULL,
    public_id TEXT NOT NULL UNIQUE,
    digest BLOB NOT NULL,
    previous_public_id TEXT UNIQUE,
    previous_digest BLOB,
    previous_until INTEGER,
    expires_at INTEGER,
    revoked_at INTEGER,
    apis TEXT NOT NULL,
    operations TEXT NOT NULL,
    allow_ips TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_by_app ON keys (app, id);

-- When each key was last used. Apart from `keys`, since it changes every second and they do not.
CREATE TABLE key_uses (
    key BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Secrets of programs that manage Portico: digests only.
CREATE TABLE management_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    account BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX management_tokens_by_account ON management_tokens (account, id);

-- One-time links: first administrator, verification, reset. Digests only.
CREATE TABLE links (
    digest BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account BLOB REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX links_by_account ON links (account);

-- Browser sessions, by the digest of their id. `account` makes "sign out everywhere" one statement.
CREATE TABLE sessions (
    digest BLOB NOT NULL PRIMARY KEY,
    account BLOB,
    data TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What was changed, when and by whom: audit log and wake-up of the publisher in one. Rows are only ever added.
CREATE TABLE changes (
    seq INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_target ON changes (target, seq);
CREATE INDEX changes_by_actor ON changes (actor, seq);

CREATE TRIGGER changes_are_not_updated BEFORE UPDATE ON changes
BEGIN
    SELECT RAISE(ABORT, 'the log of changes is only ever added to');
END;
CREATE TRIGGER changes_are_not_deleted BEFORE DELETE ON changes
BEGIN
    SELECT RAISE(ABORT, 'the log of changes is only ever added to');
END;

-- The last number given out in `changes`. Every transaction takes this row first and holds it to its end: that makes
-- the numbers gapless, and visible in their order, so that who reads on from a number never misses one.
CREATE TABLE log_head (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO log_head (one, seq) VALUES (1, 0);

-- Counts of requests by the minute. What is unknown is an empty text or the nil id, since a key holds no NULL.
CREATE TABLE usage (
    minute INTEGER NOT NULL,
    api TEXT NOT NULL,
    operation TEXT NOT NULL,
    app BLOB NOT NULL,
    key BLOB NOT NULL,
    status INTEGER NOT NULL,
    latency_bucket INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    PRIMARY KEY (minute, api, operation, app, key, status, latency_bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_by_app ON usage (app, minute);

-- Which batches of counts have been added, so that one sent twice counts once.
CREATE TABLE usage_batches (
    node TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (node, seq)
) STRICT, WITHOUT ROWID;

-- Calls counted against quotas.
CREATE TABLE quota_usage (
    subscription BLOB NOT NULL,
    period_start INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (subscription, period_start)
) STRICT, WITHOUT ROWID;
CREATE INDEX quota_usage_by_period ON quota_usage (period_start);

-- Settings of the installation that are changed in the portal. Values are JSON.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Answers to calls that carried an Idempotency-Key; sealed, since an answer may hold a new secret.
CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key_digest BLOB NOT NULL,
    request_digest BLOB NOT NULL,
    status INTEGER NOT NULL,
    answer BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (caller, key_digest)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
