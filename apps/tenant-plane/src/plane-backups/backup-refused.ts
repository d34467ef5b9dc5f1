/** A backup cannot be made, verified or restored. The message says what to do. Nothing has changed. */
export class BackupRefused extends Error {}
