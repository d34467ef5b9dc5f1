/** Reported with each heartbeat. */
export const VERSION = '0.1.0';
