import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';
import { withoutStack } from '../domain-error.js';
import { LongNumber } from './json.js';
import { Big, parseDecimal, parseNumberToken } from './money.js';
import { isPostingDate } from './posting-date.js';

/** Parses a decimal of GraphQL variables or of a REST body, which may be a text or a number; returns `null` for any other value. */
export function readDecimal(value: unknown): Big | null {
  if (value instanceof Big) return value;
  if (typeof value === 'string') return parseDecimal(value);
  if (value instanceof LongNumber) return parseNumberToken(value.source);
  return typeof value === 'number' ? parseNumberToken(String(value)) : null;
}

export const DecimalScalar = new GraphQLScalarType<Big, string>({
  name: 'Decimal',
  specifiedByURL: 'https://www.w3.org/TR/xmlschema11-2/#decimal',
  description:
    'An exact decimal number, such as "1234.50". Replies contain a string. Requests may contain a string, or a number, ' +
    'which is read exactly. Only numbers may have an exponent.',
  serialize(value) {
    return value instanceof Big ? value.toFixed() : String(value);
  },
  parseValue(value) {
    return readDecimal(value) ?? refuse('Decimal', value instanceof LongNumber ? value.source : JSON.stringify(value));
  },
  parseLiteral(node) {
    if (node.kind === Kind.STRING) return parseDecimal(node.value) ?? refuse('Decimal', node.value, node);
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT)
      return parseNumberToken(node.value) ?? refuse('Decimal', node.value, node);
    return refuse('Decimal', node.kind, node);
  },
});

export const PostingDateScalar = new GraphQLScalarType<string, string>({
  name: 'PostingDate',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339#section-5.6',
  description:
    'A calendar date in the books, without a time zone: "2021-01-01". A date-time is accepted too. At exactly midnight UTC, ' +
    '"2021-01-01T00:00:00.000Z", or without a zone, "2021-01-01T10:00:00", it is the day as written. Any other RFC 3339 date-time, ' +
    'such as "2021-01-01T23:30:00Z", is its day in the organization\'s time zone.',
  serialize(value) {
    return String(value);
  },
  parseValue(value) {
    return typeof value === 'string' && isPostingDate(value) ? value : refuse('PostingDate', JSON.stringify(value));
  },
  parseLiteral(node) {
    return node.kind === Kind.STRING && isPostingDate(node.value)
      ? node.value
      : refuse('PostingDate', 'value' in node ? String(node.value) : node.kind, node);
  },
});

const EXPECTED = {
  Decimal: 'a decimal number such as "100.00"',
  PostingDate: 'a date such as "2021-01-31", or a date-time such as "2021-01-31T23:30:00Z"',
} as const;

function refuse(scalar: keyof typeof EXPECTED, found: string, node?: ValueNode): never {
  const options = { ...(node && { nodes: [node] }), extensions: { code: 'BAD_USER_INPUT' } };
  throw withoutStack(() => new GraphQLError(`Expected ${EXPECTED[scalar]}, found ${found}`, options));
}
