import { type Install, type PlanView } from '../control-plane/views';
import { onOneLine } from '../text';

export function planText({ plan: { steps, install_required: needsInstall } }: PlanView): string {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const lines = steps.map(({ name, description, creates }, index) => {
    const made = creates.length > 0 ? ` (makes: ${creates.join(', ')})` : '';
    return `${String(index + 1).padStart(4)}. ${name.padEnd(width)}  ${onOneLine(description + made)}\n`;
  });
  const install = needsInstall
    ? "\nAn install bundle would be handed out: the tenant plane is the customer's to install.\n"
    : '';
  return `These steps would be taken; nothing was changed.\n\n${lines.join('')}${install}`;
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

export function linkText(url: string, expiresAt: string): string {
  return `The first admin signs up here, once, until ${expiresAt}:\n\n  ${url}\n`;
}
