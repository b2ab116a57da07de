import { expect, it } from '@jest/globals';
import { sharedGateway } from './helpers/gateway.js';

const gateway = sharedGateway({ desk: true });

it.each(['/openapi.json', '/schema.graphql', '/docs/rest.md', '/errors', '/errors/FORBIDDEN', '/desk', '/docs', '/graphiql'])(
  'HEAD of %s has the length of the page, also if it is unchanged',
  async (url) => {
    for (const encoding of ['identity', 'gzip']) {
      const ask = (method: 'GET' | 'HEAD', tag = '"other"') =>
        gateway.app.inject({ method, url, headers: { 'accept-encoding': encoding, 'if-none-match': tag } });
      const whole = await ask('GET');
      const { etag = '' } = whole.headers;
      const length = String(whole.rawPayload.length);
      const head = await ask('HEAD');
      expect([head.statusCode, head.headers['content-length']]).toEqual([200, length]);
      const unchanged = await ask('HEAD', String(etag));
      expect([unchanged.statusCode, unchanged.headers['content-length'], unchanged.body]).toEqual([304, length, '']);
      const { statusCode, body } = await ask('GET', String(etag));
      expect([statusCode, body]).toEqual([304, '']);
    }
  },
);
