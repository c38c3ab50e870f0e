"""The schemas of all databases, step by step. A step that has been released is never changed, only followed."""

from __future__ import annotations

from gateway.store.sqlite.migrations import Schema

BLOCK_ROWS = 1024
"""Rows that one summary in `blocks` covers; part of the journal's schema."""
NO_HASH = "0" * 64
"""The `prevhash` of the first row."""

# `text` comes last: the columns before it are read without touching the page that a long text overflows to.
# `blocks` sums up the rows with sequence // 1024 = block, written once the block is full; `types` is ` a b c `.
JOURNAL = Schema(
    "a journal",
    0x47484A4E,
    (
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE rows(
            sequence INTEGER PRIMARY KEY,
            wall_ns INTEGER NOT NULL,
            mono_ns INTEGER NOT NULL,
            type TEXT NOT NULL,
            subject TEXT NOT NULL,
            hash BLOB NOT NULL,
            text TEXT NOT NULL
        );
        CREATE TABLE boots(first INTEGER PRIMARY KEY, boot TEXT NOT NULL);
        CREATE TABLE blocks(
            block INTEGER PRIMARY KEY,
            types TEXT NOT NULL,
            low_ns INTEGER NOT NULL,
            high_ns INTEGER NOT NULL
        );
        CREATE TABLE gaps(
            last INTEGER PRIMARY KEY,
            lasthash TEXT NOT NULL,
            wall_ns INTEGER NOT NULL
        );
        """,
    ),
)

_SIMPLIFIED = tuple(
    zip("滬粵蘇遼魯贛晉陝貴寧甯瓊雲閩學掛領應臨軍灨黒", "沪粤苏辽鲁赣晋陕贵宁宁琼云闽学挂领应临军赣黑", strict=True)
)
"""Of plates in the index, when its fifth step was released."""


def _simplified(text: str) -> str:
    """The SQL that writes these characters of a text simplified."""
    for old, new in _SIMPLIFIED:
        text = f"replace({text}, '{old}', '{new}')"
    return text


# `low` is the low 24 bits of a card's number (0 for other kinds), so that one index serves comparing 24 bits, 32 bits
# and the full number. `kind` is 0 card, 1 plate, 2 qr, 3 pin.
REGISTRY = Schema(
    "a pass registry",
    0x47485052,
    (
        """
        CREATE TABLE passes(
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            holder TEXT NOT NULL,
            unit TEXT NOT NULL,
            document TEXT NOT NULL
        );
        CREATE TABLE credentials(
            kind INTEGER NOT NULL,
            low INTEGER NOT NULL,
            value TEXT NOT NULL,
            pass INTEGER NOT NULL,
            PRIMARY KEY(kind, low, value, pass)
        ) WITHOUT ROWID;
        """,
        # In Chinese plates O and I are 0 and 1 behind the two letters of the region, as cameras and typists mean them.
        """
        CREATE TEMP TABLE meant AS
            SELECT value, pass, substr(value, 1, 2) || replace(replace(substr(value, 3), 'O', '0'), 'I', '1') AS better
            FROM credentials
            WHERE kind = 1 AND value GLOB '[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]?*[OI]*';
        INSERT OR IGNORE INTO credentials SELECT 1, 0, better, pass FROM meant;
        DELETE FROM credentials
            WHERE kind = 1 AND (value, pass) IN (SELECT value, pass FROM meant WHERE value <> better);
        DROP TABLE meant;
        """,
        # The passes of a household are found by its name, which is only in the document.
        """
        CREATE INDEX passes_of_group ON passes(document ->> '$.group') WHERE document ->> '$.group' IS NOT NULL;
        """,
        # Passes that end soon are listed by id; the day is in the index, so that no document is read for the others.
        """
        CREATE INDEX passes_ending ON passes(
            id,
            CASE WHEN document ->> '$.valid_until' GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
                THEN substr(document ->> '$.valid_until', 1, 10) ELSE '' END
        ) WHERE document ->> '$.valid_until' IS NOT NULL;
        """,
        # Traditional characters of plates are simplified ones, and behind a region O and I are 0 and 1.
        f"""
        CREATE TEMP TABLE plain AS
            SELECT value, pass, {_simplified("value")} AS better FROM credentials
            WHERE kind = 1 AND value GLOB '*[{"".join(old for old, _ in _SIMPLIFIED)}]*';
        UPDATE plain SET better = substr(better, 1, 2) || replace(replace(substr(better, 3), 'O', '0'), 'I', '1')
            WHERE better GLOB '[沪粤苏辽鲁赣晋陕贵宁琼云闽黑]*';
        INSERT OR IGNORE INTO credentials SELECT 1, 0, better, pass FROM plain;
        DELETE FROM credentials WHERE kind = 1 AND (value, pass) IN (SELECT value, pass FROM plain);
        DROP TABLE plain;
        """,
        # What a query is compared with, 256 passes to a row; the registry fills it (`gateway.store.passes.search`).
        """
        CREATE TABLE search(block INTEGER PRIMARY KEY, low TEXT NOT NULL, high TEXT NOT NULL, lines BLOB NOT NULL);
        """,
        # `search` has the days too. Only documents that name a group are parsed for it: that is dear in an import.
        """
        DROP INDEX passes_ending;
        DROP INDEX passes_of_group;
        CREATE INDEX passes_of_group ON passes(document ->> '$.group') WHERE instr(document, '"group":');
        """,
        # Kind, holder and unit are found by `search`; the document has them.
        """
        CREATE TABLE fewer(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL);
        INSERT INTO fewer SELECT number, id, document FROM passes ORDER BY number;
        DROP TABLE passes;
        ALTER TABLE fewer RENAME TO passes;
        CREATE INDEX passes_of_group ON passes(document ->> '$.group') WHERE instr(document, '"group":');
        """,
    ),
)

# Everything but `answers` follows from the journal and can be had again from it. `document` of an alarm is the data of
# all its events, the last value of each key counts.
STATE = Schema(
    "projections",
    0x47485354,
    (
        """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE visits(
            visit TEXT PRIMARY KEY,
            pass TEXT,
            plate TEXT,
            credential TEXT,
            method TEXT NOT NULL,
            certainty TEXT NOT NULL,
            entered_sequence INTEGER NOT NULL,
            entered_wall_ns INTEGER NOT NULL,
            entered_lane TEXT NOT NULL,
            exited_sequence INTEGER,
            exited_wall_ns INTEGER,
            exited_lane TEXT
        ) WITHOUT ROWID;
        CREATE INDEX visits_inside ON visits(visit) WHERE exited_sequence IS NULL;
        CREATE INDEX visits_of_pass ON visits(pass, entered_sequence) WHERE exited_sequence IS NULL;
        CREATE INDEX visits_of_plate ON visits(plate) WHERE exited_sequence IS NULL;
        CREATE INDEX visits_of_credential ON visits(credential) WHERE exited_sequence IS NULL;
        CREATE INDEX visits_gone ON visits(exited_sequence) WHERE exited_sequence IS NOT NULL;
        CREATE TABLE alarms(
            alarm TEXT PRIMARY KEY,
            raised_sequence INTEGER NOT NULL,
            closed_sequence INTEGER,
            as_of_wall_ns INTEGER NOT NULL,
            acknowledged_by TEXT,
            document TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX alarms_closed ON alarms(closed_sequence);
        CREATE TABLE marks(
            lane TEXT NOT NULL,
            mark TEXT NOT NULL,
            since_wall_ns INTEGER NOT NULL,
            by TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY(lane, mark)
        ) WITHOUT ROWID;
        CREATE TABLE warned(
            pass TEXT PRIMARY KEY, wall_ns INTEGER NOT NULL, day TEXT
        ) WITHOUT ROWID;
        CREATE TABLE counters(
            name TEXT NOT NULL, subject TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY(name, subject)
        ) WITHOUT ROWID;
        CREATE TABLE answers(
            number INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL,
            begun_wall_ns INTEGER NOT NULL,
            answer TEXT
        );
        """,
        # `movements` holds the arm's movements whose time was measured, for curves, and its crashes (no time).
        """
        CREATE TABLE movements(
            sequence INTEGER PRIMARY KEY,
            barrier TEXT NOT NULL,
            wall_ns INTEGER NOT NULL,
            what TEXT NOT NULL,
            cause TEXT NOT NULL,
            travel_ms INTEGER
        );
        CREATE INDEX movements_of_barrier ON movements(barrier, sequence);
        CREATE INDEX movements_crashed ON movements(barrier, wall_ns) WHERE travel_ms IS NULL;
        CREATE TABLE service(
            barrier TEXT NOT NULL,
            what TEXT NOT NULL,
            most INTEGER NOT NULL,
            count INTEGER NOT NULL,
            since_wall_ns INTEGER NOT NULL,
            PRIMARY KEY(barrier, what)
        ) WITHOUT ROWID;
        """,
        # `codes` holds the names of used QR codes.
        """
        CREATE TABLE codes(code TEXT PRIMARY KEY, wall_ns INTEGER NOT NULL) WITHOUT ROWID;
        """,
        # `latest` holds what each lane last decided, whom it let in and who passed, as its snapshot shows them.
        """
        CREATE TABLE latest(
            lane TEXT NOT NULL,
            what TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY(lane, what)
        ) WITHOUT ROWID;
        """,
        # Cars inside are counted by this index alone: with `exited_sequence` in it SQLite need not look at the visits.
        """
        DROP INDEX visits_of_credential;
        CREATE INDEX visits_of_credential ON visits(credential, exited_sequence) WHERE exited_sequence IS NULL;
        """,
        # `document` of a repair order is its last row, `steps` what was done about it, oldest first.
        """
        CREATE TABLE repairs(
            repair TEXT PRIMARY KEY,
            opened_sequence INTEGER NOT NULL,
            closed_sequence INTEGER,
            alarm TEXT,
            document TEXT NOT NULL,
            steps TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX repairs_open ON repairs(opened_sequence) WHERE closed_sequence IS NULL;
        CREATE INDEX repairs_closed ON repairs(closed_sequence) WHERE closed_sequence IS NOT NULL;
        CREATE INDEX repairs_of_alarm ON repairs(alarm) WHERE alarm IS NOT NULL;
        """,
        # `visitors` holds who was registered or announced; `low` is the low 24 bits of the card, as in the registry.
        """
        CREATE TABLE visitors(
            visit TEXT PRIMARY KEY,
            plate TEXT,
            card TEXT,
            low INTEGER,
            from_ns INTEGER NOT NULL,
            until_ns INTEGER NOT NULL,
            told_sequence INTEGER NOT NULL,
            ended_sequence INTEGER,
            cancelled INTEGER NOT NULL,
            document TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX visitors_of_plate ON visitors(plate) WHERE ended_sequence IS NULL AND plate IS NOT NULL;
        CREATE INDEX visitors_of_card ON visitors(low) WHERE ended_sequence IS NULL AND low IS NOT NULL;
        CREATE INDEX visitors_ended ON visitors(ended_sequence) WHERE ended_sequence IS NOT NULL;
        """,
        # The acceptance book: ticks by point and end, points that must be ticked again, signed sheets.
        """
        CREATE TABLE ticks(
            point TEXT NOT NULL, end TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY(point, end)
        ) WITHOUT ROWID;
        CREATE TABLE lost(point TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE signatures(
            lane TEXT NOT NULL, end TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY(lane, end)
        ) WITHOUT ROWID;
        """,
        # `money` holds what was done about the charges of visits, `debts` what cars were released with as owed.
        """
        CREATE TABLE money(
            entry TEXT PRIMARY KEY,
            visit TEXT NOT NULL,
            kind TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            wall_ns INTEGER NOT NULL,
            amount INTEGER NOT NULL,
            currency TEXT NOT NULL,
            by TEXT,
            method TEXT,
            document TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX money_of_visit ON money(visit, sequence);
        CREATE INDEX money_noted ON money(sequence);
        CREATE INDEX money_taken ON money(wall_ns) WHERE kind = 'paid';
        CREATE TABLE debts(
            visit TEXT PRIMARY KEY,
            amount INTEGER NOT NULL,
            currency TEXT NOT NULL,
            since_ns INTEGER NOT NULL,
            plate TEXT,
            credential TEXT,
            sequence INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX debts_of_plate ON debts(plate) WHERE plate IS NOT NULL;
        CREATE INDEX debts_of_credential ON debts(credential) WHERE credential IS NOT NULL;
        """,
        # How a visit ended, and by whom; what people see of its line. `inside_set` has the last count of the cars
        # inside that a person has set, and by how much it still differs from the open visits.
        """
        ALTER TABLE visits ADD COLUMN kind TEXT;
        ALTER TABLE visits ADD COLUMN shown TEXT;
        ALTER TABLE visits ADD COLUMN let_in_by TEXT;
        ALTER TABLE visits ADD COLUMN stated TEXT;
        ALTER TABLE visits ADD COLUMN ended TEXT;
        ALTER TABLE visits ADD COLUMN ended_by TEXT;
        ALTER TABLE visits ADD COLUMN ended_reason TEXT;
        CREATE INDEX visits_by_age ON visits(entered_wall_ns) WHERE exited_sequence IS NULL;
        CREATE TABLE inside_set(
            one INTEGER PRIMARY KEY CHECK(one = 1),
            correction TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            wall_ns INTEGER NOT NULL,
            count INTEGER NOT NULL,
            before INTEGER NOT NULL,
            offset INTEGER NOT NULL,
            by TEXT NOT NULL,
            reason TEXT NOT NULL
        );
        """,
        # `listed` holds the lists of vehicles; `key` is the plate, or the low 24 bits of the card as text.
        """
        CREATE TABLE listed(
            entry TEXT PRIMARY KEY,
            list TEXT NOT NULL,
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            until_ns INTEGER NOT NULL,
            added_sequence INTEGER NOT NULL,
            document TEXT NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX listed_of_vehicle ON listed(key, kind);
        """,
        # `slips` holds the release slips of goods; `document` is the slip as people see it.
        """
        CREATE TABLE slips(
            slip TEXT PRIMARY KEY,
            state TEXT NOT NULL,
            until_ns INTEGER NOT NULL,
            told_sequence INTEGER NOT NULL,
            document TEXT NOT NULL
        ) WITHOUT ROWID;
        """,
    ),
)

# Numbers and signatures are sealed (`gateway.store.identities.cipher`); NULL once they are deleted.
IDENTITIES = Schema(
    "identities",
    0x47484944,
    (
        """
        CREATE TABLE persons(
            number INTEGER PRIMARY KEY,
            person TEXT NOT NULL UNIQUE,
            request TEXT NOT NULL UNIQUE,
            visit TEXT,
            lane TEXT NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL,
            taken_wall_ns INTEGER NOT NULL,
            taken_by TEXT NOT NULL,
            how TEXT,
            said_by TEXT,
            media TEXT,
            sealed BLOB,
            signature BLOB
        );
        CREATE INDEX persons_taken ON persons(taken_wall_ns);
        """,
    ),
)
