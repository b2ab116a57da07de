import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedConnection } from '../../src/database/embedded-postgres/index.js';

/** The migrated database that every test file copies. */
export const TEMPLATE = 'template_migrated';

/** The connections to the PostgreSQL server of this run; the global set-up writes them to a file for the workers. */
export interface Cluster {
  readonly dataDir: string;
  readonly superuser: EmbeddedConnection;
  readonly application: EmbeddedConnection;
  readonly operator: EmbeddedConnection;
}

export type ClusterRole = Exclude<keyof Cluster, 'dataDir'>;

export const CLUSTER_FILE = 'CREDIT_NOTE_REFUNDS_TEST_CLUSTER';

export function readCluster(): Cluster {
  return JSON.parse(readFileSync(process.env[CLUSTER_FILE] ?? join(tmpdir(), 'no-cluster'), 'utf8'));
}
