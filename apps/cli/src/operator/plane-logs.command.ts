import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { profileOf } from '@atlas/deployment-profiles';
import { DEDICATED_LOG, POOL_STEM, infrastructureName } from '@atlas/tenancy';
import { type TenantView } from '../control-plane/views';
import { CommandFailure, EXIT } from '../failure';
import { appendedTo, lastLinesOf } from '../log-file';
import { type DataDirectory } from '../stack/data-directory';
import { type DevStack } from '../stack/dev-stack-file';
import { readPrivateFile } from '../stack/private-file';
import { STACK_DATABASES } from '../stack/stack-options';
import { localData, pathFrom, urlIn } from './connection';
import { SUBJECTS } from './operations/operation';
import { type OperatorCall, type OperatorCommand } from './operator-command';
import { findTenant } from './subject';

const LINES = 100;

export const PLANE_LOGS: OperatorCommand = {
  name: 'plane-logs',
  group: 'Tenant planes',
  summary: "Show the log of a tenant's plane on this machine",
  about: `Shows the log of the tenant plane that serves a tenant. It reads the log file directly, so it
works only on the machine where the planes run, with the data folder of "npm start". A shared tenant's plane
also logs its other tenants.`,
  operand: SUBJECTS.tenant,
  examples: ['plane-logs demo', 'plane-logs demo --follow --lines 20'],
  options: [
    { name: 'follow', text: 'keep showing new lines until Ctrl-C' },
    {
      name: 'lines',
      value: '<n>',
      isNumber: true,
      text: 'how many lines to show from the end',
      default: String(LINES),
    },
  ],
  async run(call) {
    const { terminal, values } = call;
    const file = await logOf(call);
    const { text, end } = lastLinesOf(file, Number(values['lines'] ?? LINES));
    terminal.out(text);
    return values['follow'] ? follow(call, file, end) : EXIT.done;
  },
};

async function follow({ terminal, surroundings }: OperatorCall, file: string, from: number): Promise<number> {
  const end = new AbortController();
  const interrupt = (): void => end.abort();
  surroundings.signals.once('SIGINT', interrupt);
  try {
    for await (const text of appendedTo(file, from, (ms) => surroundings.pause(ms, end.signal)))
      terminal.out(text);
    return EXIT.done;
  } catch (error) {
    if (end.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    surroundings.signals.off('SIGINT', interrupt);
  }
}

/** Throws {@link CommandFailure} if there is no log on this machine. */
async function logOf({ client, values, operand, surroundings }: OperatorCall): Promise<string> {
  const url = urlIn(values, surroundings.env);
  if (url !== undefined)
    throw noLog(
      `plane-logs reads local log files, but the planes of ${url} may run on another machine.`,
      'Run it where the planes run, with the data folder of npm start: atlas plane-logs <tenant> ' +
        '--data-dir <folder>',
    );
  const data = localData(values, surroundings);
  const tenant = await findTenant(client, operand);
  const { slug, status, deployment_model: model, tenant_plane_id: planeId } = tenant;
  if (profileOf(model).installRequired)
    throw noLog(
      `Tenant ${slug} is ${model}, so the customer runs its plane, and Atlas does not have its log.`,
      'Ask the customer for the output of "atlas-tp run", or of its container or service.',
    );
  if (planeId === null)
    throw noLog(`Tenant ${slug} (${status}) has no tenant plane.`, `See its last job: atlas tenant ${slug}`);
  const isOwn = profileOf(model).tenantFixed;
  const file = isOwn ? dedicatedLog(tenant, planeId, data) : cellLog(planeId, data);
  if (file !== undefined) return file;
  throw noLog(
    `There is no log of tenant ${slug}'s plane in ${pathFrom(surroundings.directory, data.root)}, so it ` +
      'runs elsewhere.',
    'Check the logs of the machine, container or service behind ' +
      `${tenant.endpoint_url ?? `tenant plane ${planeId}`}.`,
  );
}

/** The log of the local stack's only cell, if the tenant is on it. */
function cellLog(planeId: string, data: DataDirectory): string | undefined {
  const { tenant_plane: cell } = (readPrivateFile(data.devStack) ?? {}) as Partial<DevStack>;
  const file = data.logFile('tenant-plane');
  return cell?.tenant_plane_id === planeId && existsSync(file) ? file : undefined;
}

/** The log in the plane's folder, which the local driver created for this tenant or for the warm pool. */
function dedicatedLog({ slug }: TenantView, planeId: string, data: DataDirectory): string | undefined {
  const names = [slug, POOL_STEM].map((stem) => infrastructureName(stem, planeId));
  const files = STACK_DATABASES.flatMap((database) =>
    names.map((name) => join(data.dedicated(database), name, DEDICATED_LOG)),
  );
  return files.find((file) => existsSync(file));
}

function noLog(message: string, hint: string): CommandFailure {
  return new CommandFailure(message, { code: 'no_log_here', hint });
}
