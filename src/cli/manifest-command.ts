import { writeFile } from 'node:fs/promises';
import { readConfig } from '../config.js';
import type { Commands } from './command.js';

/** The name that Apollo's tools give a manifest. */
const MANIFEST_FILE = 'persisted-query-manifest.json';

export const MANIFEST_COMMAND: Commands = {
  manifest: {
    required: [],
    optional: ['out'],
    takes: 'FOLDER',
    about: `writes the operations of the .graphql files in the folder into a manifest of trusted documents, ${MANIFEST_FILE}`,
    async run({ flags, file: folder }) {
      // The schema is loaded for this command only: it takes longer than most of the others.
      const [{ createSchema }, { makeManifest }] = await Promise.all([
        import('../graphql/schema.js'),
        import('../graphql/make-manifest.js'),
      ]);
      const { queryCostLimit } = readConfig({ QUERY_COST_LIMIT: process.env.QUERY_COST_LIMIT });
      const manifest = await makeManifest(folder, createSchema(), queryCostLimit);
      const file = flags.out ?? MANIFEST_FILE;
      await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
      process.stdout.write(`Wrote ${manifest.operations.length} operations to ${file}.\n`);
    },
  },
};
