import { Type } from '@sinclair/typebox';
import { Role } from '../../entities/access.js';
import { Branch } from '../../entities/branch.js';
import { BranchNotFound } from '../../errors.js';
import { BranchReply, branchReply } from '../branch-reply.js';
import { listed, one } from '../listing.js';
import { type Listing, RECORDS } from '../paging.js';
import { BRANCH, costOfOne } from '../read-costs.js';
import { restRoute } from '../route.js';

const BRANCHES: Listing = { sizes: RECORDS, cost: BRANCH };

export const BRANCH_ROUTES = [
  restRoute({
    method: 'GET',
    path: '/branches',
    operationId: 'BranchesController_getBranches',
    tag: 'Branches',
    role: Role.VIEWER,
    summary: 'Retrieve the branches, by id.',
    like: 'branches',
    status: 200,
    list: BRANCHES,
    reply: Type.Array(BranchReply),
    errors: ['BAD_USER_INPUT'],
    async handle(call) {
      return (await listed(call, Branch, [], BRANCHES)).rows.map(branchReply);
    },
  }),
  restRoute({
    method: 'GET',
    path: '/branches/:id',
    operationId: 'BranchesController_getBranch',
    tag: 'Branches',
    role: Role.VIEWER,
    summary: 'Retrieve the branch.',
    like: 'branches',
    status: 200,
    reply: BranchReply,
    errors: ['BRANCH_NOT_FOUND'],
    notFound: (id) => new BranchNotFound(id),
    cost: costOfOne(BRANCH),
    async handle({ context, id, numericId }) {
      const branch = await one(context, Branch, [['id', '=', numericId]]);
      if (branch === undefined) throw new BranchNotFound(id);
      return branchReply(branch);
    },
  }),
];
