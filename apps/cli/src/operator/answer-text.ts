import { type Install, type PlanView } from '../control-plane/views';
import { onOneLine } from '../text';

export function planText({ plan }: PlanView): string {
  const { steps, install_required: needsInstall } = plan;
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, description, creates }, index) => {
    const made = creates.length > 0 ? ` (makes: ${creates.join(', ')})` : '';
    return `${String(index + 1).padStart(4)}. ${name.padEnd(width)}  ${onOneLine(description + made)}\n`;
  });
  const install = needsInstall
    ? '\nAn install bundle would be handed out, with which the tenant plane is to be started.\n'
    : '';
  return `These steps would be taken; nothing was changed.\n\n${lines.join('')}${install}${wavesText(plan)}`;
}

function wavesText({ waves = [], to }: PlanView['plan']): string {
  const lines = waves.map((planes, index) => {
    const named = planes.map(({ name, version }) => `${name} (${version})`).join(', ');
    return `${String(index + 1).padStart(4)}. ${named}\n`;
  });
  return lines.length > 0 ? `\nThe tenant planes would go to ${to} in this order:\n\n${lines.join('')}` : '';
}

export function installText({ env, commands, expires_at: expiresAt }: Install): string {
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  return `The install bundle, shown this once. Good for one tenant plane, until ${expiresAt}.

${lines.join('')}
With these lines in atlas-tp.env, one of:
  ${commands.npx}
  ${commands.docker}

`;
}

export function linkText(url: string, expiresAt: string, what = 'It is opened here'): string {
  return `${what}, once, until ${expiresAt}:\n\n  ${url}\n`;
}

export function keyText(key: string, expiresAt: string): string {
  return `The API key, shown this once. Good until ${expiresAt}:\n\n  ${key}\n`;
}
