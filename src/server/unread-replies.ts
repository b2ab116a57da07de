import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Bytes of replies that may wait in memory for their clients to read them. */
export interface UnreadLimits {
  readonly perOrganization: number;
  readonly total: number;
}

const MEGABYTE = 1024 * 1024;

export const UNREAD_LIMITS: UnreadLimits = { perOrganization: 32 * MEGABYTE, total: 128 * MEGABYTE };

interface Unread {
  bytes: number;
  /** Bytes by reply. The reply that has been unread for longest is first. */
  readonly replies: Map<ServerResponse, number>;
}

/**
 * Closes the connection of the longest unread reply when an organization has too many unread bytes. When all organizations together
 * have too many, it is a reply of the one with the most. A client that reads takes its replies out of memory within milliseconds.
 */
export function boundUnreadReplies(app: FastifyInstance, { perOrganization, total }: UnreadLimits): void {
  /** By organization; `null` for requests without a valid credential. */
  const organizations = new Map<number | null, Unread>();
  let all = 0;

  const release = (organizationId: number | null, response: ServerResponse): void => {
    const unread = organizations.get(organizationId);
    const bytes = unread?.replies.get(response);
    if (unread === undefined || bytes === undefined) return;
    unread.replies.delete(response);
    unread.bytes -= bytes;
    all -= bytes;
    if (unread.replies.size === 0) organizations.delete(organizationId);
  };

  const cutOldest = (organizationId: number | null, newest: ServerResponse): boolean => {
    const [oldest] = organizations.get(organizationId)?.replies.keys() ?? [];
    // The newest reply has not been sent yet, and may alone be larger than the limit.
    if (oldest === undefined || oldest === newest) return false;
    release(organizationId, oldest);
    oldest.destroy();
    return true;
  };

  app.addHook('onSend', (request, reply, payload, done) => {
    const bytes = typeof payload === 'string' ? Buffer.byteLength(payload) : Buffer.isBuffer(payload) ? payload.length : 0;
    const organizationId = organizationOf(request);
    // A hook that refuses the reply has the error sent in its place, by the same response.
    release(organizationId, reply.raw);
    const unread = organizations.get(organizationId) ?? { bytes: 0, replies: new Map() };
    organizations.set(organizationId, unread);
    unread.replies.set(reply.raw, bytes);
    unread.bytes += bytes;
    all += bytes;
    const isRead = (): void => release(organizationId, reply.raw);
    reply.raw.once('finish', isRead).once('close', isRead);
    while (unread.bytes > perOrganization && cutOldest(organizationId, reply.raw));
    while (all > total && cutOldest(mostUnread(organizations), reply.raw));
    done();
  });
}

function organizationOf({ caller }: FastifyRequest): number | null {
  return caller === undefined || caller === null || caller instanceof Error ? null : caller.organization.id;
}

function mostUnread(organizations: ReadonlyMap<number | null, Unread>): number | null {
  const [[most] = [null]] = [...organizations].sort(([, one], [, other]) => other.bytes - one.bytes);
  return most;
}
