import { cloneElement, type ReactElement, type ReactNode, useId } from 'react';

interface ControlProps {
  id?: string;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string | undefined;
}

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  /** The server's words about the value, or `null`. */
  readonly error?: string | null;
  /** Whether it takes the whole width of a form with two columns. */
  readonly isBroad?: boolean;
  readonly children: ReactElement<ControlProps>;
}

/** A control with its label, its hint and the server's words. A screen reader reads all three with the control. */
export function Field({ label, hint, error = null, isBroad = false, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const describedBy = [hint ? hintId : '', error === null ? '' : errorId].filter(Boolean).join(' ') || undefined;
  return (
    <div className={isBroad ? 'field broad' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, { id, 'aria-invalid': error !== null, 'aria-describedby': describedBy })}
      {hint && (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
      {error !== null && (
        <p className="error" id={errorId}>
          {error}
        </p>
      )}
    </div>
  );
}
