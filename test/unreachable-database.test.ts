import { expect, it } from '@jest/globals';
import { ConnectionException } from '@mikro-orm/core';
import { DatabaseUnreachable } from '../src/database/connect.js';

it('the message names the error of each address of the host', () => {
  const errors = [new Error('connect ECONNREFUSED ::1:5432'), new Error('connect ECONNREFUSED 127.0.0.1:5432')];
  expect(new DatabaseUnreachable(new ConnectionException(new AggregateError(errors))).message).toBe(
    'The database of DATABASE_URL refuses the connection: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
  );
});
