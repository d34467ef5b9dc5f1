import { type Json } from '@atlas/platform';
import { type RunStepView } from '@atlas/tenant-api/automation';
import {
  type HttpConfigDto,
  type ManualConfigDto,
  type ShellConfigDto,
  type StepKind,
} from '@atlas/tenant-api/runbooks';
import { onOneLine, shellWord } from '../text';
import { indented } from './indented';

type Config = NonNullable<RunStepView['config']>;

/** If a step waits for a person: what the step does, and the command that lets the run go on. */
export function waitText(step: Json<RunStepView>, runId: string, connection: string): string {
  const title = onOneLine(step.name);
  const deed = step.config ? indented(DEEDS[step.kind](step.config)) : '';
  if (step.status === 'waiting_manual')
    return (
      `\nA person has to do "${title}":\n${deed}` +
      `When it is done: atlas-tp runs complete ${runId}${connection}\n`
    );
  if (step.status !== 'waiting_approval') return '';
  const reason = onOneLine(step.approval?.reason ?? '');
  const next = `atlas-tp runs approve ${runId} --step ${shellWord(title)}${connection}`;
  return `\n"${title}" waits for approval. ${reason}\n${deed}Next: ${next}\n`;
}

/** If a step waits for an agent: how to see whether there is one. */
export function queueText({ name, kind, status }: Json<RunStepView>, connection: string): string {
  if (kind !== 'shell' || status !== 'queued') return '';
  const next = `To see which are online: atlas-tp agents list${connection}`;
  return `\n"${onOneLine(name)}" waits for an agent. ${next}\n`;
}

const DEEDS: Readonly<Record<StepKind, (config: Config) => string>> = {
  manual: (config) => (config as ManualConfigDto).instructions ?? 'There are no instructions.',
  shell: (config) => {
    const { command, args = [], shell } = config as Config & ShellConfigDto;
    return [shell ? command : shellWord(command), ...args.map(shellWord)].join(' ');
  },
  http: (config) => {
    const { method, url, body } = config as Config & HttpConfigDto;
    return body === null ? `${method} ${url}` : `${method} ${url}\n${JSON.stringify(body)}`;
  },
};
