import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HostNotAllowed } from '../errors.js';
import { isProbe } from './health.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether anybody may send the request: it counts in the quota of its address, unless it has a valid credential. */
    isPublic?: boolean;
    /** Whether the reply may hold a credential. Then the Host header is always checked. */
    holdsCredential?: boolean;
    /** `false`: no other origin may read the reply, whatever `CORS_ORIGINS` is. @fastify/cors reads it. */
    cors?: false;
    /** The Content-Security-Policy of a page of ours. The Sandbox's page brings its own. */
    pagePolicy?: string;
  }
}

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

/** For pages of ours: all that they load comes from the gateway, in files of its own. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Adds to the Sandbox's own policy, which covers scripts, styles, images and frames. The page may talk only to the gateway. */
const SANDBOX_POLICY =
  "default-src 'none'; connect-src 'self'; font-src https://fonts.gstatic.com; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SANDBOX_HEADERS = {
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
 * listens on the loopback interface, if hosts are configured, and always for replies that hold a credential.
 */
export function secureWeb(
  app: FastifyInstance,
  { host, allowedHosts }: WebSecuritySettings,
  sandboxHoldsCredential: boolean,
): void {
  const names = new Set([...LOOPBACK_NAMES, ...allowedHosts].map((name) => name.toLowerCase()));
  const isChecked = isLoopback(host) || allowedHosts.length > 0;
  const refuseForeign = ({ headers }: FastifyRequest, isAnyAllowed: boolean): void => {
    const name = nameIn(headers.host);
    if (name === undefined || !(isAnyAllowed || names.has(name))) throw new HostNotAllowed(headers.host ?? '');
  };

  app.addHook('onRequest', async (request, reply) => {
    const { pagePolicy, holdsCredential } = request.routeOptions.config;
    reply.headers(SECURITY_HEADERS);
    // Also for 304: a cache replaces the headers that it has kept.
    if (pagePolicy !== undefined)
      reply.headers({ 'content-security-policy': pagePolicy, 'cross-origin-opener-policy': 'same-origin' });
    // Probes are not checked: load balancers send them to an address, or by HTTP/1.0 without a host.
    if (!isProbe(request)) refuseForeign(request, !isChecked && !holdsCredential);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    if (!String(reply.getHeader('content-type')).startsWith('text/html')) return payload;
    if (request.routeOptions.config.pagePolicy !== undefined) return payload;
    withoutCors(reply);
    refuseForeign(request, !sandboxHoldsCredential);
    reply.headers({ ...SANDBOX_HEADERS, 'content-security-policy': [SANDBOX_POLICY, ...ownPolicy(payload)].join('; ') });
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
