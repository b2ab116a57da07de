import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type BigcapitalClient, BigcapitalUnreadable } from './bigcapital-client.js';
import {
  accountsOf,
  branchesOf,
  creditNoteOf,
  idOrUnknown,
  listOf,
  lockDateOf,
  organizationOf,
  type Page,
  pageOf,
  RecordUnreadable,
  refundOrUnreadable,
  type TheirCreditNote,
  type TheirOrganization,
  type TheirRefund,
  type UnreadableRefund,
} from './bigcapital-records.js';

/** Records that are asked for at once. */
const PAGE_SIZE = 250;
/** Pages of credit notes, with their refunds, that are read while earlier ones are written. */
const PAGES_AHEAD = 3;
/** Readings of all pages until each record was on one of them. */
const MAX_PASSES = 3;
/** An id that a path can have. Refunds of a note with an id that is too large here are read, so that they are named. */
const ID = /^\d{1,20}$/;
/** Records of a list. */
const MAX_RECORDS = 10_000_000;

/** A credit note with its refunds, as Bigcapital has them; or why it cannot be read. */
export type TheirDocument = Note & { readonly refunds: readonly (TheirRefund | UnreadableRefund)[] };

type Note = { readonly id: number; readonly note: TheirCreditNote } | { readonly id: string; readonly unreadable: string };

/** A page that is being read. A generator would wait for a promise that it yields as it is. */
interface UnreadPage {
  readonly records: Promise<unknown[]>;
}

/** The books of one organization in a running Bigcapital. */
export class Bigcapital {
  constructor(private readonly client: BigcapitalClient) {}

  async organization(): Promise<TheirOrganization> {
    const path = '/api/organization/current';
    const organization = readable(path, organizationOf, await this.client.get(path));
    this.client.nameOrganization(organization.organizationId);
    return organization;
  }

  /** Returns all accounts: Bigcapital lists the active and the inactive ones apart. */
  async accounts(): Promise<unknown[]> {
    const [active, inactive] = ['/api/accounts', '/api/accounts?only_inactive=true'] as const;
    const lists = [readable(active, accountsOf, await this.client.get(active))];
    const others = await this.client.get(inactive, 'optional');
    if (others !== null) lists.push(readable(inactive, accountsOf, others));
    return unique(lists.flat());
  }

  async branches(): Promise<readonly unknown[]> {
    const path = '/api/branches';
    // An organization without the feature of branches may have no such list.
    return unique(readable(path, branchesOf, (await this.client.get(path)) ?? []));
  }

  /** Returns the last locked day, as Bigcapital writes it; `null` if nothing is locked. */
  async lockDate(): Promise<string | null> {
    const path = '/api/transactions-locking';
    const reply = await this.client.get(path, 'optional');
    return reply === null ? null : readable(path, lockDateOf, reply);
  }

  async customers(): Promise<unknown[]> {
    const lists = [];
    for (const mode of ['', '&inactive_mode=true']) {
      for await (const { records } of this.pages('/api/customers', 'customers', mode)) lists.push(await records);
    }
    return unique(lists.flat());
  }

  /** Yields the credit notes with their refunds, each once, page by page. The next pages are being read meanwhile. */
  async *documents(): AsyncGenerator<TheirDocument[]> {
    const ahead: Promise<TheirDocument[]>[] = [];
    for await (const page of this.pages('/api/credit-notes', 'credit_notes')) {
      // Of the records, nothing stays in memory while their refunds are read.
      const documents = page.records
        .then((records) => records.map(noteOrUnreadable))
        .then((notes) => Promise.all(notes.map((note) => this.withRefunds(note))));
      // The error is thrown where the page is awaited.
      documents.catch(() => undefined);
      ahead.push(documents);
      if (ahead.length > PAGES_AHEAD) yield (await ahead.shift()) ?? [];
    }
    for (const documents of ahead) yield await documents;
  }

  /** How many credit notes Bigcapital has, as far as it is known. */
  total = 0;

  private async withRefunds(note: Note): Promise<TheirDocument> {
    const path = `/api/credit-notes/${note.id}/refunds`;
    const records = ID.test(String(note.id)) ? readable(path, listOf, (await this.client.get(path)) ?? []) : [];
    return { ...note, refunds: records.map(refundOrUnreadable) };
  }

