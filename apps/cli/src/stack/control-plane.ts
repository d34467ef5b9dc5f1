import { join } from 'node:path';
import { type Scope } from '@atlas/operator-api';
import { ControlPlaneClient } from '../control-plane/control-plane-client';
import { HttpProblem, isReady } from '../control-plane/http-call';
import { CommandFailure } from '../failure';
import { type ProcessSpec } from './managed-process';
import { type PlaneDatabases } from './plane-databases';
import { planeEnvironment } from './plane-environment';
import { type StackContext } from './stack-context';
import { until } from './until';

const APP = join(__dirname, '../../control-plane');
const READY_SECONDS = 60;
const SCOPES: readonly Scope[] = [
  'tenants:read',
  'tenants:provision',
  'tenants:write',
  'jobs:read',
  'jobs:write',
  'tokens:issue',
  'tokens:read',
  'planes:read',
  'planes:write',
  'routing:read',
  'audit:read',
  'operators:read',
  'operators:write',
  'api_keys:read',
  'api_keys:write',
  'events:manage',
];

/** Starts the Control Plane. Resolves to a client with a valid API key. */
export async function startControlPlane(
  context: StackContext,
  databases: PlaneDatabases,
): Promise<ControlPlaneClient> {
  const { processes, controlPlaneUrl: url, state } = context;
  const spec = specOf(context, databases);
  if (databases.isControlPlaneNew || !state.record.isOperatorMade) await makeOwner(context, spec);
  await processes.start(spec);
  await until(() => isReady(url, processes.signal), {
    signal: processes.signal,
    seconds: READY_SECONDS,
    complaint: `The Control Plane (log: ${spec.logFile}) was not ready`,
  });
  return authenticated(context);
}

function specOf(context: StackContext, databases: PlaneDatabases): ProcessSpec {
  const { data, state, controlPlaneUrl, baseDomain } = context;
  return {
    name: 'control-plane',
    script: join(APP, 'main.js'),
    env: planeEnvironment(process.env, {
      ...databases.controlPlane,
      PORT: new URL(controlPlaneUrl).port,
      CONTROL_PLANE_PUBLIC_URL: controlPlaneUrl,
      CONTROL_PLANE_SEALING_KEYS: state.record.sealingKey,
      TENANT_BASE_DOMAIN: baseDomain,
    }),
    logFile: data.logFile('control-plane'),
  };
}

/** How `create-owner` exits if the operator already exists. */
const OWNER_EXISTS = 'exited with exit code 3';

async function makeOwner({ data, state, processes }: StackContext, plane: ProcessSpec): Promise<void> {
  const { email, password } = state.record.operator;
  const failure = await processes.runOnce({
    name: 'create-owner',
    script: join(APP, 'create-owner.js'),
    args: ['--email', email, '--password-stdin'],
    input: password,
    env: plane.env,
    logFile: data.logFile('create-owner'),
  });
  // An earlier start may have been killed after it created the owner but before it saved `isOperatorMade`.
  if (failure !== undefined && !failure.startsWith(OWNER_EXISTS))
    throw new CommandFailure(`Creating the Control Plane's owner failed: ${failure}`);
  state.save({ isOperatorMade: true });
}

/** A client with the saved API key or, if the key was revoked, with a new one. */
export async function authenticated({
  processes,
  controlPlaneUrl,
  state,
}: StackContext): Promise<ControlPlaneClient> {
  const clientWith = (token: string): ControlPlaneClient =>
    new ControlPlaneClient(controlPlaneUrl, token, processes.signal);
  const { apiKey, operator } = state.record;
  if (apiKey !== undefined && (await isAccepted(clientWith(apiKey)))) return clientWith(apiKey);
  const session = await clientWith('')
    .call('POST /api/auth/login', { body: operator })
    .catch((error: unknown) => {
      throw error instanceof HttpProblem ? signInRefused(operator.email, state.file, error) : error;
    });
  const wanted = { name: 'local stack', scopes: SCOPES };
  const { key } = await clientWith(session.token ?? '').call('POST /api/api-keys', { body: wanted });
  state.save({ apiKey: key });
  return clientWith(key);
}

function signInRefused(email: string, file: string, { message, code, notes }: HttpProblem): CommandFailure {
  const why = 'The stack has no valid API key, so it has to sign in with the email address and password in';
  return new CommandFailure(`${why} ${file}, but ${email} was refused: ${message}`, {
    code,
    notes,
    hint: `In that file, set "operator" to the email address and password of an owner, then start again.`,
  });
}

async function isAccepted(client: ControlPlaneClient): Promise<boolean> {
  try {
    await client.call('GET /api/auth/me');
    return true;
  } catch (error) {
    if (error instanceof HttpProblem && error.status === 401) return false;
    throw error;
  }
}
