import type { WriteStream } from 'node:tty';

const WIDTH = 30;

/** A bar in the last line of a terminal. It shows nothing where the output goes to a file or to another program. */
export class ProgressLine {
  private readonly startedAt = performance.now();
  private isShown = false;

  constructor(private readonly terminal: WriteStream) {}

  show(done: number, total: number, text: string): void {
    if (!this.terminal.isTTY) return;
    const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.round((WIDTH * done) / total));
    const seconds = Math.round((performance.now() - this.startedAt) / 1000);
    this.terminal.clearLine(0);
    this.terminal.cursorTo(0);
    this.terminal.write(`${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${text}, ${seconds} s`);
    this.isShown = true;
  }

  /** Leaves the cursor at the beginning of an empty line. */
  end(): void {
    if (this.isShown) this.terminal.write('\n');
  }
}
