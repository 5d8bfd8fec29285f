-- Jobs that are asked of a pipeline by a command, by the clock, or by an edit of a result tree.

ALTER TABLE jobs ADD COLUMN command TEXT;                           -- NULL: a drop
ALTER TABLE jobs ADD COLUMN arguments TEXT NOT NULL DEFAULT '{}';   -- JSON
ALTER TABLE jobs ADD COLUMN holds INTEGER NOT NULL DEFAULT 1;       -- 0: it only reads the key's state

-- One job of a key that changes its state runs at a time; those that only read it pass.
DROP INDEX jobs_one_per_key;
CREATE UNIQUE INDEX jobs_one_per_key ON jobs (pipeline, key)
    WHERE key IS NOT NULL AND holds = 1 AND status IN ('running', 'publishing');
DROP INDEX jobs_keys;
CREATE INDEX jobs_keys ON jobs (pipeline, key, seq)
    WHERE key IS NOT NULL AND holds = 1 AND status IN ('accepting', 'queued', 'running', 'publishing');
