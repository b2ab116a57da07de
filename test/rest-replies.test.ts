import { expect, it } from '@jest/globals';
import Fastify, { type FastifyReply } from 'fastify';
import { takeOffenders } from './helpers/rest-replies.js';

const BRANCH = {
  id: 1,
  name: 'Main',
  code: '1',
  address: null,
  city: null,
  country: null,
  phone_number: null,
  email: null,
  website: null,
  primary: 1,
  created_at: '2026-02-01T00:00:00.000Z',
  updated_at: null,
};

/** Returns what the check of REST replies says about a reply of `GET /api/branches`. */
async function offendersOf(reply: (reply: FastifyReply) => FastifyReply): Promise<string> {
  const app = Fastify();
  app.get('/api/branches', async (request, it) => reply(it.header('x-request-id', request.id)));
  await app.inject('/api/branches');
  await app.close();
  return takeOffenders().join();
}

it('the check of REST replies finds nothing in a reply as the document has it', async () => {
  expect(await offendersOf((reply) => reply.send([BRANCH]))).toBe('');
});

it.each<[string, (reply: FastifyReply) => FastifyReply, RegExp]>([
  [
    'a status that the document lacks',
    (reply) => reply.code(402).send({}),
    /GET \/api\/branches → 402: the document has no such status/,
  ],
  ['an error without a body', (reply) => reply.code(403).send({}), /→ 403/],
  ['a field of another type', (reply) => reply.send([{ ...BRANCH, id: '1' }]), /it\/0\/id must be integer/],
  ['a missing field', (reply) => reply.send([{ ...BRANCH, name: undefined }]), /must have required property 'name'/],
  ['a field that the document lacks', (reply) => reply.send([{ ...BRANCH, secret: 1 }]), /must NOT have additional properties/],
  ['another content type', (reply) => reply.type('text/plain').send('x'), /does not have the content type text\/plain/],
  [
    'a header that the document lacks',
    (reply) => reply.header('location', '/').send([BRANCH]),
    /does not have the header Location/,
  ],
  ['a missing header', (reply) => reply.removeHeader('x-request-id').send([BRANCH]), /the header X-Request-Id is missing/],
])('the check of REST replies names %s', async (_, reply, fault) => {
  expect(await offendersOf(reply)).toMatch(fault);
});
