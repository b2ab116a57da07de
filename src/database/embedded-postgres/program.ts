import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { USE_OWN_SERVER } from './advice.js';
import type { ServerUser } from './system-user.js';

export interface ProgramOptions {
  user: ServerUser;
  logFile: string;
  /** The working folder, which the user must be able to enter. */
  folder: string;
}

export interface Started {
  child: ChildProcess;
  /** Returns what has been written to the log since the start. */
  output(): Promise<string>;
}

/**
 * Starts a program of PostgreSQL in a session of its own, so that Ctrl-C in the terminal reaches only the gateway, which finishes its
 * requests and then stops the program. The program writes to the log file directly: a pipe would break if the gateway were killed.
 */
export async function start(program: string, options: string[], { user, logFile, folder }: ProgramOptions): Promise<Started> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const { size } = await log.stat();
    const child = spawn(program, options, {
      // Node also drops root's supplementary groups when it changes the user.
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      // The gateway's environment holds secrets that the server's user must not see, and PG* variables for other servers.
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
    return { child, output: async () => (await readFile(logFile)).subarray(size).toString() };
  } catch (error) {
    throw new Error(`Cannot run ${program}: ${(error as Error).message}. ${USE_OWN_SERVER}`, { cause: error });
  } finally {
    await log.close();
  }
}

/**
 * Runs the program to its end.
 *
 * @throws if it fails
 */
export async function run(program: string, options: string[], programOptions: ProgramOptions): Promise<void> {
  const { child, output } = await start(program, options, programOptions);
  await end(child);
  if (child.exitCode !== 0) throw failure(basename(program), await output(), programOptions.logFile);
}

/** Waits for the end of the program, and keeps this process alive until then. */
export async function end(child: ChildProcess): Promise<void> {
  child.ref();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The error has several lines. */
export class ProgramFailed extends Error {}

/** Returns an error with the last lines of the program's output. */
export function failure(program: string, output: string, logFile: string): ProgramFailed {
  const lastLines = output.trimEnd().split('\n').slice(-10).join('\n');
  return new ProgramFailed(
    `${program} of the embedded PostgreSQL failed. The end of ${logFile}:\n${lastLines}\n` +
      `Remove the cause and start again. ${USE_OWN_SERVER}`,
  );
}
