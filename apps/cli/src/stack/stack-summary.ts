import { dirname, relative } from 'node:path';
import { shellWord } from '../text';
import { ITEMS } from './story/shop';
import { ALERTS, INCIDENTS } from './story/troubles';
import { type DevStack } from './dev-stack-file';
import { type LocalStack } from './local-stack';

/** What the user needs to know next. Contains no secrets. */
export function proseSummary(
  { devStack, hasDemoSession, hasDemoStory }: LocalStack,
  devStackFile: string,
  directory: string,
): string {
  const { control_plane: controlPlane, tenant_plane: tenantPlane, demo_tenant: demo } = devStack;
  const file = pathFrom(directory, devStackFile);
  const example = `
  To report an incident in the demo tenant, run this here in another shell:

    ${curlLine(tenantPlane.url, demo.slug, file)}
`;
  return `
  Open in a browser:

    Console (Atlas operators)      ${controlPlane.url}/console
    Workspace of the demo tenant   ${demo.url}

  Email addresses, passwords and tokens: ${file} (only you can read it)
  APIs: ${controlPlane.url}/docs and ${tenantPlane.url}/docs
${hasDemoStory ? storyText(dataDirOption(directory, devStackFile)) : ''}${hasDemoSession ? example : ''}
  To list the tenants:

    npx atlas tenants${dataDirOption(directory, devStackFile)}

  Ctrl-C stops everything. The data is kept for the next start.
`;
}

/** What the demo tenant contains, and where to look. */
function storyText(option: string): string {
  const [items, alerts, incidents] = [ITEMS.length, ALERTS.length, INCIDENTS.length];
  const commands = ['incidents list', 'runs list', 'slos list'];
  const lines = commands.map((command) => `    npx atlas-tp ${command}${option}\n`);
  return `
  The demo tenant is the IT of a small online shop: ${items} configuration items, ${alerts} alerts,
  ${incidents} incidents, an SLO, and a run that waits for the approval of another admin.
  To look around, run this here in another shell ("npx atlas-tp help" lists more):

${lines.join('')}`;
}

/** The option that names the stack's folder. Empty for the default folder. */
export function dataDirOption(directory: string, devStackFile: string): string {
  const folder = relative(directory, dirname(devStackFile));
  if (folder === 'data') return '';
  return ` --data-dir ${shellWord(folder.startsWith('..') ? dirname(devStackFile) : folder || '.')}`;
}

/** A summary for programs, on one line. Contains no secrets. */
export function jsonSummary(devStack: DevStack, devStackFile: string): string {
  const { control_plane: controlPlane, tenant_plane: tenantPlane, demo_tenant: demo } = devStack;
  return `${JSON.stringify({
    ready: true,
    control_plane: { url: controlPlane.url },
    tenant_plane: { url: tenantPlane.url, tenant_plane_id: tenantPlane.tenant_plane_id },
    demo_tenant: { id: demo.id, slug: demo.slug, url: demo.url },
    dev_stack_file: devStackFile,
  })}\n`;
}

export function curlLine(tenantPlaneUrl: string, slug: string, devStackFile: string): string {
  const token = `$(node -p 'require(process.argv[1]).demo_tenant.token' ${shellWord(devStackFile)})`;
  const incident = JSON.stringify({ title: 'Disk is full on web-1', severity: 'P2' });
  const headers = [`-H 'x-tenant-id: ${slug}'`, `-H "authorization: Bearer ${token}"`, jsonHeader];
  return `curl -sS ${tenantPlaneUrl}/api/incidents ${headers.join(' ')} -d '${incident}'`;
}

const jsonHeader = `-H 'content-type: application/json'`;

/** A path that `require` accepts: `./…` below the directory, absolute elsewhere. */
function pathFrom(directory: string, file: string): string {
  const path = relative(directory, file);
  return path.startsWith('..') ? file : `./${path}`;
}
