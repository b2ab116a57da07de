import type { EntityManager } from '@mikro-orm/postgresql';
import { type Query, query, run } from '../orm/query.js';
import type { TheirDocument } from './bigcapital.js';
import { tidyNumber } from './theirs-to-ours.js';

/** Gives each credit note a number of its own. One that another note has gets the id behind it: here a number names one note. */
export class DocumentNumbers {
  /** Numbers that may not be in the database yet, in the form in which they are compared: those of the last batches, or of all in a dry run. */
  private planned: readonly Set<string>[] = [];

  /**
   * @param organizationId `null` in a dry run for an organization that is not here yet
   * @param writers how many of the last batches may not be in the database yet
   * @param isDry whether none of them ever is
   */
  constructor(
    private readonly em: EntityManager,
    private readonly organizationId: number | null,
    private readonly writers: number,
    private readonly isDry: boolean,
  ) {}

  /** Returns the number of each note by its id, if it is new. */
  async next(documents: readonly TheirDocument[]): Promise<ReadonlyMap<number, string>> {
    const { numbers, forms } = await this.read(documents, this.planned);
    const [all] = this.planned;
    if (this.isDry && all !== undefined) for (const form of forms) all.add(form);
    else this.planned = [...this.planned, forms].slice(-this.writers);
    return numbers;
  }

  /** Returns the numbers of notes whose batch is tried again. The notes before are in the database, and the next ones have avoided their numbers. */
  async again(documents: readonly TheirDocument[]): Promise<ReadonlyMap<number, string>> {
    return (await this.read(documents, [])).numbers;
  }

  private async read(documents: readonly TheirDocument[], planned: readonly ReadonlySet<string>[]) {
    const wanted = documents.flatMap((document) =>
      'note' in document ? { id: document.note.id, number: tidyNumber(document.note) } : [],
    );
    const numbers = new Map<number, string>();
    const forms = new Set<string>();
    if (wanted.length === 0) return { numbers, forms };
    const [read] = await run(this.em.fork(), readForms(this.organizationId ?? 0, wanted));
    for (const { id, form, isTaken, number } of read) {
      numbers.set(id, isTaken || forms.has(form) || planned.some((each) => each.has(form)) ? `${number} (${id})` : number);
      forms.add(form);
    }
    return { numbers, forms };
  }
}

interface Form {
  readonly id: number;
  readonly number: string;
  /** The form in which numbers are compared. */
  readonly form: string;
  /** Whether a note here has the number. */
  readonly isTaken: boolean;
}

function readForms(organizationId: number, wanted: readonly object[]): Query<Form[]> {
  return query(
    // An EXISTS could become a hash table of the forms of all notes here. A limit looks each one up in the index.
    `select id, number, form,
       (select true from credit_notes note where note.organization_id = $1 and as_read(note.number) = form limit 1) as taken
     from (select id, number, as_read(number) as form from json_to_recordset($2) wanted (id bigint, number text) offset 0) wanted`,
    [organizationId, JSON.stringify(wanted)],
    (rows) =>
      rows.map(({ id, number, form, taken }) => ({
        id: Number(id),
        number: String(number),
        form: String(form),
        isTaken: taken === true,
      })),
  );
}
