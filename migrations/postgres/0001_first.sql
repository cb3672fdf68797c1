-- Times are microseconds since 1970 UTC. Ids are UUIDv7, made by the program. Its twin is sqlite/0001_first.sql: constraints are
-- named as that engine reports them (table and columns), so that one list tells what was taken.

-- People who sign in.
CREATE TABLE accounts (
    id UUID NOT NULL CONSTRAINT accounts_id PRIMARY KEY,
    email TEXT NOT NULL CONSTRAINT accounts_email UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    -- PHC string of argon2id.
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Published and draft APIs. `base_path` repeats what stands in `settings`, so that the database keeps it unique.
CREATE TABLE apis (
    slug TEXT NOT NULL CONSTRAINT apis_slug PRIMARY KEY,
    title TEXT NOT NULL,
    base_path TEXT NOT NULL CONSTRAINT apis_base_path UNIQUE,
    settings TEXT NOT NULL,
    -- The version that callers see. No foreign key: it would point in a circle.
    published UUID,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Uploaded documents, byte for byte, with the routes read from them, so that a node starts without reading documents.
CREATE TABLE api_versions (
    id UUID NOT NULL CONSTRAINT api_versions_id PRIMARY KEY,
    api TEXT NOT NULL REFERENCES apis (slug) ON DELETE CASCADE,
    version TEXT NOT NULL,
    title TEXT NOT NULL,
    format TEXT NOT NULL,
    operations BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    published_at BIGINT,
    routes TEXT NOT NULL,
    document BYTEA NOT NULL
);
CREATE INDEX api_versions_by_api ON api_versions (api, id);

-- What an app may use of an API, and how much. `rate` and `quota` are JSON, or nothing where there is no limit.
CREATE TABLE plans (
    slug TEXT NOT NULL CONSTRAINT plans_slug PRIMARY KEY,
    name TEXT NOT NULL,
    rate TEXT,
    quota TEXT,
    approval TEXT NOT NULL
);

-- What developers build; owns keys and subscriptions.
CREATE TABLE apps (
    id UUID NOT NULL CONSTRAINT apps_id PRIMARY KEY,
    name TEXT NOT NULL,
    owner UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE INDEX apps_by_owner ON apps (owner, id);

-- An app's use of one API under one plan.
CREATE TABLE subscriptions (
    id UUID NOT NULL CONSTRAINT subscriptions_id PRIMARY KEY,
    app UUID NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    api TEXT NOT NULL REFERENCES apis (slug) ON DELETE CASCADE,
    plan TEXT NOT NULL REFERENCES plans (slug),
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT subscriptions_app_api UNIQUE (app, api)
);
CREATE INDEX subscriptions_by_api ON subscriptions (api);
CREATE INDEX subscriptions_by_plan ON subscriptions (plan);
CREATE INDEX subscriptions_by_state ON subscriptions (state, id);

-- API keys: digests only. `apis`, `operations` and `allow_ips` are JSON lists, empty where nothing is narrowed.
CREATE TABLE keys (
    id UUID NOT NULL CONSTRAINT keys_id PRIMARY KEY,
    app UUID NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    environment TEXT NOT NULL,
    public_id TEXT NOT NULL CONSTRAINT keys_public_id UNIQUE,
    digest BYTEA NOT NULL,
    previous_public_id TEXT CONSTRAINT keys_previous_public_id UNIQUE,
    previous_digest BYTEA,
    previous_until BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT,
    apis TEXT NOT NULL,
    operations TEXT NOT NULL,
    allow_ips TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX keys_by_app ON keys (app, id);

-- When each key was last used. Apart from `keys`, since it changes every second and they do not.
CREATE TABLE key_uses (
    key UUID NOT NULL CONSTRAINT key_uses_key PRIMARY KEY,
    at BIGINT NOT NULL
);

-- Secrets of programs that manage Portico: digests only.
CREATE TABLE management_tokens (
    id UUID NOT NULL CONSTRAINT management_tokens_id PRIMARY KEY,
    account UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL CONSTRAINT management_tokens_digest UNIQUE,
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX management_tokens_by_account ON management_tokens (account, id);

-- One-time links: first administrator, verification, reset. Digests only.
CREATE TABLE links (
    digest BYTEA NOT NULL CONSTRAINT links_digest PRIMARY KEY,
    purpose TEXT NOT NULL,
    account UUID REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX links_by_account ON links (account);

-- Browser sessions, by the digest of their id. `account` makes "sign out everywhere" one statement.
CREATE TABLE sessions (
    digest BYTEA NOT NULL CONSTRAINT sessions_digest PRIMARY KEY,
    account UUID,
    data TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- What was changed, when and by whom: audit log and wake-up of the publisher in one. Rows are only ever added.
CREATE TABLE changes (
    seq BIGINT NOT NULL CONSTRAINT changes_seq PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX changes_by_target ON changes (target, seq);
CREATE INDEX changes_by_actor ON changes (actor, seq);

CREATE FUNCTION changes_are_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log of changes is only ever added to';
END;
$$;
CREATE TRIGGER changes_are_not_updated BEFORE UPDATE ON changes
FOR EACH ROW EXECUTE FUNCTION changes_are_only_added();
CREATE TRIGGER changes_are_not_deleted BEFORE DELETE ON changes
FOR EACH ROW EXECUTE FUNCTION changes_are_only_added();
CREATE TRIGGER changes_are_not_truncated BEFORE TRUNCATE ON changes
FOR EACH STATEMENT EXECUTE FUNCTION changes_are_only_added();

-- The last number given out in `changes`. Every transaction takes this row first and holds it to its end: that makes
-- the numbers gapless, and visible in their order, so that who reads on from a number never misses one.
CREATE TABLE log_head (
    one BIGINT NOT NULL CONSTRAINT log_head_one PRIMARY KEY CHECK (one = 1),
    seq BIGINT NOT NULL
);
INSERT INTO log_head (one, seq) VALUES (1, 0);

-- Counts of requests by the minute. What is unknown is an empty text or the nil id, since a key holds no NULL.
CREATE TABLE usage (
    minute BIGINT NOT NULL,
    api TEXT NOT NULL,
    operation TEXT NOT NULL,
    app UUID NOT NULL,
    key UUID NOT NULL,
    status BIGINT NOT NULL,
    latency_bucket BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    CONSTRAINT usage_minute_api_operation_app_key_status_latency_bucket PRIMARY KEY (minute, api, operation, app, key, status, latency_bucket)
);
CREATE INDEX usage_by_app ON usage (app, minute);

-- Which batches of counts have been added, so that one sent twice counts once.
CREATE TABLE usage_batches (
    node TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT usage_batches_node_seq PRIMARY KEY (node, seq)
);

-- Calls counted against quotas.
CREATE TABLE quota_usage (
    subscription UUID NOT NULL,
    period_start BIGINT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT quota_usage_subscription_period_start PRIMARY KEY (subscription, period_start)
);
CREATE INDEX quota_usage_by_period ON quota_usage (period_start);

-- Settings of the installation that are changed in the portal. Values are JSON.
CREATE TABLE settings (
    name TEXT NOT NULL CONSTRAINT settings_name PRIMARY KEY,
    value TEXT NOT NULL
);

-- Answers to calls that carried an Idempotency-Key; sealed, since an answer may hold a new secret.
CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    key_digest BYTEA NOT NULL,
    request_digest BYTEA NOT NULL,
    status BIGINT NOT NULL,
    answer BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT idempotency_caller_key_digest PRIMARY KEY (caller, key_digest)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
