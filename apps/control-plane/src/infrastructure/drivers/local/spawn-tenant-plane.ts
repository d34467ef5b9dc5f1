import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlaneConfig } from '../../../config/control-plane.config';
import { folderOf, logFileOf } from './local-names';
import { type LocalPlane } from './local-plane.entity';

interface Spawning {
  readonly config: ControlPlaneConfig;
  readonly root: string;
  readonly plane: LocalPlane;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A process that does not run the plane's code until `letGo` is called.
 * Until then, the held process exits if the Control Plane exits.
 */
export interface HeldProcess {
  readonly pid: number;
  letGo(): void;
  end(): void;
}

/** A preloaded module that waits for a byte on stdin, and exits if stdin closes before one arrives. */
const HOLD = `import { readSync } from 'node:fs';
if (readSync(0, Buffer.alloc(1)) === 0) process.exit(0);`;
const HELD = ['--import', `data:text/javascript,${encodeURIComponent(HOLD)}`];

/**
 * Starts the plane with its own log, and in its own process group, so that it outlives
 * the Control Plane. The process is held until its pid is recorded, because an unrecorded
 * plane would keep its port and database even after its tenant has been removed.
 */
export function spawnTenantPlane({ config, root, plane, env }: Spawning, onExit: () => void): HeldProcess {
  mkdirSync(folderOf(root, plane.name), { recursive: true, mode: 0o700 });
  const app = config.tenantPlaneApp(plane.version);
  const log = openSync(logFileOf(root, plane.name), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [...HELD, join(app, 'main.js')], {
      cwd: folderOf(root, plane.name),
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: config.NODE_ENV,
        LOG_LEVEL: config.LOG_LEVEL,
        // The plane sends mail through the same server as the Control Plane.
        SMTP_URL: config.SMTP_URL?.reveal(),
        MAIL_FROM: config.MAIL_FROM,
        ...env,
        // Uses current values, because the address may have changed since the plane was created.
        CONTROL_PLANE_BASE_URL: config.CONTROL_PLANE_PUBLIC_URL,
        TENANT_BASE_DOMAIN: config.TENANT_BASE_DOMAIN,
        HOST: '127.0.0.1',
        PORT: String(plane.port),
      },
      detached: true,
      stdio: ['pipe', log, log],
    });
    child.once('exit', onExit);
    // Errors are ignored. A missing pid shows that the start failed, and an exit shows that `letGo` failed.
    child.once('error', () => undefined);
    child.stdin?.once('error', () => undefined);
    child.unref();
    const { pid, stdin } = child;
    if (pid === undefined || stdin === null) throw new Error(`Could not start a tenant plane from ${app}.`);
    return { pid, letGo: () => stdin.end('.'), end: () => stdin.end() };
  } finally {
    closeSync(log);
  }
}
