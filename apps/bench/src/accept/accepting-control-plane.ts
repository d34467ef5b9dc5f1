import { type TestStack } from '@atlas/testing';
import { type Bench } from '../bench';
import { withConnections } from '../http/keep-alive-connection';
import { startControlPlane } from '../planes/control-plane';
import { SimulatedPlane } from '../signed/simulated-plane';
import { AcceptLimit } from './accept-limit';
import { ProvisionRequests } from './provision-request';

export interface AcceptingControlPlane {
  readonly stack: TestStack;
  readonly requests: ProvisionRequests;
  readonly limit: AcceptLimit;
  readonly databaseUrl: string;
}

/** A Control Plane that only accepts, with room in one enrolled cell, and the limit that it is held against. */
export async function startAcceptingControlPlane(bench: Bench): Promise<AcceptingControlPlane> {
  const database = await bench.createDatabase();
  const stack = await startControlPlane(bench, database, ['no-jobs']);
  await SimulatedPlane.enrol(stack, 1_000_000);
  const requests = new ProvisionRequests(stack);
  await withConnections(stack.controlPlane.url, 1, async ([connection]) => {
    if (connection) await requests.send(connection);
  });
  return {
    stack,
    requests,
    limit: await AcceptLimit.learn(database.url, stack.apiKey),
    databaseUrl: database.url,
  };
}
