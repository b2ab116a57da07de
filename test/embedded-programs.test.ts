import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { installedPackage, linkLibraries, placeBinaries } from '../src/database/embedded-postgres/binaries.js';
import { serverUser } from '../src/database/embedded-postgres/system-user.js';
import { asRoot } from './helpers/only-where.js';
import { dataFolder } from './helpers/process.js';

/** The programs of PostgreSQL that npm installs. */

it('asks for DATABASE_URL on a platform without embedded PostgreSQL', async () => {
  await expect(installedPackage('win32', 'x64')).rejects.toThrow(/no embedded PostgreSQL for win32-x64.*DATABASE_URL/);
});

it('the programs get the symbolic links between their libraries when npm has not run the install script', async () => {
  const folder = await dataFolder();
  await mkdir(join(folder, 'native/lib'), { recursive: true });
  await writeFile(join(folder, 'native/lib/libpq.so.5.18'), 'a library');
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
  await writeFile(join(folder, 'native/pg-symlinks.json'), JSON.stringify(links));

  expect([await linkLibraries(folder), await linkLibraries(folder)]).toEqual([true, true]);
  expect(await readFile(join(folder, 'native/lib/libpq.so.5'), 'utf8')).toBe('a library');
});

asRoot.describe('the programs in a folder that is closed to others', () => {
  it('runs one copy of the programs, which only root can change', async () => {
    const closed = await closedFolder();
    const packageFolder = await packageCopy(closed);
    const copies = join(await dataFolder(), 'copies');
    const user = await serverUser(undefined);

    const programs = await placeBinaries(packageFolder, user, copies);
    expect(programs.postgres.startsWith(copies)).toBe(true);
    const made = await lstat(programs.postgres);
    expect([made.uid, made.mode & 0o777]).toEqual([0, 0o755]);
    expect(await placeBinaries(packageFolder, user, copies)).toEqual(programs);
    expect((await lstat(programs.postgres)).ino).toBe(made.ino);

    const version = spawn(programs.postgres, ['--version'], { ...user, stdio: 'ignore' });
    expect(await once(version, 'exit')).toEqual([0, null]);
  });

  it('refuses a copy of the programs that another user can change', async () => {
    const packageFolder = await packageCopy(await closedFolder());
    const copies = join(await dataFolder(), 'copies');
    const user = await serverUser(undefined);
    await placeBinaries(packageFolder, user, copies);

    await chown(copies, user?.uid ?? 0, user?.gid ?? 0);
    await expect(placeBinaries(packageFolder, user, copies)).rejects.toThrow('is not a folder that only user id 0');
  });
});

/** A folder that only root may enter. */
async function closedFolder(): Promise<string> {
  const folder = await dataFolder();
  await chmod(folder, 0o700);
  return folder;
}

/** A copy of the programs and libraries, without the thousand files in `share`, which take seconds. */
async function packageCopy(folder: string): Promise<string> {
  const copy = join(folder, 'package');
  const filter = (path: string) => !path.endsWith('/share');
  await cp(await installedPackage(), copy, { recursive: true, verbatimSymlinks: true, filter });
  return copy;
}
