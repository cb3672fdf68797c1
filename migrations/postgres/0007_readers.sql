-- Accounts that may read a private API, beside publishers and admins.
CREATE TABLE readers (
    api TEXT NOT NULL REFERENCES apis (slug) ON DELETE CASCADE,
    account UUID NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    added_at BIGINT NOT NULL,
    CONSTRAINT readers_api_account PRIMARY KEY (api, account)
);
CREATE INDEX readers_by_account ON readers (account);
