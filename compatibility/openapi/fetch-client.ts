// A client by openapi-fetch: it compiles only if the document has this operation with these parameters and this body.
import createClient from 'openapi-fetch';
import type { components, paths } from './document.js';

export async function refund(
  baseUrl: string,
  headers: { Authorization: string; 'organization-id': string },
  creditNoteId: number,
  body: components['schemas']['CreditNoteRefundDto'],
): Promise<number> {
  const { response } = await createClient<paths>({ baseUrl }).POST('/api/credit-notes/{creditNoteId}/refunds', {
    params: { header: headers, path: { creditNoteId } },
    body,
  });
  return response.status;
}
