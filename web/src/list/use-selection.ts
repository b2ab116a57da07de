import { useState } from 'react';
import type { NoteRowFragment } from '../generated/documents.js';

export interface Selection {
  /** The chosen notes, in the order of the list. */
  readonly chosen: readonly NoteRowFragment[];
  readonly has: (note: NoteRowFragment) => boolean;
  readonly toggle: (note: NoteRowFragment) => void;
  readonly clear: () => void;
}

/** Which notes of the list are chosen. A note that is no longer shown, or no longer open, is not. */
export function useSelection(notes: readonly NoteRowFragment[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    chosen: notes.filter((note) => ids.has(note.id) && note.status === 'OPEN'),
    has: ({ id }) => ids.has(id),
    toggle: ({ id }) =>
      setIds((before) => (before.has(id) ? new Set([...before].filter((each) => each !== id)) : new Set([...before, id]))),
    clear: () => setIds(new Set()),
  };
}
