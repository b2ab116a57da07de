import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Gateway, type Ledger, measuredOperation } from './gateway.js';

/** The figures of one import. */
export interface Imported {
  readonly creditNotes: number;
  readonly refunds: number;
  /** From the start of the command to its end, with its report and the check of the books. */
  readonly seconds: number;
  /** The highest resident memory of the command; `null` on systems without /proc. */
  readonly residentMb: number | null;
}

/** As many as in the goal: some 80 seconds. */
const CREDIT_NOTES = 100_000;
const REFUNDS_PER_NOTE = 3;
/** The id of the recorded organization. */
const THEIR_ID = '3b2ozlo2gmwrjtbax';

/** Imports from a Bigcapital on the same machine into the database of a gateway that runs. Throws if something is refused or differs. */
export async function measureImport(ledger: Ledger): Promise<Imported> {
  const source = fork(fileURLToPath(new URL('./bigcapital.js', import.meta.url)), [`${CREDIT_NOTES}`, `${REFUNDS_PER_NOTE}`]);
  try {
    const [port] = await once(source, 'message');
    const gateway = await Gateway.start(ledger);
    try {
      const words = ['--url', `http://127.0.0.1:${port}`, '--id', THEIR_ID, '--api-key', 'bc_bench'];
      const { seconds, residentMb } = await measuredOperation(ledger, 'import:bigcapital', ...words);
      return { creditNotes: CREDIT_NOTES, refunds: CREDIT_NOTES * REFUNDS_PER_NOTE, seconds, residentMb };
    } finally {
      await gateway.stop();
    }
  } finally {
    source.kill();
  }
}
