/**
 * The schema, as the steps that lead to it; step N makes version N + 1. A step that has been released never changes.
 * The SQL is what SQLite and PostgreSQL have in common. Times are milliseconds since the epoch.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE portcullis_workspaces (
      name TEXT PRIMARY KEY,
      id TEXT NOT NULL,
      description TEXT,
      created_at BIGINT NOT NULL,
      created_by TEXT NOT NULL,
      updated_at BIGINT NOT NULL,
      updated_by TEXT NOT NULL
    )`,
    `CREATE TABLE portcullis_role_bindings (
      name TEXT PRIMARY KEY,
      principal TEXT NOT NULL,
      workspace TEXT NOT NULL,
      role TEXT NOT NULL,
      granted_by TEXT NOT NULL,
      granted_at BIGINT NOT NULL,
      expires_at BIGINT,
      revoked_by TEXT,
      revoked_at BIGINT,
      UNIQUE (workspace, principal, role)
    )`,
    `CREATE INDEX portcullis_role_bindings_principal ON portcullis_role_bindings (principal, workspace)`,
    `CREATE INDEX portcullis_role_bindings_spelling ON portcullis_role_bindings (lower(principal))`,
    `CREATE INDEX portcullis_role_bindings_granted ON portcullis_role_bindings (granted_at, name)`,
    `CREATE INDEX portcullis_role_bindings_expiry ON portcullis_role_bindings (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL`,
    `CREATE TABLE portcullis_entities (
      workspace TEXT NOT NULL REFERENCES portcullis_workspaces (name),
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      id TEXT NOT NULL,
      data TEXT NOT NULL,
      version BIGINT NOT NULL,
      revision BIGINT NOT NULL,
      created_at BIGINT NOT NULL,
      created_by TEXT NOT NULL,
      updated_at BIGINT NOT NULL,
      updated_by TEXT NOT NULL,
      PRIMARY KEY (workspace, type, name)
    )`,
    `CREATE TABLE portcullis_journal (
      revision BIGINT NOT NULL,
      ordinal BIGINT NOT NULL,
      at BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      principal TEXT,
      workspace TEXT,
      role TEXT,
      expires_at BIGINT,
      entity_type TEXT,
      name TEXT,
      PRIMARY KEY (revision, ordinal)
    )`,
    `CREATE INDEX portcullis_journal_principal ON portcullis_journal (principal, revision)`,
    `CREATE INDEX portcullis_journal_workspace ON portcullis_journal (workspace, revision)`,
    `CREATE TABLE portcullis_idempotency_keys (
      principal TEXT NOT NULL,
      route TEXT NOT NULL,
      key TEXT NOT NULL,
      body_digest TEXT NOT NULL,
      answer TEXT NOT NULL,
      revision BIGINT NOT NULL,
      created_at BIGINT NOT NULL,
      PRIMARY KEY (principal, route, key)
    )`,
    `CREATE INDEX portcullis_idempotency_keys_created ON portcullis_idempotency_keys (created_at)`,
  ],
  [
    `CREATE TABLE portcullis_processes (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      version TEXT NOT NULL,
      ready BIGINT NOT NULL,
      revision TEXT,
      policy_digest TEXT NOT NULL,
      authorization_data_digest TEXT NOT NULL,
      seen_at BIGINT NOT NULL
    )`,
  ],
]

/** Holds one row: the epoch and sequence of revisions, the version of the schema, and the digests of what decides. */
export const metaTable = `CREATE TABLE IF NOT EXISTS portcullis_meta (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  epoch TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  schema_version BIGINT NOT NULL,
  policy_digest TEXT NOT NULL,
  authorization_data_digest TEXT NOT NULL
)`
