import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cli, refusedStart } from './helpers/process.js';

/** The gateway and the commands report in one line that the file system refuses the data folder. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-refused-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'file'), '');
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const REFUSED: Record<string, () => string> = {
  'is in a file system that allows no new folders': () => '/proc/data',
  'is two folders below such a file system': () => '/proc/data/of/mine',
  'is below a device': () => '/dev/null/data',
  'is a file': () => join(folder, 'file'),
  'is below a file': () => join(folder, 'file', 'data'),
  'is a link to nowhere': () => join(folder, 'dangling'),
  'has a name that is too long': () => join(folder, 'x'.repeat(300)),
};

describe.each(Object.entries(REFUSED))('a data folder that %s', (_name, path) => {
  const line = () => ({ code: 1, stderr: `DATA_DIR ${path()} cannot hold the embedded database` });
  const messageOf = ({ code, stderr }: { code: number | null; stderr: string }) => {
    expect(stderr.trim().split('\n')).toHaveLength(1);
    return { code, stderr: stderr.slice(0, line().stderr.length) };
  };

  it('is reported by the gateway in one line', async () => {
    expect(messageOf(await refusedStart({ DATA_DIR: path() }))).toEqual(line());
  });

  it('is reported by a command in one line', async () => {
    expect(messageOf(await cli({ DATA_DIR: path() }, 'migrate'))).toEqual(line());
  });
});
