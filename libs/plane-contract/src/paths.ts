/** The routes on which a tenant plane calls the Control Plane. The Control Plane never calls back. */
export const PLANE_PATHS = {
  enrol: '/api/tenant-planes/enroll',
  desiredState: '/api/tenant-planes/self/desired-state',
  report: '/api/tenant-planes/self/report',
  routes: '/api/tenant-planes/self/routes',
  transfers: '/api/tenant-planes/self/transfers',
  chatCompletions: '/api/ai/chat/completions',
} as const;

/** The longest wait, in seconds, that a long poll may request. */
export const MAX_WAIT_SECONDS = 55;

/** A tenant plane reports at least this often, in seconds. */
export const HEARTBEAT_SECONDS = 25;

/** A tenant plane that has not reported for this many seconds is shown as offline. */
export const OFFLINE_AFTER_SECONDS = 75;

/**
 * If a cell signs with the platform secret, the key does not identify the cell, so this query parameter does.
 * The signature covers the parameter.
 */
export const TENANT_PLANE_ID_PARAMETER = 'tenant_plane_id';
