-- What changed from one version to another, as JSON, so that no page compares two documents again. `rules` is the number of
-- the rules that told it; what older ones told is told anew. Nothing is lost with a row.
CREATE TABLE version_changes (
    before UUID NOT NULL REFERENCES api_versions (id) ON DELETE CASCADE,
    after UUID NOT NULL REFERENCES api_versions (id) ON DELETE CASCADE,
    rules BIGINT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (after, before)
);
CREATE INDEX version_changes_by_before ON version_changes (before);
-- Who called an API of late is asked before a version is published.
CREATE INDEX usage_by_api ON usage (api, minute);
