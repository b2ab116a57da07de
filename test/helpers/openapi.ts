import type { RestContract } from '../../src/entities/rest-contract.js';
import { printOpenApi } from '../../src/rest/openapi/document.js';

/** The parts of an OpenAPI document that tests read. */
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'header' | 'path' | 'query';
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

export function readOpenApi(contract: RestContract = 'documented'): OpenApi {
  return JSON.parse(printOpenApi(contract));
}

/** Returns the part of the document that a reference names, or the part itself if it is no reference. */
export function resolved<T extends object>(document: OpenApi, part: T): T {
  const { $ref } = part as { $ref?: string };
  if ($ref === undefined) return part;
  const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(.+)$/.exec($ref) ?? [];
  const found = document.components[kind]?.[name];
  if (found === undefined) throw new Error(`the document has no ${$ref}`);
  return resolved(document, found as T);
}
