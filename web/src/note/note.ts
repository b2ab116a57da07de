import type { NoteQuery } from '../generated/documents.js';

/** A credit note as its page reads it. */
export type Note = NonNullable<NoteQuery['creditNote']>;
