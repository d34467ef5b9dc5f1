import { RISKS, type Risk, type StepKind } from '@atlas/tenant-api/runbooks';

const READS = ['GET', 'HEAD'];
/** The risk of a drafted step: what the AI says, but at least what the step can do. */
export function riskAtLeast(kind: StepKind, config: Readonly<Record<string, unknown>>, said: Risk): Risk {
  const least = leastRisk(kind, config);
  return RISKS.indexOf(said) < RISKS.indexOf(least) ? least : said;
}

function leastRisk(kind: StepKind, config: Readonly<Record<string, unknown>>): Risk {
  if (kind === 'manual') return 'low';
  if (kind === 'http') {
    const method = String(config['method']);
    // A query or a body can carry names out, or cause something.
    const isPlain = config['body'] === undefined && !String(config['url']).includes('?');
    if (READS.includes(method) && isPlain) return 'low';
    return method === 'DELETE' ? 'high' : 'medium';
  }
  // Nobody can tell from a command what it does, and what an AI writes can be influenced by an alert.
  return 'high';
}
