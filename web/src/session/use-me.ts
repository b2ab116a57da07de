import { useQuery } from '@apollo/client/react';
import { MeDocument, type MeQuery } from '../generated/documents.js';

export type Organization = MeQuery['me']['organization'];

/** Returns who is signed in; `undefined` until it is known. It is asked once, however many parts of a page want it. */
export function useMe(): MeQuery['me'] | undefined {
  return useQuery(MeDocument).data?.me;
}

/** Whether this role may pay, take back, and check the books. The gateway decides; the desk only leaves out what would be refused. */
export function mayRefund(me: MeQuery['me'] | undefined): boolean {
  return me !== undefined && me.role !== 'VIEWER';
}
