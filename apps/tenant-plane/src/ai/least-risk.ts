import { RISKS, type Risk, type StepKind } from '@atlas/tenant-api/runbooks';

const READS = ['GET', 'HEAD'];
/** Programs and words that destroy, stop or lock out. */
const DESTRUCTIVE = [
  /\b(?:rm|dd|mkfs\S*|fdisk|wipefs|shred|shutdown|reboot|poweroff|halt|kill\w*|iptables|nft|userdel)\b/i,
  /\b(?:drop|truncate|delete|destroy|purge|format)\b/i,
];

/** The risk of a drafted step: what the AI says, but at least what the step can do. */
export function riskAtLeast(kind: StepKind, config: Readonly<Record<string, unknown>>, said: Risk): Risk {
  const least = leastRisk(kind, config);
  return RISKS.indexOf(said) < RISKS.indexOf(least) ? least : said;
}

function leastRisk(kind: StepKind, config: Readonly<Record<string, unknown>>): Risk {
  if (kind === 'manual') return 'low';
  if (kind === 'http') {
    const method = String(config['method']);
    if (READS.includes(method)) return 'low';
    return method === 'DELETE' ? 'high' : 'medium';
  }
  // A shell runs whatever the text says, and nobody can tell from its first word.
  const text = JSON.stringify([config['command'], config['args']]);
  const isDestructive = DESTRUCTIVE.some((words) => words.test(text));
  return config['shell'] === true || isDestructive ? 'high' : 'medium';
}
