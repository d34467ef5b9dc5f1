import { AI_PROVIDER_KINDS } from '@atlas/operator-api';
import { PLANS } from '@atlas/tenancy';
import { type Option } from '../../options';
import { UsageError } from '../../failure';
import { type Operation } from './operation';

const group = 'AI';

const MODELS: Option = {
  name: 'models',
  value: '<plan=model,…;…>',
  field: 'models',
  parse: models,
  text: 'the models of each plan, the default first; other plans skip the provider',
};
const KEY_FILE: Option = {
  name: 'provider-key-file',
  value: '<file>',
  field: 'key',
  isFile: true,
  text: 'a file with the API key, or - for standard input',
};
const SHARED: readonly Option[] = [
  { name: 'order', value: '<n>', field: 'order', isNumber: true, text: 'lower numbers are asked first' },
  {
    name: 'reasoning-tokens',
    value: '<n>',
    field: 'reasoning_tokens',
    isNumber: true,
    text: 'tokens that its models may think beyond the limit of a question',
  },
  { name: 'disabled', field: 'enabled', parse: () => false, text: 'do not ask it' },
];

export const AI_OPERATIONS: readonly Operation[] = [
  {
    name: 'ai-providers add',
    group,
    summary: 'Add an AI provider that answers questions of tenants',
    about: 'Adds an AI provider. Only owners may do this. The key is stored encrypted and never shown.',
    examples: [
      'ai-providers add --name Local --kind openai_compatible --base-url http://ai/v1 ' +
        '--models "core=a;enterprise=b,a"',
      'ai-providers add --name Anthropic --kind anthropic --base-url https://api.anthropic.com ' +
        '--models core=claude-haiku-4-5',
    ],
    operation: 'POST /api/ai/providers',
    done: 'Added. List the providers: atlas ai-providers list',
    options: [
      { name: 'name', value: '<name>', field: 'name', isRequired: true, text: 'a name of your choice' },
      {
        name: 'kind',
        value: '<kind>',
        field: 'kind',
        isRequired: true,
        choices: AI_PROVIDER_KINDS,
        text: 'the protocol that it speaks',
      },
      { name: 'base-url', value: '<url>', field: 'base_url', isRequired: true, text: 'its address' },
      { ...MODELS, isRequired: true },
      KEY_FILE,
      ...SHARED,
    ],
  },
  {
    name: 'ai-providers change',
    group,
    summary: 'Change an AI provider, or replace its key',
    about: `Changes an AI provider. To change the host of its address, pass the key again, or --no-key.`,
    examples: [
      'ai-providers change Anthropic --provider-key-file key.txt',
      'ai-providers change Local --models "core=small;operations=large" --order 2',
      'ai-providers change Local --disabled',
    ],
    subject: 'aiProvider',
    operation: 'PATCH /api/ai/providers/:id',
    done: 'Changed.',
    options: [
      { name: 'name', value: '<name>', field: 'name', text: 'a new name' },
      { name: 'base-url', value: '<url>', field: 'base_url', text: 'a new address' },
      MODELS,
      KEY_FILE,
      { name: 'no-key', field: 'key', parse: () => null, text: 'remove the key' },
      ...SHARED,
      { name: 'enabled', field: 'enabled', parse: () => true, text: 'ask it again' },
    ],
  },
  {
    name: 'ai-providers remove',
    group,
    summary: 'Remove an AI provider and its key',
    examples: ['ai-providers remove Local'],
    subject: 'aiProvider',
    operation: 'DELETE /api/ai/providers/:id',
    done: 'Removed. It is not asked any more.',
    options: [],
  },
];

/** `core=a;operations=a,b` names the models of two plans. */
function models(text: string): Readonly<Record<string, readonly string[]>> {
  const parts = text.split(';').map((part): [string, readonly string[]] => {
    const [plan = '', names = ''] = part.split(/=(.*)/s);
    const isPlan = PLANS.some((known) => known === plan.trim());
    if (!isPlan || names === '')
      throw new UsageError(`--models is "${text}", but must be like "core=small;operations=small,large".`, {
        hint: `The plans are ${PLANS.join(', ')}.`,
      });
    return [plan.trim(), names.split(',').map((name) => name.trim())];
  });
  return Object.fromEntries(parts);
}
