import { Migration } from '@mikro-orm/migrations';

/** Texts have no invisible characters at their ends, and numbers and codes that look the same count as equal. */
export class Migration20261125VisibleText extends Migration {
  override up(): void {
    this.addSql(TEXT_FUNCTIONS);
    this.addSql(UNIQUE);
  }

  override down(): void {
    throw new Error('numbers that look alike would have been taken meanwhile');
  }
}

/** Unicode's White_Space without control characters. */
const SPACES = '\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
/** The control characters of Unicode's White_Space. */
const CONTROL_SPACES = '\\u0009-\\u000d\\u0085';

/** Variation selectors and the tags of flags, which change the look of the character before them. */
const SELECTORS = '\\u180b-\\u180d\\u180f\\ufe00-\\ufe0f\\U000e0020-\\U000e007f\\U000e0100-\\U000e01ef';

/**
 * Unicode 17's Default_Ignorable_Code_Point without the selectors, the Braille blank, and the interlinear annotation marks. PostgreSQL's
 * patterns have no Unicode properties.
 */
const IGNORABLE =
  '\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb' +
  '\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a\\U000e0000-\\U000e001f\\U000e0080-\\U000e00ff\\U000e01f0-\\U000e0fff';

/** Control characters without white space. PostgreSQL has no NUL. */
const CONTROLS = '\\u0001-\\u0008\\u000e-\\u001f\\u007f-\\u0084\\u0086-\\u009f';

/** Characters that are invisible at any position. */
const UNSEEN = `${SPACES}${CONTROL_SPACES}${IGNORABLE}${CONTROLS}`;

/** Returns SQL for the same as `tidy` in text.ts. */
export const tidied = (value: string): string =>
  `regexp_replace(regexp_replace(normalize(${value}, NFC), '^[${UNSEEN}${SELECTORS}]+', ''), '[${UNSEEN}][${UNSEEN}${SELECTORS}]*$', '')`;

/**
 * Returns SQL for the form in which numbers and codes are compared, much like Unicode's NFKC_Casefold. `casefold` exists only since
 * PostgreSQL 18; upper(lower(…)) has the same result for ß and ss and for all three sigmas.
 *
 * @param collation the clause of {@link BEST_COLLATION}
 */
export const asRead = (value: string, collation: string): string =>
  `normalize(upper(lower(regexp_replace(
    regexp_replace(normalize(${value}, NFKC), '[${IGNORABLE}${SELECTORS}${CONTROLS}]', '', 'g'), '[${SPACES}${CONTROL_SPACES}]+', ' ', 'g'
  ) ${collation}) ${collation}), NFKC)`;

/** ICU has Unicode's rules of case in any locale of the database. A server without ICU takes its best own collation. */
export const BEST_COLLATION = `
  coalesce((
    select format('collate %I', collname) from pg_collation
    where collnamespace = 'pg_catalog'::regnamespace and collname in ('und-x-icu', 'pg_unicode_fast', 'pg_c_utf8')
    order by array_position(array['und-x-icu', 'pg_unicode_fast', 'pg_c_utf8'], collname::text) limit 1
  ), '')`;

const TEXT_FUNCTIONS = `
  create or replace function is_tidy(value text) returns boolean language sql immutable parallel safe set search_path = public, pg_temp as $$
    select value <> '' and value is nfc normalized
      and value !~ '^[${UNSEEN}${SELECTORS}]' and value !~ '[${UNSEEN}][${SELECTORS}]*$'
  $$;

  do $do$
  begin
    execute format(
      $sql$
        create function as_read(value text) returns text language sql immutable parallel safe set search_path = public, pg_temp as $$
          select ${asRead('value', '%1$s')} collate "C"
        $$
      $sql$,
      ${BEST_COLLATION}
    );
  end
  $do$;
`;

const UNIQUE = `
  drop index credit_notes_number_unique;
  create unique index credit_notes_number_unique on credit_notes (organization_id, as_read(number));
  drop index accounts_code_unique;
  create unique index accounts_code_unique on accounts (organization_id, as_read(code));
  drop index branches_code_unique;
  create unique index branches_code_unique on branches (organization_id, as_read(code));
  drop function without_case(text);
`;
