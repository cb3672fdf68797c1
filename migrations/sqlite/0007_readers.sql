-- Accounts that may read a private API, beside publishers and admins.
CREATE TABLE readers (
    api TEXT NOT NULL REFERENCES apis (slug) ON DELETE CASCADE,
    account BLOB NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    added_at INTEGER NOT NULL,
    CONSTRAINT readers_api_account PRIMARY KEY (api, account)
) STRICT;
CREATE INDEX readers_by_account ON readers (account);
