/** The first half of the keys of advisory locks, which are the database's own; the second is a replica's number. */
export const REPLICA_LOCK = 0x5350_494c;
/** Taken for the time of a migration. */
export const MIGRATION_LOCK = 0x5350_4d47;
/** Where replicas tell each other what is new. */
export const CHANNEL = 'spillway';
/** Everything is kept in a schema of this name, beside whatever else the database holds. */
export const SCHEMA = 'spillway';
