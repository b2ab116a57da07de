import { IsOptional, Max, Min, ValidateBy, ValidateNested } from 'class-validator';
import { ArgsType, type ClassType, Field, Int, registerEnumType } from 'type-graphql';
import type { Owned } from '../entities/owned.js';
import type { PageArguments, PagedList } from '../reads/connections.js';
import { MAX_CURSOR, readCursor } from '../reads/orders.js';
import { MAX_PAGE } from '../reads/pages.js';
import { IsAlternativeTo } from './validators.js';

/** Registers the enum of a list's orders. */
export function orderEnum<E extends Owned, Filter extends object>(name: string, { orders }: PagedList<E, Filter>): object {
  const values = Object.fromEntries([...orders.keys()].map((each) => [each, each]));
  const valuesConfig = Object.fromEntries([...orders].map(([each, { description }]) => [each, { description }]));
  registerEnumType(values, { name, description: 'Order of a list. Equal items are in the order of their ids.', valuesConfig });
  return values;
}

/**
 * Returns the class of a list's arguments.
 *
 * @param order by {@link orderEnum}
 * @param filter the input class of the list's filter
 */
export function listArgs<E extends Owned, Filter extends object>(
  list: PagedList<E, Filter>,
  order: object,
  filter: ClassType<Filter>,
): ClassType<PageArguments<Filter>> {
  const [defaultValue] = list.orders.keys();

  @ArgsType()
  class ListArgs implements PageArguments<Filter> {
    @Field(() => Int, {
      nullable: true,
      description: 'Number of items from the beginning, 1 to 100. Default: 100, unless `last` is given.',
    })
    @IsOptional()
    @Min(1)
    @Max(MAX_PAGE)
    @IsAlternativeTo('last')
    first?: number | null;

    @Field(() => String, { nullable: true, description: 'Cursor: the page begins after this item.' })
    @IsOptional()
    @IsCursorOf(list)
    after?: string | null;

    @Field(() => Int, { nullable: true, description: 'Number of items from the end, 1 to 100, instead of `first`.' })
    @IsOptional()
    @Min(1)
    @Max(MAX_PAGE)
    last?: number | null;

    @Field(() => String, { nullable: true, description: 'Cursor: the page ends before this item.' })
    @IsOptional()
    @IsCursorOf(list)
    before?: string | null;

    @Field(() => order, { defaultValue, description: 'Order of the items.' })
    orderBy!: string;

    @Field(() => filter, { nullable: true, description: 'Returns only items that fulfil all conditions.' })
    @IsOptional()
    @ValidateNested()
    filter?: Filter | null;
  }
  return ListArgs;
}

/** The value must be a cursor of the list in the order of the same arguments. */
function IsCursorOf<E extends Owned, Filter extends object>({ name, orders }: PagedList<E, Filter>): PropertyDecorator {
  const orderBy = (object: object | undefined): string => String((object as { orderBy?: unknown } | undefined)?.orderBy);
  return ValidateBy({
    name: 'isCursor',
    validator: {
      validate: (value, args) => {
        const order = orders.get(orderBy(args?.object));
        // A wrong order is reported by itself: the cursor may be one of the order that was meant.
        if (order === undefined) return true;
        return typeof value === 'string' && value.length <= MAX_CURSOR && readCursor(name, order, value) !== null;
      },
      defaultMessage: (args) => `${args?.property} must be a cursor of ${name} in the order ${orderBy(args?.object)}`,
    },
  });
}
