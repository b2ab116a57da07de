import { Arg } from 'type-graphql';

/** Declares the `idempotencyKey` argument, with which a mutation can be sent again without a second effect. */
export function IdempotencyKeyArg(): ReturnType<typeof Arg> {
  return Arg('idempotencyKey', () => String, {
    nullable: true,
    description:
      'Key of your choice, 1 to 255 visible ASCII characters; the Idempotency-Key header does the same, and may not differ. A command ' +
      'that is sent again with the same key is not executed again; its reply has the first result.',
  });
}
