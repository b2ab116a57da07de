import { Migration20261122Books } from './migration-20261122-books.js';

/** Every migration, oldest first. The names are kept in the database: they never change. */
export const MIGRATIONS = [Migration20261122Books];
