import { type Operation } from './operation';

const group = 'Operators and keys';

const ROLE = {
  name: 'role',
  value: '<role>',
  field: 'role',
  isRequired: true,
  choices: ['owner', 'admin', 'support'],
};

export const OPERATOR_OPERATIONS: readonly Operation[] = [
  {
    name: 'operators add',
    group,
    summary: 'Add an operator',
    examples: ['operators add --email ann@example.com --role admin'],
    operation: 'POST /api/operators',
    done: 'Added. They can use single sign-on, or set a password: atlas operators reset-link <address>',
    options: [
      { name: 'email', value: '<address>', field: 'email', text: 'email address', isRequired: true },
      { ...ROLE, text: 'owners can manage operators, support can only read' },
      {
        name: 'name',
        value: '<name>',
        field: 'name',
        text: 'full name',
        default: 'derived from the address',
      },
    ],
  },
  {
    name: 'operators role',
    group,
    summary: 'Change the role of an operator',
    about: 'Changes the role of an operator. A lower role signs them out.',
    examples: ['operators role ann@example.com --role support'],
    subject: 'operator',
    operation: 'PATCH /api/operators/:id',
    done: 'Changed.',
    options: [{ ...ROLE, text: 'the new role' }],
  },
  {
    name: 'operators disable',
    group,
    summary: 'Disable an operator and revoke their sessions and API keys',
    examples: ['operators disable ann@example.com'],
    subject: 'operator',
    operation: 'PATCH /api/operators/:id',
    body: { disabled: true },
    done: 'Disabled. Their sessions, API keys and reset links are revoked.',
    options: [],
  },
  {
    name: 'operators enable',
    group,
    summary: 'Enable an operator who was disabled',
    examples: ['operators enable ann@example.com'],
    subject: 'operator',
    operation: 'PATCH /api/operators/:id',
    body: { disabled: false },
    done: 'Enabled. Their earlier API keys remain revoked.',
    options: [],
  },
  {
    name: 'operators reset-link',
    group,
    summary: 'Create a link that lets an operator choose a password',
    examples: ['operators reset-link ann@example.com'],
    subject: 'operator',
    operation: 'POST /api/operators/:id/reset-link',
    link: 'They choose a password here',
    options: [],
  },
];

export const KEY_OPERATIONS: readonly Operation[] = [
  {
    name: 'api-keys create',
    group,
    summary: 'Create an API key of your own',
    examples: ['api-keys create --name ci --scopes tenants:read,jobs:read'],
    operation: 'POST /api/api-keys',
    options: [
      { name: 'name', value: '<name>', field: 'name', text: 'what it is for', isRequired: true },
      {
        name: 'scopes',
        value: '<scope,…>',
        field: 'scopes',
        isRequired: true,
        isList: true,
        text: 'scopes of the key, separated by commas',
      },
      {
        name: 'ttl',
        value: '<seconds>',
        field: 'ttl_seconds',
        isNumber: true,
        text: 'how long it is valid',
        default: '90 days',
      },
    ],
  },
  {
    name: 'api-keys revoke',
    group,
    summary: 'Revoke an API key and all keys created with it',
    examples: ['api-keys revoke 9f1c2d3e4a5b6c7d'],
    subject: 'key',
    operation: 'DELETE /api/api-keys/:id',
    done: 'Revoked.',
    options: [],
  },
];
