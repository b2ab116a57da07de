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

/** ICU has Unicode's rules of case in any locale of the database. A server without ICU takes its best own collation. */
export const BEST_COLLATION = `
  coalesce((
    select format('collate %I', collname) from pg_collation
    where collnamespace = 'pg_catalog'::regnamespace and collname in ('und-x-icu', 'pg_unicode_fast', 'pg_c_utf8')
    order by array_position(array['und-x-icu', 'pg_unicode_fast', 'pg_c_utf8'], collname::text) limit 1
  ), '')`;

/**
 * Returns SQL for the functions by which texts are checked and compared.
 *
 * @param collation the clause of {@link BEST_COLLATION}
 */
export function textFunctions(collation: string): string {
  return `
  -- The same rule as tidy in text.ts: a text has no blank or invisible character at its ends.
  create function is_tidy(value text) returns boolean language sql immutable parallel safe
    return value <> '' and value is nfc normalized
      and value !~ '^[${UNSEEN}${SELECTORS}]' and value !~ '[${UNSEEN}][${SELECTORS}]*$';

  -- The form in which numbers and codes are compared, much like Unicode's NFKC_Casefold. casefold exists only since PostgreSQL 18;
  -- upper(lower(…)) has the same result for ß and ss and for all three sigmas.
  create function as_read(value text) returns text language sql immutable parallel safe
    return normalize(upper(lower(regexp_replace(
      regexp_replace(normalize(value, NFKC), '[${IGNORABLE}${SELECTORS}${CONTROLS}]', '', 'g'), '[${SPACES}${CONTROL_SPACES}]+', ' ', 'g'
    ) ${collation}) ${collation}), NFKC) collate "C";
`;
}

/** Triggers instead of check constraints, which run at every update: each refund updates its note, and last_used_at changes each minute. */
export function textRules(): string {
  return `
  create function number_is_tidy() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'the number of credit note % is not tidy', new.id using errcode = 'check_violation';
  end
  $$;
  create trigger number_is_tidy before insert or update of number on credit_notes
    for each row when (not is_tidy(new.number)) execute function number_is_tidy();

  create function key_name_is_tidy() returns trigger language plpgsql set search_path = public, pg_temp as $$
  begin
    raise exception 'the name of API key % is not tidy', new.id using errcode = 'check_violation';
  end
  $$;
  create trigger name_is_tidy before insert on api_keys
    for each row when (not is_tidy(new.name)) execute function key_name_is_tidy();
`;
}
