import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type ControlPlaneConfig } from '../../../control-plane.config';
import { folderOf, logFileOf } from './local-names';
import { type LocalPlane } from './local-plane.entity';

interface Spawning {
  readonly config: ControlPlaneConfig;
  readonly root: string;
  readonly plane: LocalPlane;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts it in a process group of its own, to outlive us; it writes to its own log. Answers with its pid. */
export function spawnTenantPlane({ config, root, plane, env }: Spawning, onExit: () => void): number {
  mkdirSync(folderOf(root, plane.name), { recursive: true, mode: 0o700 });
  const app = config.tenantPlaneApp(plane.version);
  const log = openSync(logFileOf(root, plane.name), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [join(app, 'main.js')], {
      cwd: folderOf(root, plane.name),
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: config.NODE_ENV,
        LOG_LEVEL: config.LOG_LEVEL,
        // It sends mail as its Control Plane does.
        SMTP_URL: config.SMTP_URL?.reveal(),
        MAIL_FROM: config.MAIL_FROM,
        ...env,
        // As they are now: the address may have changed since the plane was made.
        CONTROL_PLANE_BASE_URL: config.CONTROL_PLANE_PUBLIC_URL,
        TENANT_BASE_DOMAIN: config.TENANT_BASE_DOMAIN,
        HOST: '127.0.0.1',
        PORT: String(plane.port),
      },
      detached: true,
      stdio: ['ignore', log, log],
    });
    child.once('exit', onExit);
    child.unref();
    if (child.pid === undefined) throw new Error(`No tenant plane could be started from ${app}.`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}
