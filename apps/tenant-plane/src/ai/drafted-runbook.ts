import { RunbookDto, type RunbookStepDto } from '@atlas/tenant-api/runbooks';
import { isCredentialHeader } from '../runbooks/step-config';
import { aiAnswerUnreadable } from './ai.errors';
import { riskAtLeast } from './least-risk';
import { instanceOf } from './structured-answer';

/** U+0000 and half of a character, as JSON writes them. Databases cannot store them. */
const UNSTORABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

/**
 * The runbook that an AI has drafted, as a user could send it to `POST /api/runbooks`. Repairs what it can:
 * unknown members and credentials are left out, because a credential in a draft is invented, and risks are
 * raised. Throws `ai_answer_unreadable`.
 */
export function draftedRunbook(json: unknown): RunbookDto {
  if (UNSTORABLE.test(JSON.stringify(json)))
    throw aiAnswerUnreadable('it contains a character that cannot be stored');
  const draft = instanceOf(RunbookDto, json);
  return { ...draft, steps: draft.steps.map(repaired) };
}

function repaired({ agent_selector: selector, ...step }: RunbookStepDto): RunbookStepDto {
  const { kind } = step;
  const config = kind === 'http' ? withoutCredentials(step.config) : step.config;
  const named = kind === 'shell' && selector !== undefined ? { agent_selector: selector } : {};
  return { ...step, ...named, config, risk: riskAtLeast(kind, config, step.risk) };
}

function withoutCredentials(config: Record<string, unknown>): Record<string, unknown> {
  const { headers, ...others } = config;
  if (typeof headers !== 'object' || headers === null) return others;
  const harmless = Object.entries(headers).filter(([name]) => !isCredentialHeader(name));
  return { ...others, headers: Object.fromEntries(harmless) };
}
