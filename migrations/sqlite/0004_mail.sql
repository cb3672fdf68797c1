-- Letters on their way. `letter` is sealed, since one may hold what opens an account.
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY,
    letter BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- Not to be tried before. Whoever tries moves it first, so that no other node does the same.
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at);

-- Kinds of letters that somebody does not want.
CREATE TABLE mail_off (
    account BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (account, kind)
) STRICT;

-- How far tasks have read the log of changes. What was published before there was mail is told to nobody.
CREATE TABLE log_readers (
    name TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO log_readers (name, seq) SELECT 'announcements', seq FROM log_head;
