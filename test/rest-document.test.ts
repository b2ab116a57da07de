import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { REST_ROUTES } from '../src/rest/routes.js';
import { sharedBooks, sharedGateway } from './helpers/gateway.js';

const text = readFileSync('docs/rest.md', 'utf8');

const gateway = sharedGateway({ restContract: 'observed' });
const books = sharedBooks(gateway, { firstId: 1 });

it('docs/rest.md lists the routes as they are declared', () => {
  const rows = REST_ROUTES.map(
    ({ method, path, role, summary, like }) =>
      `| \`${method} ${path.replace(/:(\w+)/, '{$1}')}\` | ${role.toLowerCase()} | ${summary} | \`${like}\` |`,
  );
  expect(text.split('\n').filter((line) => /^\| `(GET|POST|DELETE) /.test(line))).toEqual(rows);
});

it('the request in docs/rest.md has the reply in docs/rest.md', async () => {
  const [, sent = ''] = /```http\n[\s\S]*?\n\n(\{[\s\S]*?\})\n```/.exec(text) ?? [];
  const [, received = ''] = /```json\n([\s\S]*?)\n```/.exec(text) ?? [];
  const { id } = await books.creditNote('100.00');
  const ids = { from_account_id: Number(books.ids.bank), branch_id: Number(books.ids.branch) };

  const reply = await books.client.rest(`/api/credit-notes/${id}/refunds`, { ...JSON.parse(sent), ...ids });

  expect(reply.status).toBe(201);
  const theirs = JSON.parse(received);
  expect(Object.keys(reply.json)).toEqual(Object.keys(theirs));
  const own = { ...ids, id: reply.json.id, credit_note_id: Number(id), created_at: reply.json.created_at };
  expect(reply.json).toEqual({ ...theirs, ...own });
});
