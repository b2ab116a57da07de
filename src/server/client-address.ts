import { isIP, SocketAddress } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import type { FastifyRequest } from 'fastify';

/** The source of the caller's address. `none` keeps no address. */
export const CLIENT_IP = ['none', 'connection', 'forwarded'] as const;
export type ClientIp = (typeof CLIENT_IP)[number];

/** The number of proxies in front of the gateway, or their addresses and networks. */
export type TrustedProxies = number | readonly string[];

/**
 * Returns a function that finds the address of a request's client: the address of the connection or, behind proxies, the last
 * address in X-Forwarded-For that is not a trusted proxy's. A client can forge all addresses before that one. The function returns
 * `null` if the header has no valid address at that position.
 *
 * Fastify's own `trustProxy` is not used: it would also trust X-Forwarded-Host and X-Forwarded-Proto.
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

/**
 * Returns the setting that the text describes.
 *
 * @throws {Error} if the text is neither a number of proxies nor a list of addresses and networks
 */
export function parseTrustedProxies(text: string): TrustedProxies {
  if (/^[1-9]\d?$/.test(text)) return Number.parseInt(text, 10);
  const networks = text.split(',').map((network) => network.trim());
  if (networks.every(isNetwork)) return networks;
  throw new Error('must be the number of proxies, from 1 to 99, or their addresses and networks, such as 10.0.0.0/8,::1');
}

function isNetwork(text: string): boolean {
  // `compile` would take a plain number for an address.
  if (isIP(text.split('/', 1)[0] ?? '') === 0) return false;
  try {
    proxyAddr.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns one spelling for each address, without the port or the zone that some proxies add; `null` if the text is no address. */
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
