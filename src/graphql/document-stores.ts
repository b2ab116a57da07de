import { InMemoryLRUCache, type KeyValueCache } from '@apollo/utils.keyvaluecache';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { currentWork } from '../concurrency/wait-budget.js';
import type { TrustedDocuments } from './trusted-documents.js';

/** Limits for the texts that clients of one organization register, in characters, and for the organizations whose texts are kept. */
const MAX_CHARACTERS = 200_000;
const MAX_TEXTS = 200;
const MAX_ORGANIZATIONS = 100;

/**
 * The documents that clients have registered by their hash (Apollo's automatic persisted queries). Each organization has its own, so that
 * nobody displaces those of another, and a request without a credential registers nothing.
 */
export class RegisteredDocuments implements KeyValueCache<string> {
  private readonly organizations = new LRUCache<number, LRUCache<string, string>>({ max: MAX_ORGANIZATIONS });

  async get(hash: string): Promise<string | undefined> {
    return this.ownTexts()?.get(hash);
  }

  async set(hash: string, text: string): Promise<void> {
    this.ownTexts()?.set(hash, text);
  }

  async delete(hash: string): Promise<boolean> {
    return this.ownTexts()?.delete(hash) ?? false;
  }

  private ownTexts(): LRUCache<string, string> | undefined {
    const id = currentWork()?.organizationId ?? null;
    if (id === null) return undefined;
    const known = this.organizations.get(id);
    if (known !== undefined) return known;
    const texts = new LRUCache<string, string>({
      max: MAX_TEXTS,
      maxSize: MAX_CHARACTERS,
      sizeCalculation: ({ length }) => length,
    });
    this.organizations.set(id, texts);
    return texts;
  }
}

/**
 * Returns the store of parsed documents: the trusted ones for good, and as many others as Apollo Server keeps by default. A key ends with
 * the SHA-256 of the document's text. Read in Apollo Server 5.5.1, which does not document it; with other keys, trusted documents would
 * be parsed like others.
 */
export function parsedDocuments(trusted: TrustedDocuments): KeyValueCache<DocumentNode> {
  const others = new InMemoryLRUCache<DocumentNode>();
  return {
    get: async (key) => trusted.parsed(key.slice(key.lastIndexOf(':') + 1)) ?? (await others.get(key)),
    set: (key, document) => others.set(key, document),
    delete: (key) => others.delete(key),
  };
}
