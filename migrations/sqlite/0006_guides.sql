-- Pages that publishers write. `place` is the API's name, or empty for the portal's own; `api` repeats it, so that guides go
-- with their API.
CREATE TABLE guides (
    place TEXT NOT NULL,
    slug TEXT NOT NULL,
    api TEXT REFERENCES apis (slug) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    position INTEGER NOT NULL,
    -- 1: only publishers see it.
    draft INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (place, slug)
) STRICT;
CREATE INDEX guides_by_api ON guides (api);

-- Pictures of guides. What they are shows from the name's ending.
CREATE TABLE guide_images (
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    api TEXT REFERENCES apis (slug) ON DELETE CASCADE,
    image BLOB NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (place, name)
) STRICT;
CREATE INDEX guide_images_by_api ON guide_images (api);
