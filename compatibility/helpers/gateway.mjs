import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Starts the built gateway with a fresh demo, on a free port. `headers` have the demo's credential, `demo` the content of demo.json.
 *
 * @param {Record<string, string>} variables of the environment
 */
export async function startGateway(variables = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'credit-note-refunds-compatibility-'));
  // If root runs this, PostgreSQL runs as another user, who must be able to enter the folder.
  await chmod(dataDir, 0o755);
  // On Linux, the gateway's own Node.js.
  const node = join(ROOT, 'node_modules', '.bin', 'node');
  const program = existsSync(node) ? node : process.execPath;
  const child = spawn(program, [join(ROOT, 'dist', 'src', 'main.js')], {
    cwd: ROOT,
    env: { ...process.env, DATA_DIR: dataDir, PORT: '0', ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => {
    const ended = child.exitCode === null && once(child, 'exit');
    child.kill();
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const url = await urlIn(child);
    const demo = JSON.parse(await readFile(join(dataDir, 'demo.json'), 'utf8'));
    /** Creates another key of the demo's organization, by the operators' command. */
    const createKey = async (role) => {
      const words = ['api-key', 'create', '--organization', demo.organizationId, '--name', `key of ${role}`, '--role', role];
      const { stdout } = await promisify(execFile)(program, [join(ROOT, 'dist', 'src', 'cli.js'), ...words], {
        env: { ...process.env, DATA_DIR: dataDir },
      });
      return stdout.split('\n')[0];
    };
    return { origin: url, url: `${url}/graphql`, headers: { authorization: `Bearer ${demo.apiKey}` }, demo, createKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Returns the address in the log line that says that the gateway is ready. */
async function urlIn({ stdout }) {
  for await (const line of createInterface(stdout)) {
    if (!line.startsWith('{')) continue;
    const { msg, url } = JSON.parse(line);
    if (msg !== 'ready') continue;
    stdout.resume();
    return url;
  }
  throw new Error('the gateway ended before it was ready');
}
