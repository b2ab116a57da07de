import { layout } from '../../src/migrations/layout.js';

/**
 * Lets migrations partition the tables of organizations, as `npm run test:partitioned` wants. Each process that migrates imports this file: the
 * tests' own (jest.config.js), and the gateways and commands that they start (process.ts).
 */
layout.partitions = Number(process.env.TEST_PARTITIONS ?? 0);
