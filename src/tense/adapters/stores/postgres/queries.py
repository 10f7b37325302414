"""The statements that hand messages out. Claims carry the lease's token: an older owner's claim changes nothing."""

NOW = "extract(epoch FROM clock_timestamp())::float8"
"""The server's clock, which all instances share."""

CLAIM = """
UPDATE tense.command AS c SET attempts = c.attempts + 1, claimed = p.token
FROM (
    SELECT q.seq, w.token
    FROM unnest($2::int[], $3::bigint[], $4::int[]) AS w(lane, token, most)
    JOIN tense.lane AS l ON l.consumer = $1 AND l.lane = w.lane AND l.token = w.token
    CROSS JOIN LATERAL (
        SELECT seq FROM tense.command WHERE service = $1 AND lane = w.lane AND state = 0 AND claimed < w.token
        ORDER BY seq LIMIT w.most FOR UPDATE
    ) AS q
    LIMIT $5
) AS p
WHERE c.seq = p.seq
RETURNING c.seq, c.id, c.lane, c.headers, c.body, c.attempts, c.failed, c.redriven, c.strand, c.released
"""
"""A lane's rows are locked by nobody else who counts: its owner before has committed or lost the lane. Who cancels one at
this moment is waited for: if that comes to nothing, the command is still the first of its key. No position is asked for,
so that a command that commits late is not jumped over."""

DUE_COMMANDS = """
UPDATE tense.command AS c SET attempts = c.attempts + 1, claimed = p.token
FROM (
    SELECT q.seq, w.token
    FROM unnest($2::int[], $3::bigint[]) AS w(lane, token)
    JOIN tense.command AS q ON q.lane = w.lane AND q.claimed < w.token
    WHERE q.seq IN (
        SELECT seq FROM tense.command WHERE service = $1 AND state = 1 AND due <= $4
        UNION ALL
        SELECT seq FROM tense.command
        WHERE service = $1 AND state IN (1, 2) AND deadline IS NOT NULL AND deadline <= $4
    )
    ORDER BY q.seq LIMIT $5 FOR UPDATE OF q SKIP LOCKED
) AS p
WHERE c.seq = p.seq
RETURNING c.seq, c.id, c.lane, c.headers, c.body, c.attempts, c.failed, c.redriven, c.strand, c.released
"""

DUE_EVENTS = """
WITH taken AS (
    UPDATE tense.exception AS e SET attempts = e.attempts + 1, claimed = p.token
    FROM (
        SELECT q.pos, w.token
        FROM unnest($2::int[], $3::bigint[]) AS w(lane, token)
        JOIN tense.exception AS q ON q.lane = w.lane AND q.claimed < w.token
        WHERE q.consumer = $1 AND q.state = 1 AND q.due <= $4
        ORDER BY q.xid, q.pos LIMIT $5 FOR UPDATE OF q SKIP LOCKED
    ) AS p
    WHERE e.consumer = $1 AND e.pos = p.pos
    RETURNING e.pos, e.lane, e.attempts, e.redriven, e.released
)
SELECT l.xid, l.pos, l.id, t.lane, l.headers, l.body, t.attempts, t.redriven, t.released,
       EXISTS (SELECT 1 FROM tense.subscribed AS s WHERE s.consumer = $1 AND s.type = l.type)
FROM taken AS t JOIN tense.log AS l ON l.pos = t.pos
"""

NEXT_COMMANDS = """
SELECT least(
    (SELECT c.due FROM tense.command AS c JOIN tense.lane AS l ON l.consumer = c.service AND l.lane = c.lane
     WHERE c.service = $1 AND c.state = 1 AND l.owner = $2 AND c.claimed < l.token ORDER BY c.due LIMIT 1),
    (SELECT c.deadline FROM tense.command AS c JOIN tense.lane AS l ON l.consumer = c.service AND l.lane = c.lane
     WHERE c.service = $1 AND c.state IN (1, 2) AND c.deadline IS NOT NULL AND l.owner = $2 AND c.claimed < l.token
     ORDER BY c.deadline LIMIT 1)
)
"""

NEXT_EVENTS = """
SELECT e.due FROM tense.exception AS e JOIN tense.lane AS l ON l.consumer = e.consumer AND l.lane = e.lane
WHERE e.consumer = $1 AND e.state = 1 AND l.owner = $2 AND e.claimed < l.token ORDER BY e.due LIMIT 1
"""

READ = """
SELECT x.*, x.xid >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS hidden
FROM unnest($3::int[], $4::bigint[], $5::bigint[], $6::int[]) AS w(lane, xid, pos, most)
JOIN tense.lane AS l ON l.consumer = $1 AND l.lane = w.lane
CROSS JOIN LATERAL (
    SELECT xid, pos, id, lane, headers, body FROM tense.log
    WHERE channel = $2 AND lane = w.lane
    AND type = ANY(ARRAY(SELECT s.type FROM tense.subscribed AS s WHERE s.consumer = $1))
    AND (xid, pos) > (coalesce(w.xid, l.xid), coalesce(w.pos, l.pos))
    ORDER BY xid, pos LIMIT w.most
) AS x
LIMIT $7
"""
"""Rows of transactions at or above the oldest one that is still open are not handed out: that one may yet put a row
before them. They are returned as `hidden`, so that the reader knows to come back soon. Types that only a colleague takes
are handed out too: the cursor is everybody's, and whoever does not know one puts it back for those who do."""

HISTORY = """
SELECT xid, pos, id, lane, headers, body FROM tense.log
WHERE channel = $1 AND type = ANY($2::text[]) AND (xid, pos) > ($3::bigint, $4::bigint)
AND xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
ORDER BY xid, pos LIMIT $5
"""

STRIKE = """
INSERT INTO tense.exception AS e (consumer, pos, xid, lane, state, attempts) VALUES ($1, $2, $3, $4, 5, $5)
ON CONFLICT (consumer, pos) DO UPDATE SET attempts = e.attempts + 1 RETURNING attempts
"""

END_SILENT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()
    AND application_name IN ('tense', nullif(current_setting('application_name'), ''))
    AND state = 'active' AND wait_event = 'ClientRead' AND xact_start IS NOT NULL AND query !~* '^\\s*copy\\M'
    AND state_change < clock_timestamp() - make_interval(secs => $1)
"""
"""Sessions of ours whose process fell silent between the two halves of a statement: the server takes them for active, and
`idle_in_transaction_session_timeout` does not count. A COPY waits for its client in the same state."""
