/** The first half of the keys of advisory locks, which are the database's own; the second is a replica's number. */
export const REPLICA_LOCK = 0x5350_494c;
/** Taken for the time of a migration. */
export const MIGRATION_LOCK = 0x5350_4d47;
