/** The groups of operations, by the names that the legacy API's document gives them. */
export const TAGS = {
  'Credit Note Refunds': 'Refunds of credit notes, and their reversals.',
  'Credit Notes': 'What customers may be refunded.',
  Accounts: 'The chart of accounts, with balances.',
  Reports: 'What documents have posted.',
  Branches: 'The branches that refunds and credit notes belong to.',
  Customers: 'The customers, with their balances.',
  Organization: "The organization of the request's credential.",
  Currencies: 'The currencies of the books.',
  'Web App': 'What the legacy web app reads before it shows a screen.',
  Settings: 'What the legacy web app asks for when it starts.',
  'Transactions Locking': 'Until which day the books are locked.',
  Warehouses: 'The gateway has none.',
} as const;

export type Tag = keyof typeof TAGS;
