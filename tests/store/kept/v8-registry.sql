
PRAGMA page_size=4096;

BEGIN TRANSACTION;

DROP TABLE IF EXISTS credentials;
CREATE TABLE credentials(
            kind INTEGER NOT NULL,
            low INTEGER NOT NULL,
            value TEXT NOT NULL,
            pass INTEGER NOT NULL,
            PRIMARY KEY(kind, low, value, pass)
        ) WITHOUT ROWID;
INSERT INTO credentials VALUES(0,472288,'472288',1);
INSERT INTO credentials VALUES(1,0,'粤B12345',1);

DROP TABLE IF EXISTS passes;
CREATE TABLE "passes"(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, document TEXT NOT NULL);
INSERT INTO passes VALUES(1,'p1','{"id":"p1","kind":"monthly","holder":"李雷","plates":["粤B·12345"],"cards":["472288"],"revision":1}');
CREATE INDEX passes_of_group ON passes(document ->> '$.group') WHERE instr(document, '"group":');

DROP TABLE IF EXISTS search;
CREATE TABLE search(block INTEGER PRIMARY KEY, low TEXT NOT NULL, high TEXT NOT NULL, lines BLOB NOT NULL);
INSERT INTO search VALUES(0,'p1','p1',X'70311E6D2D1F70311FE69D8EE99BB71F1F3437323238381FE7B2A46231323334351F6C6C1F');

pragma user_version=8;
pragma application_id=1195921490;

COMMIT TRANSACTION;
