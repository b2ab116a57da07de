import { BigIntType, Type } from '@mikro-orm/core';
import { Big } from '../values/money.js';

/** Maps a `numeric` column to an exact decimal. */
export class DecimalColumn extends Type<Big | null, string | null> {
  override convertToDatabaseValue(value: Big | null): string | null {
    return value === null ? null : value.toFixed();
  }

  override convertToJSValue(value: string | null): Big | null {
    return value === null ? null : Big(value);
  }

  override compareAsType(): string {
    return 'string';
  }

  override getColumnType(): string {
    return 'numeric';
  }
}

/** Maps a `bigint` column to a JavaScript number. Ids stay far below 2^53. */
export const ID_COLUMN = new BigIntType('number');
