// A client by @hey-api/openapi-ts: its function has the name of the operation.
import { creditNoteRefundsControllerCreateRefundCreditNote } from './hey/sdk.gen.js';
import type { CreditNoteRefundDto } from './hey/types.gen.js';

export async function refund(
  baseUrl: string,
  headers: { Authorization: string; 'organization-id': string },
  creditNoteId: number,
  body: CreditNoteRefundDto,
): Promise<number | undefined> {
  const { response } = await creditNoteRefundsControllerCreateRefundCreditNote({ baseUrl, headers, path: { creditNoteId }, body });
  return response?.status;
}
