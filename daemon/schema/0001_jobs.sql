-- Jobs, their attempts, what waits in the inboxes, and what the user ordered.
-- JSON columns are ASCII, so that names in any bytes survive (lone surrogates are escaped).

CREATE TABLE jobs (
    seq          INTEGER PRIMARY KEY,          -- order of arrival
    id           TEXT    NOT NULL UNIQUE,
    pipeline     TEXT,                         -- NULL: refused before it had one
    inbox        TEXT    NOT NULL,
    lane         TEXT,                         -- NULL: dropped in the inbox root
    key          TEXT,
    item         TEXT    NOT NULL,             -- as the user named it, made printable
    name         TEXT    NOT NULL,             -- of the result, safe for every file system
    status       TEXT    NOT NULL,
    priority     INTEGER NOT NULL,
    take         TEXT    NOT NULL,
    tops         TEXT    NOT NULL,             -- JSON list: what was dropped, below the inbox
    place        TEXT    NOT NULL,             -- hash of inbox and tops
    fingerprint  TEXT    NOT NULL,             -- of what the scan saw
    archive      INTEGER NOT NULL,
    folder       INTEGER NOT NULL,
    roles        TEXT    NOT NULL,             -- JSON: role -> paths below the item
    options      TEXT    NOT NULL,             -- JSON
    created      REAL    NOT NULL,             -- wall clock, seconds
    updated      REAL    NOT NULL,
    not_before   REAL    NOT NULL DEFAULT 0,
    fresh        INTEGER NOT NULL DEFAULT 0,   -- 1: a retry, never answered by an earlier job
    identity     TEXT,
    kind         TEXT,                         -- class of the failure
    reason       TEXT,
    faults       TEXT    NOT NULL DEFAULT '[]',
    inputs_at    TEXT,                         -- where the user's bytes are after work/
    restore_to   TEXT,                         -- where the user wants them back
    answered_by  TEXT,                         -- the job that did the same work before
    answer       TEXT,                         -- and its result
    result       TEXT                          -- its name in the results folder of the pipeline
) STRICT;

-- An item is taken once at a time.
CREATE UNIQUE INDEX jobs_taken_once ON jobs (place) WHERE status = 'accepting';
-- The order of the claim.
CREATE INDEX jobs_queue ON jobs (priority DESC, seq) WHERE status = 'queued';
CREATE INDEX jobs_active ON jobs (status, seq)
    WHERE status IN ('accepting', 'queued', 'running', 'publishing', 'failing', 'returning');
CREATE INDEX jobs_keys ON jobs (pipeline, key, seq)
    WHERE key IS NOT NULL AND status IN ('accepting', 'queued', 'running', 'publishing');
-- One job of a key runs at a time.
CREATE UNIQUE INDEX jobs_one_per_key ON jobs (pipeline, key) WHERE key IS NOT NULL AND status IN ('running', 'publishing');
CREATE INDEX jobs_place ON jobs (place, seq);
CREATE INDEX jobs_identity ON jobs (identity, seq) WHERE identity IS NOT NULL;
CREATE INDEX jobs_doing ON jobs (identity) WHERE identity IS NOT NULL AND status IN ('running', 'publishing');
CREATE INDEX jobs_updated ON jobs (updated);

CREATE TABLE attempts (
    job          TEXT    NOT NULL REFERENCES jobs (id),
    stage        TEXT    NOT NULL,
    shard        TEXT    NOT NULL DEFAULT '',
    number       INTEGER NOT NULL,
    status       TEXT    NOT NULL,             -- running, done, failed
    runner       TEXT    NOT NULL,
    cpus         REAL    NOT NULL,
    memory       INTEGER NOT NULL,             -- bytes
    gpus         TEXT    NOT NULL,             -- JSON list of UUIDs
    burns        INTEGER NOT NULL DEFAULT 1,   -- 0: did not count (infrastructure)
    kind         TEXT,
    reason       TEXT,
    started      REAL    NOT NULL,
    ended        REAL,
    peak_memory  INTEGER NOT NULL DEFAULT 0,   -- bytes
    PRIMARY KEY (job, stage, shard, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_running ON attempts (job) WHERE status = 'running';

CREATE TABLE waiting (
    place  TEXT PRIMARY KEY,                   -- hash of inbox and tops
    inbox  TEXT NOT NULL,
    lane   TEXT,
    tops   TEXT NOT NULL,                      -- JSON list
    name   TEXT NOT NULL,
    state  TEXT NOT NULL,                      -- unsettled, wanting
    why    TEXT NOT NULL,
    since  REAL NOT NULL                       -- wall clock, seconds
) STRICT, WITHOUT ROWID;

CREATE TABLE inboxes (
    name     TEXT PRIMARY KEY,
    marker   TEXT,                             -- the id in .visaged-inbox, once seen
    path     TEXT NOT NULL,
    results  TEXT NOT NULL,
    mode     TEXT NOT NULL,
    problem  TEXT                              -- why it is offline
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    id      INTEGER PRIMARY KEY,
    verb    TEXT NOT NULL,
    args    TEXT NOT NULL,                     -- JSON
    at      REAL NOT NULL,
    ok      INTEGER,                           -- NULL: not carried out yet
    answer  TEXT
) STRICT;
CREATE INDEX orders_open ON orders (id) WHERE ok IS NULL;

CREATE TABLE facts (
    name   TEXT PRIMARY KEY,                   -- paused, disk, last_success:<job of the scheduler>, …
    value  TEXT NOT NULL                       -- JSON
) STRICT, WITHOUT ROWID;
