/** Whether the error has one of the codes. `instanceof` would fail in jest, whose Error differs from that of Node's functions. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && codes.includes(code);
}

/** Whether there is a process with this pid, of any user. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process lives, and belongs to another user.
    return hasCode(error, 'EPERM');
  }
}
