import { access, constants, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { USE_OWN_SERVER } from './advice.js';

/** The account that the server runs as; undefined for the account of this process. */
export type ServerUser = { name: string; uid: number; gid: number } | undefined;

/**
 * Returns the account for the server. PostgreSQL refuses to run as root, so root runs it under an unprivileged account: the owner of the
 * cluster, which no other account may open, or for a new cluster `postgres` or `nobody`.
 */
export async function serverUser(cluster: string | undefined): Promise<ServerUser> {
  const own = process.getuid?.();
  const owner = cluster === undefined ? undefined : await stat(cluster);
  if (own !== 0) {
    if (owner !== undefined && owner.uid !== own) {
      throw new Error(
        `The database in ${cluster} belongs to user id ${owner.uid}, but this process runs as ${own}. ` +
          'Start the gateway as that user, or choose another DATA_DIR.',
      );
    }
    return undefined;
  }
  if (owner === undefined) return unprivilegedUser();
  if (owner.uid === 0) {
    const { name } = await unprivilegedUser();
    throw new Error(
      `The database in ${cluster} belongs to root, and PostgreSQL refuses to run as root. ` +
        `Give it back to an unprivileged user: chown -R ${name} ${cluster}`,
    );
  }
  return { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid };
}

async function unprivilegedUser(): Promise<{ name: string; uid: number; gid: number }> {
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = accounts.find(([name]) => name === wanted) ?? [];
    if (name !== undefined && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and /etc/passwd has neither a user "postgres" nor "nobody" to run it as. ${USE_OWN_SERVER}`,
  );
}

/** Whether the server's user may enter every folder on the path, and enter or run its target. */
export async function canReach(path: string, user: ServerUser): Promise<boolean> {
  if (user === undefined) {
    return access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
  }
  for (let step = await realpath(path); ; step = dirname(step)) {
    const { mode, uid, gid } = await stat(step);
    const permission = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & permission) === 0) return false;
    if (step === dirname(step)) return true;
  }
}
