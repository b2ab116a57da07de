import type { CreditNoteStatus } from '../generated/documents.js';

const WORDS: Readonly<Record<CreditNoteStatus, string>> = { OPEN: 'Open', CLOSED: 'Closed', DRAFT: 'Draft', VOID: 'Void' };

/** The state of a credit note, in words and not by colour alone. */
export function Status({ status }: { readonly status: CreditNoteStatus }) {
  return <span className={`status ${status.toLowerCase()}`}>{WORDS[status]}</span>;
}
