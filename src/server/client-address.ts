import { isIP, SocketAddress } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import type { FastifyRequest } from 'fastify';

/** How the caller's address is found, if it is kept at all. */
export const CLIENT_IP = ['none', 'connection', 'forwarded'] as const;
export type ClientIp = (typeof CLIENT_IP)[number];

/** How many proxies stand before the gateway, or the addresses and networks that they have. */
export type TrustedProxies = number | readonly string[];

/**
 * Returns a function that finds the address that a request comes from: the connection's or, where proxies forward it, the
 * last one in X-Forwarded-For that none of ours has written. What stands before it is the client's own word. The function
 * returns `null` where no address stands at that place.
 *
 * Fastify's own `trustProxy` is not used: with it, X-Forwarded-Host and -Proto would be believed as well.
 */
export function addressReader(
  clientIp: ClientIp,
  trustedProxies: TrustedProxies,
): (request: Pick<FastifyRequest, 'raw'>) => string | null {
  if (clientIp !== 'forwarded') return ({ raw }) => plainAddress(raw.socket.remoteAddress);
  const isTrusted = trustOf(trustedProxies);
  return ({ raw }) => plainAddress(proxyAddr(raw, isTrusted));
}

function trustOf(trustedProxies: TrustedProxies): (address: string, hop: number) => boolean {
  if (typeof trustedProxies === 'number') return (_address, hop) => hop < trustedProxies;
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  return (address, hop) => isTrusted(plainAddress(address) ?? '', hop);
}

/** @throws {Error} if the text is neither a number of proxies nor a list of addresses and networks */
export function parseTrustedProxies(text: string): TrustedProxies {
  if (/^[1-9]\d?$/.test(text)) return Number.parseInt(text, 10);
  const networks = text.split(',').map((network) => network.trim());
  if (networks.every(isNetwork)) return networks;
  throw new Error('must be how many proxies there are, from 1 to 99, or their addresses and networks, such as 10.0.0.0/8,::1');
}

function isNetwork(text: string): boolean {
  // The library takes a number for an address, too.
  if (isIP(text.split('/', 1)[0] ?? '') === 0) return false;
  try {
    proxyAddr.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** One spelling for each address, without the port or the zone that some proxies add; `null` for what is no address. */
function plainAddress(text: string | undefined): string | null {
  const address =
    /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/
      .exec(text ?? '')
      ?.slice(1)
      .find((part) => part !== undefined) ??
    text ??
    '';
  if (isIP(address) === 4) return address;
  if (isIP(address) === 0) return null;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=[\d.]+$)/, '');
}