  /**
   * Yields the pages of a list, without the records that were on earlier pages. Bigcapital sorts by a time that most records share or lack, so that
   * a record may be on two pages and another one on none; then the pages are read again.
   */
  private async *pages(path: string, name: string, filter = ''): AsyncGenerator<UnreadPage> {
    const seen = new Set<string>();
    /** Records that have the id of another one on their page. */
    let twins = 0;
    let total = 0;
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      const read = async (number: number): Promise<Page> => {
        const address = `${path}?page=${number}&page_size=${PAGE_SIZE}${filter}`;
        return readable(address, (reply) => pageOf(reply, name), await this.client.get(address));
      };
      const pages = new Map<string, number>();
      const fresh = ({ records }: Page, number: number): unknown[] => {
        const shown = createHash('sha256').update(records.map(idOrUnknown).join()).digest('base64');
        const same = pages.get(shown);
        if (same !== undefined && records.length > 0) {
          throw new BigcapitalUnreadable(
            `Bigcapital says that it has ${total} records at ${path}, but page ${number} shows the same ones as page ${same}`,
          );
        }
        pages.set(shown, number);
        const unseen = unique(records.filter((record) => !seen.has(idOrUnknown(record))));
        const before = seen.size;
        for (const record of unseen) seen.add(idOrUnknown(record));
        twins += unseen.length - (seen.size - before);
        return unseen;
      };
      const settled: Promise<unknown>[] = [];
      const first = await read(1);
      total = first.total;
      const assertFew = (records: number) => {
        if (records <= MAX_RECORDS) return;
        throw new BigcapitalUnreadable(`Bigcapital has ${records} records at ${path}, and an import takes at most ${MAX_RECORDS}`);
      };
      assertFew(total);
      if (name === 'credit_notes') this.total = total;
      yield { records: Promise.resolve(fresh(first, 1)) };
      // A server may give smaller pages than it was asked for.
      const size = first.records.length;
      // It may count records that no page shows.
      let isOver = size === 0;
      let number = 2;
      for (; !isOver && (number - 1) * size < total; number += 1) {
        const page = read(number).then((page) => {
          if (page.records.length === 0) isOver = true;
          return fresh(page, number);
        });
        // Awaited below for the sake of `seen`; the error is thrown where the page is used.
        settled.push(
          page.then(
            () => undefined,
            () => undefined,
          ),
        );
        yield { records: page };
      }
      await Promise.all(settled);
      // It may show more records than it counts.
      for (; !isOver && seen.size + twins > total; number += 1) {
        assertFew(seen.size);
        const page = await read(number);
        isOver = page.records.length === 0;
        yield { records: Promise.resolve(fresh(page, number)) };
      }
      if (seen.size + twins >= total) return;
    }
    throw new BigcapitalUnreadable(
      `Bigcapital says that it has ${total} records at ${path}, but its pages show ${seen.size}. Run the import again when nobody changes them`,
    );
  }
}

function noteOrUnreadable(record: unknown): Note {
  try {
    const note = creditNoteOf(record);
    return { id: note.id, note };
  } catch (error) {
    if (!(error instanceof RecordUnreadable)) throw error;
    return { id: idOrUnknown(record), unreadable: error.message };
  }
}

/** @throws {BigcapitalUnreadable} */
function readable<T>(path: string, read: (reply: unknown) => T, reply: unknown): T {
  try {
    return read(reply);
  } catch (error) {
    if (!(error instanceof RecordUnreadable)) throw error;
    throw new BigcapitalUnreadable(
      `Bigcapital's reply at ${path} cannot be read: ${error.message}; is this the URL of a Bigcapital?`,
    );
  }
}

/** Omits records that are the same as an earlier one. A record that only has the id of another one stays, so that it can be named. */
function unique(records: readonly unknown[]): unknown[] {
  const byId = new Map<string, unknown>();
  return records.filter((record) => {
    const id = idOrUnknown(record);
    const earlier = byId.get(id);
    if (earlier === undefined) byId.set(id, record);
    return earlier === undefined || !isEqual(earlier, record);
  });
}

/** Whether two records are the same. Those that nest too deeply to be compared are not. */
function isEqual(one: unknown, other: unknown): boolean {
  try {
    return isDeepStrictEqual(one, other);
  } catch {
    return false;
  }
}
