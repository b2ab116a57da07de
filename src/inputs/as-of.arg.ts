import { Arg } from 'type-graphql';
import { PostingDateScalar } from '../values/scalars.js';

/** The argument `asOf` of a balance. */
export function AsOfArg(): ReturnType<typeof Arg> {
  return Arg('asOf', () => PostingDateScalar, { nullable: true, description: 'The last day that counts. Default: all postings.' });
}
