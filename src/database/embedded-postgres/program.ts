import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { useOwnServerInstead } from './advice.js';
import type { ServerUser } from './system-user.js';

export interface ProgramOptions {
  user: ServerUser;
  logFile: string;
  /** The working folder, which the user must be able to enter. */
  folder: string;
}

/** A program that has been started, and what it has written to the log since. */
export interface Started {
  child: ChildProcess;
  output(): Promise<string>;
}

/**
 * Starts one of PostgreSQL's programs in a session of its own, so that Ctrl-C in the terminal reaches only the gateway,
 * which drains and then stops it. It writes straight to the log file: a pipe would break when the gateway is killed.
 */
export async function start(program: string, options: string[], { user, logFile, folder }: ProgramOptions): Promise<Started> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const { size } = await log.stat();
    const child = spawn(program, options, {
      // Node also drops root's supplementary groups when it changes the user.
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      // Our environment holds secrets that the server's user has no business to see, and PG* variables of somebody else.
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: folder,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    child.unref();
    return { child, output: async () => (await readFile(logFile)).subarray(size).toString() };
  } catch (error) {
    throw new Error(`Cannot run ${program}: ${(error as Error).message}. ${useOwnServerInstead}`, { cause: error });
  } finally {
    await log.close();
  }
}

/** Runs the program to its end. */
export async function run(program: string, options: string[], programOptions: ProgramOptions): Promise<void> {
  const { child, output } = await start(program, options, programOptions);
  await end(child);
  if (child.exitCode !== 0) throw failure(basename(program), await output(), programOptions.logFile);
}

/** Waits until the program has ended, and keeps this process alive for so long. */
export async function end(child: ChildProcess): Promise<void> {
  child.ref();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** What went wrong, in the program's own last words. */
export function failure(program: string, output: string, logFile: string): Error {
  const lastLines = output.trimEnd().split('\n').slice(-10).join('\n');
  return new Error(
    `${program} of the embedded PostgreSQL failed. The end of ${logFile}:\n${lastLines}\n` +
      `Remove the cause and start again. ${useOwnServerInstead}`,
  );
}
