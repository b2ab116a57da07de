import { Migration20261125Books } from './migration-20261125-books.js';

/** All migrations, oldest first. The database stores their names, so a name never changes. */
export const MIGRATIONS = [Migration20261125Books];
