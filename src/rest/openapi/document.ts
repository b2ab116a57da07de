import { STATUS_CODES } from 'node:http';
import type { RestContract } from '../../entities/rest-contract.js';
import { choiceParameters } from '../list-choices.js';
import { MAX_ASKED, MAX_SKIPPED, type PageSizes } from '../paging.js';
import { NO_BODY, type RestRoute } from '../route.js';
import { REST_ROUTES } from '../routes.js';
import { type ErrorReplySchema, errorReplies } from './error-replies.js';
import {
  CACHE_HEADERS,
  COMMON_REPLY_HEADERS,
  type Parameter,
  REPLY_HEADERS,
  REQUEST_HEADERS,
  type ReplyHeader,
} from './headers.js';
import { referringToSchemas } from './schemas.js';
import { TAGS } from './tags.js';

const DESCRIPTION = `
Refunds of credit notes for legacy clients: the paths, requests and replies of a Bigcapital server. Each operation does the same as a mutation or a query of
the GraphQL API.

- An id is a positive whole number.
- A date is a day of the books: \`2021-01-01\`, or a date-time.
- Paths may end with a slash and be written in any case. \`HEAD\` and \`OPTIONS\` work everywhere; any other method is a 405 with \`Allow\`.
- Unknown fields of a request are ignored. Fields of a reply that the gateway has no feature for are \`null\`, or what the legacy server has by default.
- Errors have the legacy server's format, or that of RFC 9457 if \`Accept\` prefers \`application/problem+json\`. A request that is refused has changed nothing.
`.trim();

const SECURITY_SCHEMES = {
  apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'bc_…', description: 'An API key. It names its organization.' },
  jwt: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'A token of a user, together with the organization.' },
  organization: {
    type: 'apiKey',
    in: 'header',
    name: 'organization-id',
    description: 'The organization that a user works for. With an API key it may be left out.',
  },
};

/** Returns the OpenAPI document of the routes, as they are under the contract, as JSON. */
export function printOpenApi(contract: RestContract): string {
  const paths = Map.groupBy(REST_ROUTES, ({ path }) => `/api${path.replace(/:(\w+)/g, '{$1}')}`);
  const operations = [...paths].map(([path, routes]) => {
    const byMethod = routes.map((route) => [route.method.toLowerCase(), operation(route, contract)]);
    return [path, Object.fromEntries(byMethod)] as const;
  });
  const { value, schemas } = referringToSchemas({ paths: Object.fromEntries(operations), responses: sharedResponses() });
  const document = {
    openapi: '3.1.1',
    info: {
      title: 'Credit-note refunds',
      version: '1.0',
      description: DESCRIPTION,
      license: { name: 'All rights reserved', identifier: 'LicenseRef-UNLICENSED' },
    },
    externalDocs: { url: '/docs/rest.md', description: 'REST for legacy clients' },
    servers: [{ url: '/', description: 'This gateway' }],
    security: [{ apiKey: [] }, { jwt: [], organization: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: value.paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters: Object.fromEntries(
        Object.entries(REQUEST_HEADERS).map(([name, header]) => [name, { name, in: 'header', ...header }]),
      ),
      headers: REPLY_HEADERS,
      responses: value.responses,
      schemas,
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function operation(route: RestRoute, contract: RestContract): object {
  const { tag, summary, operationId, role, like, description, body, status, reply, replyHeaders = [] } = route;
  const isRead = route.method === 'GET';
  const headers = headersOf([...COMMON_REPLY_HEADERS, ...(isRead ? CACHE_HEADERS : []), ...replyHeaders]);
  const isEmpty = reply === NO_BODY;
  const success = { description: STATUS_CODES[status], headers, ...(!isEmpty && { content: json(reply) }) };
  const errors = [...errorReplies(route)].map(([code, error]) => [
    code,
    error.isShared ? { $ref: `#/components/responses/${nameOf(code)}` } : errorResponse(error),
  ]);
  return {
    tags: [tag],
    summary,
    description: [`Role: ${role.toLowerCase()}. In GraphQL: \`${like}\`.`, description].filter(Boolean).join('\n\n'),
    operationId,
    parameters: parametersOf(route),
    ...(body && { requestBody: { required: true, content: json(body[contract]) } }),
    responses: {
      [status]: success,
      ...(isRead && { 304: { description: 'You have this reply already', headers } }),
      ...Object.fromEntries(errors),
    },
  };
}

function parametersOf({ method, path, parameters, list, requestHeaders = [] }: RestRoute): readonly object[] {
  const [, name] = /:(\w+)/.exec(path) ?? [];
  const id = name === undefined ? [] : [{ name, required: true, in: 'path', schema: { type: 'integer', minimum: 1 } }];
  const headers = [...(method === 'GET' ? ['If-None-Match', 'If-Match'] : []), ...requestHeaders].map((header) => ({
    $ref: `#/components/parameters/${header}`,
  }));
  return [
    ...(parameters ?? id),
    ...(list === undefined ? [] : [...choiceParameters(list), ...pageParameters(list.sizes)]),
    ...headers,
  ];
}

function pageParameters({ usual, max }: PageSizes): readonly Parameter[] {
  return [
    {
      name: 'page',
      in: 'query',
      description: `The number of the page. A page begins after at most ${MAX_SKIPPED} records.`,
      schema: { type: 'integer', minimum: 1, maximum: MAX_SKIPPED + 1, default: 1 },
    },
    {
      name: 'page_size',
      in: 'query',
      description: `The records of a page. A first page has at most ${max}, even if more are asked for. \`pageSize\` is the same.`,
      schema: { type: 'integer', minimum: 1, maximum: MAX_ASKED, default: usual },
    },
  ];
}

/** The replies that are the same for several routes. */
function sharedResponses(): object {
  const shared = REST_ROUTES.flatMap((route) => [...errorReplies(route)].filter(([, { isShared }]) => isShared));
  return Object.fromEntries(shared.map(([status, error]) => [nameOf(status), errorResponse(error)]));
}

function errorResponse({ description, headers, legacy, problem }: ErrorReplySchema): object {
  const content = { ...json(legacy), 'application/problem+json': { schema: problem } };
  return { description, headers: headersOf(headers), content };
}

/** @example nameOf(404) // 'NotFound' */
function nameOf(status: number): string {
  return (STATUS_CODES[status] ?? String(status)).replaceAll(' ', '');
}

function headersOf(names: readonly ReplyHeader[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

function json(schema: object): object {
  return { 'application/json': { schema } };
}
