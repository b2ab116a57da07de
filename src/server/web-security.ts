import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HostNotAllowed } from '../errors.js';
import { isProbe } from './health.js';

/** The origins of Apollo's hosted Sandbox and of the frame that the gateway's own page embeds. */
export const SANDBOX_ORIGINS: readonly string[] = ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'];

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Headers for data: browsers must not render it, frame it, guess its type, or give it to a page of another site. */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Adds to the page's own policy, which covers scripts, styles, images and frames. The page may talk only to the gateway. */
const PAGE_POLICY =
  "default-src 'none'; connect-src 'self'; font-src https://fonts.gstatic.com; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE_HEADERS = {
  'cache-control': 'no-store',
  // The window of Apollo's login posts its result to the page that opened it.
  'cross-origin-opener-policy': 'same-origin-allow-popups',
};

export interface WebSecuritySettings {
  /** The host that the gateway listens on. */
  readonly host: string;
  /** Host names that requests may be sent to, beside the names of the loopback interface. */
  readonly allowedHosts: readonly string[];
}

/**
 * Guards against web pages that a browser on this machine visits (DNS rebinding). A page whose host name its owner points at 127.0.0.1
 * has the gateway's origin for the browser, but its requests carry that name in the Host header. The header is checked if the gateway
 * listens on the loopback interface, if hosts are configured, and always for pages that hold a credential.
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
    // Probes are not checked: load balancers send them to an address, or by HTTP/1.0 without a host.
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

/** Removes the headers of CORS: an allowed origin must not read a page that shows a credential. */
function withoutCors(reply: FastifyReply): void {
  for (const header of ['access-control-allow-origin', 'access-control-expose-headers']) reply.removeHeader(header);
}

/** Returns the policy from the page's `<meta>` element, with its nonce. As a header it holds before the page is parsed. */
function ownPolicy(page: unknown): string[] {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(String(page))?.[1];
  return policy === undefined ? [] : [policy];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Returns the name in a Host header, without the port; `undefined` if the header is not valid. */
function nameIn(header: string | undefined): string | undefined {
  const name = /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(header ?? '')?.[1];
  return name !== undefined && URL.canParse(`http://${header}`) ? name.toLowerCase() : undefined;
}
