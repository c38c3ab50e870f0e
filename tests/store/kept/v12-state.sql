
PRAGMA page_size=4096;

BEGIN TRANSACTION;

DROP TABLE IF EXISTS alarms;
CREATE TABLE alarms(
            alarm TEXT PRIMARY KEY,
            raised_sequence INTEGER NOT NULL,
            closed_sequence INTEGER,
            as_of_wall_ns INTEGER NOT NULL,
            acknowledged_by TEXT,
            document TEXT NOT NULL
        ) WITHOUT ROWID;
INSERT INTO alarms VALUES('a1',22,NULL,1790000021000000000,NULL,'{"raised_at":"2026-09-21T14:13:41.000Z","as_of":"2026-09-21T14:13:41.000Z","alarm":"a1","state":"unacknowledged","lane":"in"}');
CREATE INDEX alarms_closed ON alarms(closed_sequence);

DROP TABLE IF EXISTS answers;
CREATE TABLE answers(
            number INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL,
            begun_wall_ns INTEGER NOT NULL,
            answer TEXT
        );
INSERT INTO answers VALUES(1,'k','body',1,'{"status":"done"}');

DROP TABLE IF EXISTS codes;
CREATE TABLE codes(code TEXT PRIMARY KEY, wall_ns INTEGER NOT NULL) WITHOUT ROWID;

DROP TABLE IF EXISTS counters;
CREATE TABLE counters(
            name TEXT NOT NULL, subject TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY(name, subject)
        ) WITHOUT ROWID;
INSERT INTO counters VALUES('crashes','in',1);
INSERT INTO counters VALUES('type','alarm.raised',1);
INSERT INTO counters VALUES('type','barrier.crashed',1);
INSERT INTO counters VALUES('type','passage.entered',16);

DROP TABLE IF EXISTS debts;
CREATE TABLE debts(
            visit TEXT PRIMARY KEY,
            amount INTEGER NOT NULL,
            currency TEXT NOT NULL,
            since_ns INTEGER NOT NULL,
            plate TEXT,
            credential TEXT,
            sequence INTEGER NOT NULL
        ) WITHOUT ROWID;
CREATE INDEX debts_of_credential ON debts(credential) WHERE credential IS NOT NULL;
CREATE INDEX debts_of_plate ON debts(plate) WHERE plate IS NOT NULL;

DROP TABLE IF EXISTS inside_set;
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

DROP TABLE IF EXISTS latest;
CREATE TABLE latest(
            lane TEXT NOT NULL,
            what TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            document TEXT NOT NULL,
            PRIMARY KEY(lane, what)
        ) WITHOUT ROWID;
INSERT INTO latest VALUES('in','passage',20,'{"at":"2026-09-21T14:13:39.000Z","type":"entered","visit":"v19","pass":"p19","lane":"in"}');

DROP TABLE IF EXISTS listed;
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

