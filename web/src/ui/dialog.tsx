import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  /** Whether it must stay open, since a request is under way. */
  readonly isBusy?: boolean;
  readonly children: ReactNode;
}

/** A modal dialog of the browser: it keeps the focus inside, closes by Escape, and gives the focus back. */
export function Dialog({ title, onClose, isBusy = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Before the effects of what is inside, which choose the field to begin with.
  useLayoutEffect(() => {
    const shown = dialog.current;
    const opener = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      // What opened it may be gone: then the page begins again.
      const next = opener?.isConnected ? opener : document.querySelector('h1');
      if (next instanceof HTMLElement) next.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        if (!isBusy) onClose();
      }}
    >
      <div className="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" className="quiet close" onClick={onClose} disabled={isBusy} aria-label="Close">
          ×
        </button>
      </div>
      {children}
    </dialog>
  );
}
