import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HostNotAllowed } from '../errors.js';
import { isProbe } from './health.js';

/** Apollo's hosted Sandbox, and the frame in which our own page shows it. */
export const SANDBOX_ORIGINS: readonly string[] = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'];

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** For replies that are data: no browser shows them, frames them, guesses what they are, or gives them to another site's page. */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Beside what the page's own policy says of scripts, styles, images and frames: it talks to nobody but the gateway. */
const PAGE_POLICY =
  "default-src 'none'; connect-src 'self'; font-src https://fonts.gstatic.com; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE_HEADERS = {
  'cache-control': 'no-store',
  // Apollo's login opens a window that answers its opener.
  'cross-origin-opener-policy': 'same-origin-allow-popups',
};

export interface WebSecuritySettings {
  /** Where the gateway listens. */
  readonly host: string;
  /** Names beside those of the loopback interface that requests may be sent to. */
  readonly allowedHosts: readonly string[];
}

/**
 * Guards against the web pages that a browser on this machine visits. A page whose name its owner points at 127.0.0.1 is of the same
 * origin as the gateway for the browser; the Host header still tells. So it is checked where only this machine can call, where hosts
 * are configured, and for pages that hold a credential in any case.
 */
export function secureWeb(app: FastifyInstance, { host, allowedHosts }: WebSecuritySettings, pagesHoldCredential: boolean): void {
  const names = new Set([...LOOPBACK_NAMES, ...allowedHosts].map((name) => name.toLowerCase()));
  const isChecked = isLoopback(host) || allowedHosts.length > 0;
  const refuseForeign = ({ headers }: FastifyRequest, isAnyAllowed: boolean): void => {
    const name = nameIn(headers.host);
    if (name === undefined || !(isAnyAllowed || names.has(name))) throw new HostNotAllowed(headers.host ?? '');
  };

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    // Load balancers probe by address, or by HTTP/1.0 without a host.
    if (!isProbe(request)) refuseForeign(request, !isChecked);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    if (!String(reply.getHeader('content-type')).startsWith('text/html')) return payload;
    withoutCors(reply);
    refuseForeign(request, !pagesHoldCredential);
    reply.headers({ ...PAGE_HEADERS, 'content-security-policy': [PAGE_POLICY, ...ownPolicy(payload)].join('; ') });
    return payload;
  });
}

/** Origins that may call with credentials may still not read a page that shows one. */
function withoutCors(reply: FastifyReply): void {
  for (const header of ['access-control-allow-origin', 'access-control-expose-headers']) reply.removeHeader(header);
}

/** The policy that stands in the page, with this page's nonce. Repeated in a header, it holds before the page is read. */
function ownPolicy(page: unknown): string[] {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(String(page))?.[1];
  return policy === undefined ? [] : [policy];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** The name in a Host header, without the port; `undefined` if it is none. */
function nameIn(header: string | undefined): string | undefined {
  const name = /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(header ?? '')?.[1];
  return name !== undefined && URL.canParse(`http://${header}`) ? name.toLowerCase() : undefined;
}
