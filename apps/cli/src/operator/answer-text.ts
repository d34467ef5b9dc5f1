import { type Install, type PlanView } from '../control-plane/views';
import { onOneLine } from '../text';

export function planText({ plan }: PlanView): string {
  const { steps, install_required: needsInstall } = plan;
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, description, creates }, index) => {
    const made = creates.length > 0 ? ` (creates: ${creates.join(', ')})` : '';
    return `${String(index + 1).padStart(4)}. ${name.padEnd(width)}  ${onOneLine(description + made)}\n`;
  });
  const install = needsInstall
    ? '\nThe operation would show an install bundle, which is needed to start the tenant plane.\n'
    : '';
  return `Dry run: nothing was changed. The steps would be:\n\n${lines.join('')}${install}${wavesText(plan)}`;
}

function wavesText({ waves = [], to }: PlanView['plan']): string {
  const lines = waves.map((planes, index) => {
    const named = planes.map(({ name, version }) => `${name} (${version})`).join(', ');
    return `${String(index + 1).padStart(4)}. ${named}\n`;
  });
  return lines.length > 0
    ? `\nThe tenant planes would be upgraded to ${to} in this order:\n\n${lines.join('')}`
    : '';
}

export function installText({ env, commands, expires_at: expiresAt }: Install): string {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  return `The install bundle, shown only once. It is valid for one tenant plane until ${expiresAt}.

${lines.join('')}
Put these lines into a file named atlas-tp.env. Then, in the folder of that file, start the plane
with the image:
  ${commands.docker}
If the folder is a checkout of Atlas, this works too, after "npm ci && npm run build":
  ${commands.npx}

`;
}

export function linkText(url: string, expiresAt: string, what = 'Open it here'): string {
  return `${what}. The link can be used once, until ${expiresAt}:\n\n  ${url}\n`;
}

export function secretText(secret: string): string {
  return `The secret that verifies the signatures, shown only once:\n\n  ${secret}\n\n`;
}

export function keyText(key: string, expiresAt: string): string {
  return `The API key, shown only once. It is valid until ${expiresAt}:\n\n  ${key}\n`;
}
