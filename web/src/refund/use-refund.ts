import { useState } from 'react';
import type { Problem } from '../api/errors.js';
import { type Outcome, useCommand } from '../api/use-command.js';
import { RefundDocument, type RefundMutation, type RefundMutationVariables } from '../generated/documents.js';
import { go } from '../router.js';
import type { Organization } from '../session/use-me.js';
import { todayIn } from '../ui/day.js';
import { type Preview, usePreview } from './use-preview.js';
import { type FormNote, initialValues, missingFields, toInput, type Values, valuesOf, wrongNumbers } from './values.js';

type Sent = Omit<RefundMutationVariables, 'idempotencyKey'>;

export interface RefundState {
  readonly values: Values;
  readonly change: (changed: Partial<Values>) => void;
  readonly missing: readonly string[];
  readonly preview: Preview;
  /** What the gateway refuses about these values, by the preview or by the refund itself. */
  readonly problems: readonly Problem[];
  readonly allowDuplicate: boolean;
  readonly payAllTheSame: () => void;
  readonly allowUnusualRate: boolean;
  readonly setAllowUnusualRate: (isAllowed: boolean) => void;
  /** Whether the values may be confirmed. */
  readonly isReady: boolean;
  readonly outcome: Outcome;
  readonly pay: () => Promise<void>;
  /** Takes the marks of the last refusal away, such as before the same values are tried again. */
  readonly clear: () => void;
  readonly discard: () => void;
}

/** Names the attempt to refund a note. */
export function attemptName(organization: { readonly id: string }, note: { readonly id: string }): string {
  return `refund ${organization.id} ${note.id}`;
}

/** What the refund dialog knows and does, without how it looks. */
export function useRefund(note: FormNote, organization: Organization, onRefused: () => void): RefundState {
  const { outcome, unresolved, send, discard } = useCommand<RefundMutation, Sent>(RefundDocument, attemptName(organization, note));
  const [values, setValues] = useState(() =>
    unresolved ? valuesOf(unresolved.input) : initialValues(note, todayIn(organization.timeZone)),
  );
  const [allowDuplicate, setAllowDuplicate] = useState(false);
  const [allowUnusualRate, setAllowUnusualRate] = useState(false);
  const [refused, setRefused] = useState<{ readonly input: string; readonly count: number }>({ input: '', count: 0 });

  const input = toInput(note, note.currency.id !== organization.currency.id, values);
  const missing = missingFields(input);
  const wrong = wrongNumbers(input);
  const isAsked = missing.length === 0 && wrong.length === 0 && !unresolved;
  // After a refusal the same question is asked again: the note may have changed.
  const asked = usePreview(isAsked ? { input, allowDuplicate } : null, refused.count);
  const preview: Preview = wrong.length > 0 ? { state: 'unreadable', problems: wrong } : asked;
  const answer = preview.state === 'answered' ? preview.refund : null;
  const isUnusual = answer?.warnings.some(({ code }) => code === 'EXCHANGE_RATE_UNUSUAL') ?? false;

  const pay = async (): Promise<void> => {
    const expectedRemaining = answer?.remainingBefore ?? null;
    const result = await send(unresolved ?? { input, expectedRemaining, allowUnusualRate });
    const refund = result?.data.refundCreditNote;
    if (refund) return go(`refunds/${refund.id}?paid=${result.isReplay ? 'before' : 'now'}`);
    setRefused(({ count }) => ({ input: JSON.stringify(input), count: count + 1 }));
    onRefused();
  };

  return {
    values,
    change: (changed) => {
      setValues((before) => ({ ...before, ...changed }));
      // What was agreed to held for the values before.
      setAllowDuplicate(false);
      if ('exchangeRate' in changed) setAllowUnusualRate(false);
    },
    missing,
    preview,
    problems: [
      ...(outcome.state === 'refused' && refused.input === JSON.stringify(input) ? outcome.problems : []),
      ...(preview.state === 'unreadable' ? preview.problems : (answer?.refusals ?? [])),
    ],
    allowDuplicate,
    payAllTheSame: () => setAllowDuplicate(true),
    allowUnusualRate,
    setAllowUnusualRate,
    isReady: answer?.allowed === true && (allowUnusualRate || !isUnusual),
    outcome,
    pay,
    clear: () => setRefused(({ count }) => ({ input: '', count })),
    discard,
  };
}
