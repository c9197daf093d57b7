-- Version 2 of the file: the requests that have been done, each with its answer.
CREATE TABLE requests (
    -- `AddTeam`: two methods may be sent the same id.
    method TEXT NOT NULL,
    id TEXT NOT NULL,
    -- Both as they are on the wire.
    request BLOB NOT NULL,
    answer BLOB NOT NULL,
    -- When, as `2026-02-14 20:15:00`, in UTC.
    at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (method, id)
) STRICT;

-- To find the old ones, which are forgotten, without looking at all of them.
CREATE INDEX requests_at ON requests (at);
