import type { NoteRowFragment } from '../generated/documents.js';
import { Dialog } from '../ui/dialog.js';

interface BulkDialogProps {
  readonly notes: readonly NoteRowFragment[];
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function BulkDialog({ notes, onClose }: BulkDialogProps) {
  return (
    <Dialog title={`Refund ${notes.length} credit notes`} onClose={onClose}>
      <p>Coming.</p>
    </Dialog>
  );
}
