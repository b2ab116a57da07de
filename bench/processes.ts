import { readdir, readFile } from 'node:fs/promises';

/** The unit of CPU time in /proc is 1/100 s on every architecture of Node.js. */
const MS_PER_TICK = 10;

/** CPU time of a process in milliseconds; `null` on systems without /proc. */
export async function cpuMs(pid: number): Promise<number | null> {
  const stat = await statOf(pid);
  return stat && (stat.user + stat.system) * MS_PER_TICK;
}

/** CPU time of a process, its running children and its ended children, in milliseconds. */
export async function familyCpuMs(pid: number): Promise<number | null> {
  const parent = await statOf(pid);
  if (parent === null) return null;
  let ticks = parent.user + parent.system + parent.endedChildren;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await statOf(Number.parseInt(name, 10));
    if (stat?.parent === pid) ticks += stat.user + stat.system;
  }
  return ticks * MS_PER_TICK;
}

/** Resident memory in megabytes; `null` on systems without /proc. */
export async function residentMb(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? null : Number.parseInt(kilobytes, 10) / 1024;
}

async function statOf(pid: number): Promise<{ parent: number; user: number; system: number; endedChildren: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The second field is the name in brackets, which may contain spaces.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return { parent: field(4), user: field(14), system: field(15), endedChildren: field(16) + field(17) };
}
