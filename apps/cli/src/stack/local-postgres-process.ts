import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure } from '../failure';
import { type PlaneDatabases, postgresDatabases } from './plane-databases';
import { planeEnvironment } from './plane-environment';
import { type PostgresAnswer, type PostgresOrder } from './postgres-server';
import { type StackContext } from './stack-context';
import { tailOf } from './stack-processes';

/** Starts the Postgres server from the npm packages, with a database and roles for each plane. */
export async function startPostgres({ data, state, processes }: StackContext): Promise<PlaneDatabases> {
  const { isPostgresMade, postgres: passwords } = state.record;
  if (!isPostgresMade) rmSync(data.postgres, { recursive: true, force: true });
  const logFile = data.logFile('postgres');
  const started = await processes.start({
    name: 'postgres-keeper',
    script: join(__dirname, 'postgres-server.js'),
    env: planeEnvironment(process.env, {}),
    logFile,
    isDatabase: true,
  });
  const order: PostgresOrder = { dataDir: data.postgres, passwords };
  // Sending fails only if the process has exited, and that exit stops the stack anyway.
  started.child.send(order, () => undefined);
  const [answer] = (await once(started.child, 'message', { signal: processes.signal })) as [PostgresAnswer];
  if ('problem' in answer)
    throw new CommandFailure(`Postgres did not start: ${answer.problem}\n${tailOf(logFile)}`);
  processes.listForeign('postgres', answer.pid);
  state.save({ isPostgresMade: true });
  return postgresDatabases(data, answer.port, !isPostgresMade, passwords);
}
