import { CONTROL_PLANE_VERSION } from '../config/version-policy';

const ENV_FILE = 'atlas-tp.env';

/**
 * The commands that start a tenant plane after the lines of its install bundle have been
 * saved to a file. The image runs in production mode, which requires METRICS_TOKEN.
 */
export const INSTALL_COMMANDS = {
  docker: [
    `docker run --env-file ${ENV_FILE} -e METRICS_TOKEN="$(openssl rand -hex 16)"`,
    `-p 127.0.0.1:4200:4200 -v atlas-data:/app/data atlas/tenant-plane:${CONTROL_PLANE_VERSION}`,
  ].join(' '),
  npx: `npx atlas-tp run --env-file ${ENV_FILE}`,
} as const;
