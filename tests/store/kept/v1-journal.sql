
PRAGMA page_size=4096;

BEGIN TRANSACTION;

DROP TABLE IF EXISTS blocks;
CREATE TABLE blocks(
            block INTEGER PRIMARY KEY,
            types TEXT NOT NULL,
            low_ns INTEGER NOT NULL,
            high_ns INTEGER NOT NULL
        );

DROP TABLE IF EXISTS boots;
CREATE TABLE boots(first INTEGER PRIMARY KEY, boot TEXT NOT NULL);
INSERT INTO boots VALUES(1,'boot-1');

DROP TABLE IF EXISTS gaps;
CREATE TABLE gaps(
            last INTEGER PRIMARY KEY,
            lasthash TEXT NOT NULL,
            wall_ns INTEGER NOT NULL
        );
INSERT INTO gaps VALUES(4,'67558c2b4d741934abc31f99cced053dbc758db585f8aed456d641d63f30feea',1);

DROP TABLE IF EXISTS meta;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('journal','keptjournal');
INSERT INTO meta VALUES('source','/sites/north-court/gateways/gw1');

DROP TABLE IF EXISTS "rows";
CREATE TABLE rows(
            sequence INTEGER PRIMARY KEY,
            wall_ns INTEGER NOT NULL,
            mono_ns INTEGER NOT NULL,
            type TEXT NOT NULL,
            subject TEXT NOT NULL,
            hash BLOB NOT NULL,
            text TEXT NOT NULL
        );
