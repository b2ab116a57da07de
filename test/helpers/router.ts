import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type NetConnectOpts } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PATH = `${process.env.PATH}:/usr/sbin`;

/** Whether HAProxy is installed; the tests of the router are skipped without it. */
export const isHAProxyInstalled = spawnSync('haproxy', ['-v'], { env: { PATH } }).status === 0;

/** The ports of the two gateways of a cell. */
type Ports = readonly [number, number];

interface Routing {
  readonly a: Ports;
  readonly b: Ports;
  /** Lines of organizations.map. */
  readonly organizations?: readonly string[];
  /** Lines of keys.map. */
  readonly keys?: readonly string[];
}

/** HAProxy with the configuration of docs/cells, in front of two cells. */
export class Router {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async start({ a, b, organizations = [], keys = [] }: Routing): Promise<Router> {
    const folder = await mkdtemp(join(tmpdir(), 'credit-note-refunds-router-'));
    for (const file of ['haproxy.cfg', 'unavailable.http']) {
      await copyFile(fileURLToPath(new URL(`../../../docs/cells/${file}`, import.meta.url)), join(folder, file));
    }
    await writeFile(join(folder, 'organizations.map'), organizations.join('\n'));
    await writeFile(join(folder, 'keys.map'), keys.join('\n'));
    const port = await freePort();
    const child = spawn('haproxy', ['-f', join(folder, 'haproxy.cfg')], {
      env: {
        PATH,
        ROUTER_BIND: `127.0.0.1:${port}`,
        ROUTER_SOCKET: join(folder, 'admin.sock'),
        ...(process.getuid?.() === 0 ? {} : { ROUTER_USER: userInfo().username, ROUTER_GROUP: groupName() }),
        CELL_A_1: `127.0.0.1:${a[0]}`,
        CELL_A_2: `127.0.0.1:${a[1]}`,
        CELL_B_1: `127.0.0.1:${b[0]}`,
        CELL_B_2: `127.0.0.1:${b[1]}`,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const router = new Router(child, folder, port);
    await router.ready();
    return router;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Sends a command to the runtime API, and returns its output. */
  async run(command: string): Promise<string> {
    const socket = createConnection(join(this.folder, 'admin.sock'));
    socket.end(`${command}\n`);
    let output = '';
    for await (const text of socket.setEncoding('utf8')) output += text;
    return output.trim();
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    await rm(this.folder, { recursive: true });
  }

  private async ready(): Promise<void> {
    let errors = '';
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const addresses = [{ port: this.port, host: '127.0.0.1' }, { path: join(this.folder, 'admin.sock') }];
    while (!(await Promise.all(addresses.map(isListening))).every(Boolean)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`haproxy ended: ${errors}`);
      await sleep(20);
    }
  }
}

/** Returns a port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(address: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function groupName(): string {
  return execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
}
