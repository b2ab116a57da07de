import { Type } from '@sinclair/typebox';
import { InvalidInput } from '../../domain-error.js';
import { Role } from '../../entities/access.js';
import { parseId } from '../../entities/owned.js';
import { MAX_ITEMS } from '../../inputs/lengths.js';
import type { Context } from '../../request/context.js';
import { camelCase, parametersIn } from '../names.js';
import { type PostedDocument, PostedLine, postedLine } from '../posted-line-reply.js';
import { costOfOne, LINE } from '../read-costs.js';
import { restRoute } from '../route.js';
import { noteUnlessVoid } from './credit-notes.js';
import { refundUnlessReversed } from './refunds.js';

export const REPORT_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/reports/transactions-by-reference',
    operationId: 'TransactionsByReferenceController_getTransactionsByReference',
    tag: 'Reports',
    role: Role.VIEWER,
    summary: 'Retrieve what a credit note or a refund has posted, line by line.',
    description:
      'A document that is unknown, void or reversed, and one of a type that the gateway lacks, has no lines for legacy clients. The case of the type does ' +
      'not matter.',
    like: 'journalEntry.lines',
    status: 200,
    parameters: [
      {
        name: 'reference_type',
        in: 'query',
        required: true,
        schema: { type: 'string', examples: ['CreditNote', 'RefundCreditNote'] },
      },
      { name: 'reference_id', in: 'query', required: true, schema: { type: 'string', examples: ['1'] } },
    ],
    reply: Type.Object({ transactions: Type.Array(PostedLine) }),
    errors: ['BAD_USER_INPUT'],
    cost: costOfOne(MAX_ITEMS * LINE),
    async handle({ context, request }) {
      const [type, id] = readTexts(request.query, ['reference_type', 'reference_id']);
      const numericId = parseId(id);
      const document = numericId === null ? undefined : ENTRIES.find((each) => each.type.toLowerCase() === type.toLowerCase());
      if (numericId === null || document === undefined) return { transactions: [] };
      const { baseCurrency } = context.actor.organization;
      const entries = await document.entriesOf(context, numericId);
      const lines = (await Promise.all(entries.map((entry) => context.loaders.journalLines.load(entry.id)))).flat();
      const reference = { type: document.type, id: numericId };
      const transactions = lines.map(async (line) =>
        postedLine(line, await context.loaders.account.load(line.account.id), reference, baseCurrency),
      );
      return { transactions: await Promise.all(transactions) };
    },
  }),
];

interface Entries {
  readonly type: PostedDocument;
  /** Returns the entries of the document with this id, in their order; none if it is gone for these clients. */
  entriesOf(context: Context, id: number): Promise<readonly { readonly id: number }[]>;
}

const ENTRIES: readonly Entries[] = [
  {
    type: 'CreditNote',
    async entriesOf(context, id) {
      const note = await noteUnlessVoid(context, id);
      if (!note?.journalEntry) return [];
      const cancellations = await context.loaders.cancellations.load(note.id);
      return [note.journalEntry, ...cancellations.map(({ journalEntry }) => journalEntry)];
    },
  },
  {
    type: 'RefundCreditNote',
    async entriesOf(context, id) {
      const refund = await refundUnlessReversed(context, id);
      return refund === undefined ? [] : [refund.journalEntry];
    },
  },
];

/**
 * Returns the parameters of the query string, which must be texts.
 *
 * @throws {InvalidInput} with the names of the legacy server's rules
 */
function readTexts<const Names extends readonly string[]>(queryString: unknown, names: Names): { [I in keyof Names]: string } {
  const sent = parametersIn(queryString);
  const wrong = names.flatMap((field) => {
    const value = sent[camelCase(field)];
    if (typeof value === 'string' && value !== '') return [];
    const isEmpty = value === undefined || value === '';
    const constraints = {
      ...(isEmpty && { isNotEmpty: `${field} should not be empty` }),
      ...(value !== '' && { isString: `${field} must be a string` }),
    };
    return [{ field, constraints, value }];
  });
  if (wrong.length > 0) throw new InvalidInput(wrong);
  return names.map((name) => String(sent[camelCase(name)])) as { [I in keyof Names]: string };
}
