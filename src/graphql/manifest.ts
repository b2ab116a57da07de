/** An operation of a manifest. */
export interface ManifestOperation {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly body: string;
}

/**
 * The operations of one or several clients, in the format of Apollo's tools:
 * https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format.
 */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly version: 1;
  readonly operations: readonly ManifestOperation[];
}

/** The manifest, or a document for it, cannot be used. The message is for the operator. */
export class ManifestError extends Error {}

const FORMAT = 'apollo-persisted-query-manifest';

/** As GraphQL over HTTP allows: letters, digits and `-._~`, perhaps with a prefix. */
const ID = /^(sha256:|x-[\w.~-]{1,50}:)?[\w.~-]{1,255}$/;

export function manifestOf(operations: readonly ManifestOperation[]): Manifest {
  return { format: FORMAT, version: 1, operations };
}

/** @throws {ManifestError} if the text is no manifest */
export function readManifest(text: string): Manifest {
  const { format, version, operations } = object(parsed(text), 'The file');
  if (format !== FORMAT || version !== 1) throw new ManifestError(`The file must have the format "${FORMAT}" and the version 1`);
  if (!Array.isArray(operations)) throw new ManifestError('operations must be a list');
  return manifestOf(operations.map(readOperation));
}

function readOperation(value: unknown, index: number): ManifestOperation {
  const { id, name, type, body } = object(value, `operations.${index}`);
  if (typeof id !== 'string' || !ID.test(id)) throw new ManifestError(`operations.${index}.id must be letters, digits and -._~`);
  if (typeof name !== 'string' || typeof type !== 'string' || typeof body !== 'string') {
    throw new ManifestError(`operations.${index} must have a name, a type and a body, as text`);
  }
  return { id, name, type, body };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ManifestError('The file is not JSON');
  }
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new ManifestError(`${where} must be an object`);
  return value as Record<string, unknown>;
}
