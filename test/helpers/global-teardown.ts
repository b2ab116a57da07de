import { rm } from 'node:fs/promises';
import './global-setup.js';

export default async function globalTeardown(): Promise<void> {
  const { server, dataDir } = globalThis.testServer ?? {};
  await server?.stop();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
}
