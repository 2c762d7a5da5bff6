-- A database as the first release left it, with a session that lasts until the year 2100.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE drafts (
	user_id INTEGER NOT NULL, 
	room_id INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_drafts PRIMARY KEY (user_id, room_id), 
	CONSTRAINT fk_drafts_room_id FOREIGN KEY(room_id) REFERENCES rooms (id), 
	CONSTRAINT fk_drafts_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "drafts" VALUES(1,1,'half a thought',1795478371060);
CREATE TABLE memberships (
	room_id INTEGER NOT NULL, 
	user_id INTEGER NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	joined_at BIGINT NOT NULL, 
	left_at BIGINT, 
	revision BIGINT NOT NULL, 
	last_read_id BIGINT NOT NULL, 
	CONSTRAINT pk_memberships PRIMARY KEY (room_id, user_id), 
	CONSTRAINT fk_memberships_room_id FOREIGN KEY(room_id) REFERENCES rooms (id), 
	CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
INSERT INTO "memberships" VALUES(1,1,'member',1795478371059,NULL,1,0);
CREATE TABLE messages (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	room_id INTEGER NOT NULL, 
	author_id INTEGER NOT NULL, 
	revision BIGINT NOT NULL, 
	body TEXT NOT NULL, 
	html TEXT NOT NULL, 
	html_version INTEGER NOT NULL, 
	client_message_id VARCHAR(64), 
	created_at BIGINT NOT NULL, 
	edited_at BIGINT, 
	deleted_at BIGINT, 
	reply_to INTEGER, 
	CONSTRAINT fk_messages_author_id FOREIGN KEY(author_id) REFERENCES users (id), 
	CONSTRAINT fk_messages_reply_to FOREIGN KEY(reply_to) REFERENCES messages (id), 
	CONSTRAINT fk_messages_room_id FOREIGN KEY(room_id) REFERENCES rooms (id), 
	CONSTRAINT uq_messages_room_id_author_id_client_message_id UNIQUE (room_id, author_id, client_message_id), 
	CONSTRAINT uq_messages_room_id_revision UNIQUE (room_id, revision)
);
INSERT INTO "messages" VALUES(1,1,1,2,'hello from the first release','<p>hello from the first release</p>',1,NULL,1795478371069,NULL,NULL,NULL);
INSERT INTO "messages" VALUES(2,1,1,4,'','',1,NULL,1795478371072,NULL,1795478371073,NULL);
CREATE TABLE rooms (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	slug VARCHAR(64) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	topic VARCHAR(250) NOT NULL, 
	private BOOLEAN NOT NULL, 
	revision BIGINT NOT NULL, 
	created_at BIGINT NOT NULL, 
	created_by INTEGER, 
	CONSTRAINT fk_rooms_created_by FOREIGN KEY(created_by) REFERENCES users (id), 
	CONSTRAINT uq_rooms_slug UNIQUE (slug)
);
INSERT INTO "rooms" VALUES(1,'lobby','Lobby','Where everybody meets',0,4,1795478371047,NULL);
CREATE TABLE sessions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	token_hash VARCHAR(64) NOT NULL, 
	user_id INTEGER NOT NULL, 
	time_zone VARCHAR(64), 
	theme VARCHAR(8), 
	user_agent VARCHAR(256) NOT NULL, 
	created_at BIGINT NOT NULL, 
	last_used_at BIGINT NOT NULL, 
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
);
INSERT INTO "sessions" VALUES(1,'d60d9c88deca8898543239ebb0020daa573d457b10c638f2481cd74aa273b9ed',1,NULL,NULL,'test',4102444800000,4102444800000);
CREATE TABLE users (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	name VARCHAR(32) NOT NULL, 
	name_key VARCHAR(96) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT uq_users_name_key UNIQUE (name_key)
);
INSERT INTO "users" VALUES(1,'Ada','ada','guest',1795478371055);
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_memberships_room_id_revision ON memberships (room_id, revision);
CREATE INDEX ix_memberships_user_id ON memberships (user_id);
CREATE INDEX ix_messages_room_id_id ON messages (room_id, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('rooms',1);
INSERT INTO "sqlite_sequence" VALUES('users',1);
INSERT INTO "sqlite_sequence" VALUES('sessions',1);
INSERT INTO "sqlite_sequence" VALUES('messages',2);
COMMIT;
