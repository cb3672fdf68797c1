-- Pages that publishers write. `place` is the API's name, or empty for the portal's own; `api` repeats it, so that guides go
-- with their API.
CREATE TABLE guides (
    place TEXT NOT NULL,
    slug TEXT NOT NULL,
    api TEXT REFERENCES apis (slug) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    position BIGINT NOT NULL,
    -- 1: only publishers see it.
    draft BIGINT NOT NULL,
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (place, slug)
);
CREATE INDEX guides_by_api ON guides (api);

-- Pictures of guides. What they are shows from the name's ending.
CREATE TABLE guide_images (
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    api TEXT REFERENCES apis (slug) ON DELETE CASCADE,
    image BYTEA NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (place, name)
);
CREATE INDEX guide_images_by_api ON guide_images (api);
