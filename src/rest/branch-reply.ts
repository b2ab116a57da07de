import { type Static, Type } from '@sinclair/typebox';
import type { Branch } from '../entities/branch.js';
import type { WholeRow } from '../reads/read-model.js';
import { flag, id, nothing, text, time } from './fields.js';

export const BranchReply = Type.Object({
  id,
  name: text,
  code: text,
  address: nothing,
  city: nothing,
  country: nothing,
  phone_number: nothing,
  email: nothing,
  website: nothing,
  primary: flag,
  created_at: time,
  updated_at: nothing,
});

export function branchReply(branch: WholeRow<Branch>): Static<typeof BranchReply> {
  const { id, name, code, isPrimary, createdAt } = branch;
  const unknown = { address: null, city: null, country: null, phone_number: null, email: null, website: null };
  return { id, name, code, ...unknown, primary: isPrimary ? 1 : 0, created_at: createdAt.toISOString(), updated_at: null };
}
