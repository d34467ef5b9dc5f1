import { ProblemError } from '@atlas/web';
import { type Draft, type StepDraft } from './draft';
import { isCredentialHeader } from './runbook';

type Problem = ProblemError['problem'];

/** What is wrong, by the name of the field as the API calls it, such as `steps.0.config.url`. */
export type Problems = Readonly<Record<string, string>>;

/** What the browser can see itself, because the API could not be asked. */
export function ownProblemsOf({ parameters, steps }: Draft): Problems {
  const found: Record<string, string> = {};
  parameters.forEach(({ name }, index) => {
    if (parameters.findIndex((other) => other.name === name) < index)
      found[`parameters.${index}.name`] = 'Another parameter has this name.';
  });
  steps.forEach((step, index) => {
    const place = `steps.${index}`;
    if (step.name.trim() === '') found[`${place}.name`] = 'Give the step a name.';
    else if (steps.findIndex((other) => other.name.trim() === step.name.trim()) < index)
      found[`${place}.name`] = 'Another step has this name.';
    Object.assign(found, stepProblemsOf(step, place));
  });
  return found;
}

function stepProblemsOf(step: StepDraft, place: string): Problems {
  if (step.kind === 'shell')
    return {
      ...(step.command.trim() === '' && { [`${place}.config.command`]: 'Enter a command.' }),
      ...twiceIn(step.labels, `${place}.agent_selector`),
    };
  if (step.kind !== 'http') return {};
  const isUntyped = step.headers.some(
    ({ name, value, isKept }) => isCredentialHeader(name) && value === '' && isKept !== true,
  );
  return {
    ...(step.url.trim() === '' && { [`${place}.config.url`]: 'Enter an address.' }),
    ...(step.bodyKind === 'json' && !isJson(step.body) && { [`${place}.config.body`]: 'This is not JSON.' }),
    ...(isUntyped && { [`${place}.config.headers`]: 'Enter the value of each header with a credential.' }),
    ...twiceIn(step.headers, `${place}.config.headers`),
  };
}

function twiceIn(pairs: readonly { readonly name: string }[], field: string): Problems {
  const names = pairs.map(({ name }) => name).filter((name) => name !== '');
  const twice = names.find((name, index) => names.indexOf(name) < index);
  return twice === undefined ? {} : { [field]: `${twice} is there twice.` };
}

function isJson(text: string): boolean {
  if (text.trim() === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Where the refusals belong that name a step or a parameter in a sentence. */
const FIELDS: Readonly<Record<string, string>> = {
  duplicate_step: '.name',
  duplicate_parameter: '.name',
  invalid_pattern: '.pattern',
  credential_missing: '.config.headers',
  invalid_step: '',
  unknown_parameter: '',
};

/** Why the API refused it, at the fields that are to blame. */
export function problemsOf(error: unknown, draft: Draft): Problems {
  if (!(error instanceof ProblemError)) return {};
  const { problem } = error;
  const { code, detail } = problem;
  if (code === 'validation_failed') return error.byField;
  const field = /^(steps\.\d+\.config\.\w+) /.exec(detail)?.[1];
  if (field !== undefined) return { [field]: sentenceOf(detail) };
  if (code === 'address_not_allowed') return addressProblemsOf(problem, draft);
  const end = FIELDS[code];
  const place = end === undefined ? null : placeOf(problem, draft);
  return place === null ? {} : { [place + (end ?? '')]: detail };
}

function sentenceOf(detail: string): string {
  return detail.replace(/^steps\.\d+\.config\.(\w+)/, (_, name: string) => `The ${name}`);
}

function addressProblemsOf({ detail }: Problem, { steps }: Draft): Problems {
  const host = detail.split(' ')[0] ?? '';
  return Object.fromEntries(
    steps
      .map(({ kind, url }, index) => [`steps.${index}.config.url`, kind === 'http' ? url : ''] as const)
      .filter(([, url]) => host !== '' && url.includes(host))
      .map(([field]) => [field, detail]),
  );
}

function placeOf({ code, detail }: Problem, { steps, parameters }: Draft): string | null {
  const isParameter = code === 'invalid_pattern' || code === 'duplicate_parameter';
  const named = isParameter ? parameters : steps;
  const name = /"(.*?)"/.exec(detail)?.[1];
  // Of two with the same name, the second is to blame.
  const index = named.findLastIndex((one) => one.name.trim() === name);
  return index < 0 ? null : `${isParameter ? 'parameters' : 'steps'}.${index}`;
}

/** Whether something is wrong at or below a field. */
export function hasProblemAt(problems: Problems, place: string): boolean {
  return Object.keys(problems).some((field) => field === place || field.startsWith(`${place}.`));
}
