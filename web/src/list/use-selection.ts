import { useState } from 'react';
import type { NoteRowFragment } from '../generated/documents.js';

export interface Selection {
  /** The chosen notes, in the order of the list. */
  readonly chosen: readonly NoteRowFragment[];
  readonly has: (note: NoteRowFragment) => boolean;
  readonly toggle: (note: NoteRowFragment) => void;
  /** Chooses all notes of the list that can be; or none, if all are. */
  readonly toggleAll: () => void;
  readonly areAll: boolean;
  readonly clear: () => void;
}

/** Which notes of the list are chosen. A note that is no longer shown, or no longer open, is not. */
export function useSelection(notes: readonly NoteRowFragment[]): Selection {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const open = notes.filter(({ status }) => status === 'OPEN');
  const chosen = open.filter(({ id }) => ids.has(id));
  const areAll = open.length > 0 && chosen.length === open.length;
  return {
    chosen,
    areAll,
    toggleAll: () => setIds(new Set(areAll ? [] : open.map(({ id }) => id))),
    has: ({ id }) => ids.has(id),
    toggle: ({ id }) =>
      setIds((before) => (before.has(id) ? new Set([...before].filter((each) => each !== id)) : new Set([...before, id]))),
    clear: () => setIds(new Set()),
  };
}
