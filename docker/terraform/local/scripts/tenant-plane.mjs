// Starts the tenant plane of a folder, replacing a running one, or removes the plane and its folder.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endHolder, holderOf, pause } from './claim.mjs';
import { demandTerraform, given } from './requirements.mjs';

const READY_MS = 60_000;
const HOST = '127.0.0.1';

const folder = given('TENANT_PLANE_FOLDER');
const actions = { start, remove };
const action = actions[process.argv[2]];
if (!action) throw new Error('Pass start or remove.');
await action();

async function start() {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (;;) {
    await endHolder(folder);
    demandTerraform();
    const port = await choosePort();
    const child = spawnPlane(port);
    if (await getsReady(child, port)) return;
    // A script whose Terraform was killed was faster. Its plane has an older environment, so replace it.
  }
}

async function remove() {
  await endHolder(folder);
  // Without the folder, no plane can start anymore.
  rmSync(folder, { recursive: true, force: true });
}

/** Starts the plane in its own process group, so that it outlives this script, and with its own log. */
function spawnPlane(port) {
  const log = openSync(join(folder, 'tenant-plane.log'), 'a', 0o600);
  const env = {
    PATH: process.env.PATH,
    TENANT_PLANE_APP: given('TENANT_PLANE_APP'),
    TENANT_PLANE_FOLDER: folder,
    ...JSON.parse(given('TENANT_PLANE_ENVIRONMENT')),
    HOST,
    PORT: String(port),
  };
  const script = fileURLToPath(new URL('run-tenant-plane.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  return child;
}

/** Waits until the plane is serving. False if another process has become the plane. */
async function getsReady(child, port) {
  const isServing = () =>
    fetch(`http://${HOST}:${port}/health/live`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await pause()) {
    if (child.exitCode !== null || child.signalCode !== null) {
      if (holderOf(folder) !== undefined) return false;
      throw new Error(`The tenant plane exited. See ${folder}/tenant-plane.log.`);
    }
    if (holderOf(folder) === child.pid && (await isServing())) return true;
  }
  throw new Error(`The tenant plane did not become ready in time. See ${folder}/tenant-plane.log.`);
}

/** The previous port if it is free, or else any free port. */
async function choosePort() {
  const file = join(folder, 'port');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const port = await freePort(last).catch(() => freePort(0));
  writeFileSync(file, `${port}\n`, { mode: 0o600 });
  return port;
}

async function freePort(wanted) {
  const server = createServer();
  await new Promise((done, fail) => server.once('error', fail).listen(wanted, HOST, done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