DROP TABLE IF EXISTS lost;
CREATE TABLE lost(point TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;

DROP TABLE IF EXISTS marks;
CREATE TABLE marks(
            lane TEXT NOT NULL,
            mark TEXT NOT NULL,
            since_wall_ns INTEGER NOT NULL,
            by TEXT NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY(lane, mark)
        ) WITHOUT ROWID;
INSERT INTO marks VALUES('in','crashed',1790000020000000000,'','');

DROP TABLE IF EXISTS meta;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('head','22:775918f3331786e1cd4f79fe6dc3fbea95a2d2b05f4780eb54277ae0c05b60a4');
INSERT INTO meta VALUES('journal','keptjournal');
INSERT INTO meta VALUES('partial','1');
INSERT INTO meta VALUES('passage','passage.entered:v19');
INSERT INTO meta VALUES('sequence','22');
INSERT INTO meta VALUES('sure_wall_ns','1790000021000000000');

DROP TABLE IF EXISTS money;
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
CREATE INDEX money_noted ON money(sequence);
CREATE INDEX money_of_visit ON money(visit, sequence);
CREATE INDEX money_taken ON money(wall_ns) WHERE kind = 'paid';

DROP TABLE IF EXISTS movements;
CREATE TABLE movements(
            sequence INTEGER PRIMARY KEY,
            barrier TEXT NOT NULL,
            wall_ns INTEGER NOT NULL,
            what TEXT NOT NULL,
            cause TEXT NOT NULL,
            travel_ms INTEGER
        );
INSERT INTO movements VALUES(21,'in',1790000020000000000,'crashed','',NULL);
CREATE INDEX movements_crashed ON movements(barrier, wall_ns) WHERE travel_ms IS NULL;
CREATE INDEX movements_of_barrier ON movements(barrier, sequence);

DROP TABLE IF EXISTS repairs;
CREATE TABLE repairs(
            repair TEXT PRIMARY KEY,
            opened_sequence INTEGER NOT NULL,
            closed_sequence INTEGER,
            alarm TEXT,
            document TEXT NOT NULL,
            steps TEXT NOT NULL
        ) WITHOUT ROWID;
CREATE INDEX repairs_closed ON repairs(closed_sequence) WHERE closed_sequence IS NOT NULL;
CREATE INDEX repairs_of_alarm ON repairs(alarm) WHERE alarm IS NOT NULL;
CREATE INDEX repairs_open ON repairs(opened_sequence) WHERE closed_sequence IS NULL;

DROP TABLE IF EXISTS service;
CREATE TABLE service(
            barrier TEXT NOT NULL,
            what TEXT NOT NULL,
            most INTEGER NOT NULL,
            count INTEGER NOT NULL,
            since_wall_ns INTEGER NOT NULL,
            PRIMARY KEY(barrier, what)
        ) WITHOUT ROWID;

DROP TABLE IF EXISTS signatures;
CREATE TABLE signatures(
            lane TEXT NOT NULL, end TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY(lane, end)
        ) WITHOUT ROWID;

DROP TABLE IF EXISTS slips;
CREATE TABLE slips(
            slip TEXT PRIMARY KEY,
            state TEXT NOT NULL,
            until_ns INTEGER NOT NULL,
            told_sequence INTEGER NOT NULL,
            document TEXT NOT NULL
        ) WITHOUT ROWID;

DROP TABLE IF EXISTS ticks;
CREATE TABLE ticks(
            point TEXT NOT NULL, end TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY(point, end)
        ) WITHOUT ROWID;

DROP TABLE IF EXISTS visitors;
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
CREATE INDEX visitors_ended ON visitors(ended_sequence) WHERE ended_sequence IS NOT NULL;
CREATE INDEX visitors_of_card ON visitors(low) WHERE ended_sequence IS NULL AND low IS NOT NULL;
CREATE INDEX visitors_of_plate ON visitors(plate) WHERE ended_sequence IS NULL AND plate IS NOT NULL;

DROP TABLE IF EXISTS visits;
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
        , kind TEXT, shown TEXT, let_in_by TEXT, stated TEXT, ended TEXT, ended_by TEXT, ended_reason TEXT) WITHOUT ROWID;
INSERT INTO visits VALUES('v10','p10',NULL,NULL,'','',11,1790000010000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v11','p11',NULL,NULL,'','',12,1790000011000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v12','p12',NULL,NULL,'','',13,1790000012000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v13','p13',NULL,NULL,'','',14,1790000013000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v14','p14',NULL,NULL,'','',15,1790000014000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v15','p15',NULL,NULL,'','',16,1790000015000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v16','p16',NULL,NULL,'','',17,1790000016000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v17','p17',NULL,NULL,'','',18,1790000017000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v18','p18',NULL,NULL,'','',19,1790000018000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v19','p19',NULL,NULL,'','',20,1790000019000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v4','p4',NULL,NULL,'','',5,1790000004000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v5','p5',NULL,NULL,'','',6,1790000005000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v6','p6',NULL,NULL,'','',7,1790000006000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v7','p7',NULL,NULL,'','',8,1790000007000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v8','p8',NULL,NULL,'','',9,1790000008000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO visits VALUES('v9','p9',NULL,NULL,'','',10,1790000009000000000,'in',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE INDEX visits_by_age ON visits(entered_wall_ns) WHERE exited_sequence IS NULL;
CREATE INDEX visits_gone ON visits(exited_sequence) WHERE exited_sequence IS NOT NULL;
CREATE INDEX visits_inside ON visits(visit) WHERE exited_sequence IS NULL;
CREATE INDEX visits_of_credential ON visits(credential, exited_sequence) WHERE exited_sequence IS NULL;
CREATE INDEX visits_of_pass ON visits(pass, entered_sequence) WHERE exited_sequence IS NULL;
CREATE INDEX visits_of_plate ON visits(plate) WHERE exited_sequence IS NULL;

DROP TABLE IF EXISTS warned;
CREATE TABLE warned(
            pass TEXT PRIMARY KEY, wall_ns INTEGER NOT NULL, day TEXT
        ) WITHOUT ROWID;

pragma user_version=12;
pragma application_id=1195922260;

COMMIT TRANSACTION;