INSERT INTO "rows" VALUES(5,1790000004000000000,4000000000,'passage.entered','lanes/in',X'DCA54604A1B6819F6D0C02E2EF3F5C675A528D36E36F8C8F33CCC6253E027D6E','{"specversion":"1.0","id":"keptjournal.5","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:24.000Z","datacontenttype":"application/json","sequence":"00000000000000000005","bootid":"boot-1","uptimens":"4000000000","clockstate":"synced","prevhash":"67558c2b4d741934abc31f99cced053dbc758db585f8aed456d641d63f30feea","data":{"lane":"in","number":4,"visit":"v4","pass":"p4"}}');
INSERT INTO "rows" VALUES(6,1790000005000000000,5000000000,'passage.entered','lanes/in',X'6D0F5493374E9FB13D992AC80F961C84251706570511CED70586B51F36805660','{"specversion":"1.0","id":"keptjournal.6","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:25.000Z","datacontenttype":"application/json","sequence":"00000000000000000006","bootid":"boot-1","uptimens":"5000000000","clockstate":"synced","prevhash":"dca54604a1b6819f6d0c02e2ef3f5c675a528d36e36f8c8f33ccc6253e027d6e","data":{"lane":"in","number":5,"visit":"v5","pass":"p5"}}');
INSERT INTO "rows" VALUES(7,1790000006000000000,6000000000,'passage.entered','lanes/in',X'D48B9655098AC6C63F04F421672BCED5FB5F2FFB8D1CE3A008DDDE9FFE776E98','{"specversion":"1.0","id":"keptjournal.7","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:26.000Z","datacontenttype":"application/json","sequence":"00000000000000000007","bootid":"boot-1","uptimens":"6000000000","clockstate":"synced","prevhash":"6d0f5493374e9fb13d992ac80f961c84251706570511ced70586b51f36805660","data":{"lane":"in","number":6,"visit":"v6","pass":"p6"}}');
INSERT INTO "rows" VALUES(8,1790000007000000000,7000000000,'passage.entered','lanes/in',X'6FC0AAA708542BAA592AB87D5D1688B2CD9896E4415E3ABC49FDB70581CBE3E5','{"specversion":"1.0","id":"keptjournal.8","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:27.000Z","datacontenttype":"application/json","sequence":"00000000000000000008","bootid":"boot-1","uptimens":"7000000000","clockstate":"synced","prevhash":"d48b9655098ac6c63f04f421672bced5fb5f2ffb8d1ce3a008ddde9ffe776e98","data":{"lane":"in","number":7,"visit":"v7","pass":"p7"}}');
INSERT INTO "rows" VALUES(9,1790000008000000000,8000000000,'passage.entered','lanes/in',X'698952BA016780B5851A5D982EAE690FE819D14B1BE429C164B5893D6C6D3C6C','{"specversion":"1.0","id":"keptjournal.9","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:28.000Z","datacontenttype":"application/json","sequence":"00000000000000000009","bootid":"boot-1","uptimens":"8000000000","clockstate":"synced","prevhash":"6fc0aaa708542baa592ab87d5d1688b2cd9896e4415e3abc49fdb70581cbe3e5","data":{"lane":"in","number":8,"visit":"v8","pass":"p8"}}');
INSERT INTO "rows" VALUES(10,1790000009000000000,9000000000,'passage.entered','lanes/in',X'29DFEFFA524131CC465A9CFD8DFE98C0C70EC93BA9CA3460DF92CD5606C9FC1C','{"specversion":"1.0","id":"keptjournal.10","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:29.000Z","datacontenttype":"application/json","sequence":"00000000000000000010","bootid":"boot-1","uptimens":"9000000000","clockstate":"synced","prevhash":"698952ba016780b5851a5d982eae690fe819d14b1be429c164b5893d6c6d3c6c","data":{"lane":"in","number":9,"visit":"v9","pass":"p9"}}');
INSERT INTO "rows" VALUES(11,1790000010000000000,10000000000,'passage.entered','lanes/in',X'0629ED7BA372C355603486D4E41145F23D62BEC2637B0D5BF6BCFE2C6762F167','{"specversion":"1.0","id":"keptjournal.11","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:30.000Z","datacontenttype":"application/json","sequence":"00000000000000000011","bootid":"boot-1","uptimens":"10000000000","clockstate":"synced","prevhash":"29dfeffa524131cc465a9cfd8dfe98c0c70ec93ba9ca3460df92cd5606c9fc1c","data":{"lane":"in","number":10,"visit":"v10","pass":"p10"}}');
INSERT INTO "rows" VALUES(12,1790000011000000000,11000000000,'passage.entered','lanes/in',X'3225A8AA68507366B28B1AB592F8CEF161377D02732165A2B30C0641F596F190','{"specversion":"1.0","id":"keptjournal.12","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:31.000Z","datacontenttype":"application/json","sequence":"00000000000000000012","bootid":"boot-1","uptimens":"11000000000","clockstate":"synced","prevhash":"0629ed7ba372c355603486d4e41145f23d62bec2637b0d5bf6bcfe2c6762f167","data":{"lane":"in","number":11,"visit":"v11","pass":"p11"}}');
INSERT INTO "rows" VALUES(13,1790000012000000000,12000000000,'passage.entered','lanes/in',X'0B4E8C9753777AC1688CA7D0588E3DCE46CBBFB63C7C0F8FF34BD4808F26D85F','{"specversion":"1.0","id":"keptjournal.13","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:32.000Z","datacontenttype":"application/json","sequence":"00000000000000000013","bootid":"boot-1","uptimens":"12000000000","clockstate":"synced","prevhash":"3225a8aa68507366b28b1ab592f8cef161377d02732165a2b30c0641f596f190","data":{"lane":"in","number":12,"visit":"v12","pass":"p12"}}');
INSERT INTO "rows" VALUES(14,1790000013000000000,13000000000,'passage.entered','lanes/in',X'DE4F5C1BE1DAB7B9C207E5794B497177B5EC2CE419C7C3BB8E28A03A9A639FCC','{"specversion":"1.0","id":"keptjournal.14","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:33.000Z","datacontenttype":"application/json","sequence":"00000000000000000014","bootid":"boot-1","uptimens":"13000000000","clockstate":"synced","prevhash":"0b4e8c9753777ac1688ca7d0588e3dce46cbbfb63c7c0f8ff34bd4808f26d85f","data":{"lane":"in","number":13,"visit":"v13","pass":"p13"}}');
INSERT INTO "rows" VALUES(15,1790000014000000000,14000000000,'passage.entered','lanes/in',X'79AECE892E99D7F23F9FF3E25108B33090C700E2EE52EFEE80350F3FA38BF82D','{"specversion":"1.0","id":"keptjournal.15","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:34.000Z","datacontenttype":"application/json","sequence":"00000000000000000015","bootid":"boot-1","uptimens":"14000000000","clockstate":"synced","prevhash":"de4f5c1be1dab7b9c207e5794b497177b5ec2ce419c7c3bb8e28a03a9a639fcc","data":{"lane":"in","number":14,"visit":"v14","pass":"p14"}}');
INSERT INTO "rows" VALUES(16,1790000015000000000,15000000000,'passage.entered','lanes/in',X'EC1A76DC9357E22E1DE35DBB9EA4A02F1949AB290EDBAC1000362C1700E6BE62','{"specversion":"1.0","id":"keptjournal.16","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:35.000Z","datacontenttype":"application/json","sequence":"00000000000000000016","bootid":"boot-1","uptimens":"15000000000","clockstate":"synced","prevhash":"79aece892e99d7f23f9ff3e25108b33090c700e2ee52efee80350f3fa38bf82d","data":{"lane":"in","number":15,"visit":"v15","pass":"p15"}}');
INSERT INTO "rows" VALUES(17,1790000016000000000,16000000000,'passage.entered','lanes/in',X'BA8358771AB53815D8EEF052F53AA41ED90123415710E87FFCAEC2509D1AF44C','{"specversion":"1.0","id":"keptjournal.17","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:36.000Z","datacontenttype":"application/json","sequence":"00000000000000000017","bootid":"boot-1","uptimens":"16000000000","clockstate":"synced","prevhash":"ec1a76dc9357e22e1de35dbb9ea4a02f1949ab290edbac1000362c1700e6be62","data":{"lane":"in","number":16,"visit":"v16","pass":"p16"}}');
INSERT INTO "rows" VALUES(18,1790000017000000000,17000000000,'passage.entered','lanes/in',X'B66861A946DCCC9B10F1C15FF78CB8F6726A7E51F24C361FAC67D5D37A295E04','{"specversion":"1.0","id":"keptjournal.18","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:37.000Z","datacontenttype":"application/json","sequence":"00000000000000000018","bootid":"boot-1","uptimens":"17000000000","clockstate":"synced","prevhash":"ba8358771ab53815d8eef052f53aa41ed90123415710e87ffcaec2509d1af44c","data":{"lane":"in","number":17,"visit":"v17","pass":"p17"}}');
INSERT INTO "rows" VALUES(19,1790000018000000000,18000000000,'passage.entered','lanes/in',X'94BA890AB8D91EFC5689CD4A43E83E99B6CCA729C448E7AB9BDBCD9545E67D83','{"specversion":"1.0","id":"keptjournal.19","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:38.000Z","datacontenttype":"application/json","sequence":"00000000000000000019","bootid":"boot-1","uptimens":"18000000000","clockstate":"synced","prevhash":"b66861a946dccc9b10f1c15ff78cb8f6726a7e51f24c361fac67d5d37a295e04","data":{"lane":"in","number":18,"visit":"v18","pass":"p18"}}');
INSERT INTO "rows" VALUES(20,1790000019000000000,19000000000,'passage.entered','lanes/in',X'3A5E738D6AB5D2DCD6D2AB42312B6CF01F75D46ABC614A0DF0CB43FCA764DCB4','{"specversion":"1.0","id":"keptjournal.20","source":"/sites/north-court/gateways/gw1","type":"gatehouse.passage.entered","subject":"lanes/in","time":"2026-09-21T14:13:39.000Z","datacontenttype":"application/json","sequence":"00000000000000000020","bootid":"boot-1","uptimens":"19000000000","clockstate":"synced","prevhash":"94ba890ab8d91efc5689cd4a43e83e99b6cca729c448e7ab9bdbcd9545e67d83","data":{"lane":"in","number":19,"visit":"v19","pass":"p19"}}');
INSERT INTO "rows" VALUES(21,1790000020000000000,20000000000,'barrier.crashed','lanes/in',X'B41FABC0C7266416FF8019C92730D5D7778BA0899124D46F84DB6B694D756C14','{"specversion":"1.0","id":"keptjournal.21","source":"/sites/north-court/gateways/gw1","type":"gatehouse.barrier.crashed","subject":"lanes/in","time":"2026-09-21T14:13:40.000Z","datacontenttype":"application/json","sequence":"00000000000000000021","bootid":"boot-1","uptimens":"20000000000","clockstate":"synced","prevhash":"3a5e738d6ab5d2dcd6d2ab42312b6cf01f75d46abc614a0df0cb43fca764dcb4","data":{"lane":"in","number":20,"barrier":"in"}}');
INSERT INTO "rows" VALUES(22,1790000021000000000,21000000000,'alarm.raised','lanes/in',X'775918F3331786E1CD4F79FE6DC3FBEA95A2D2B05F4780EB54277AE0C05B60A4','{"specversion":"1.0","id":"keptjournal.22","source":"/sites/north-court/gateways/gw1","type":"gatehouse.alarm.raised","subject":"lanes/in","time":"2026-09-21T14:13:41.000Z","datacontenttype":"application/json","sequence":"00000000000000000022","bootid":"boot-1","uptimens":"21000000000","clockstate":"synced","prevhash":"b41fabc0c7266416ff8019c92730d5d7778ba0899124d46f84db6b694d756c14","data":{"lane":"in","number":21,"alarm":"a1","state":"unacknowledged"}}');

pragma user_version=1;
pragma application_id=1195919950;

COMMIT TRANSACTION;
