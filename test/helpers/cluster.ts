import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedConnection } from '../../src/database/embedded-postgres/index.js';

/** The database that each test file's own one is a copy of. */
export const TEMPLATE = 'template_migrated';

/** What the global set-up tells the workers: how to reach the one server of this run. */
export interface Cluster {
  readonly dataDir: string;
  readonly superuser: EmbeddedConnection;
  readonly application: EmbeddedConnection;
  readonly operator: EmbeddedConnection;
}

export const CLUSTER_FILE = 'CREDIT_NOTE_REFUNDS_TEST_CLUSTER';

export function readCluster(): Cluster {
  return JSON.parse(readFileSync(process.env[CLUSTER_FILE] ?? join(tmpdir(), 'no-cluster'), 'utf8'));
}
