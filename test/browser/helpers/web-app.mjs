import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

/** What the Bigcapital web app does with each request and reply: packages/webapp/src/hooks/useRequest.tsx of February 2026. */
const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Web app</title><link rel="icon" href="data:,"></head>
  <body><script src="/axios.js"></script><script>
    window.signIn = ({ origin, token, organizationId, locale }) => {
      const http = axios.create({ baseURL: origin });
      http.interceptors.request.use((request) => {
        request.headers['Authorization'] = 'Bearer ' + token;
        request.headers['organization-id'] = organizationId;
        request.headers['Accept-Language'] = locale;
        return request;
      });
      http.interceptors.response.use((response) => response, (error) => {
        const { status, data } = error.response ?? {};
        if (status === 400) {
          error.locked = data.errors.find(({ type }) => type === 'TRANSACTIONS_DATE_LOCKED')?.payload;
          data.errors.find(({ type }) => type === 'USER_INACTIVE');
        }
        return Promise.reject(error);
      });
      window.call = (method, path, data) =>
        http.request({ method, url: '/api/' + path, data }).then(
          ({ status, data, headers }) => ({ status, data, location: headers.location }),
          ({ response, locked, code, message }) => ({ status: response?.status, data: response?.data, locked, code, message }),
        );
    };
  </script></body>
</html>`;

/** Serves the page of the web app on an origin of its own. */
export async function serveWebApp() {
  const axios = await readFile(new URL('../node_modules/axios/dist/axios.min.js', import.meta.url));
  const server = createServer(({ url }, reply) => {
    const isScript = url === '/axios.js';
    reply.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    reply.end(isScript ? axios : PAGE);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { origin: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}
