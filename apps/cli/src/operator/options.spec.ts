import { UsageError } from '../command';
import { type Option, bodyOf, given, optionsUsage } from './options';

const OPTIONS: readonly Option[] = [
  { name: 'model', value: '<model>', text: 'which', choices: ['shared', 'hybrid'], isRequired: true },
  { name: 'database', value: '<driver>', text: 'its own', field: 'database.driver' },
  { name: 'ttl', value: '<seconds>', text: 'how long', field: 'ttl_seconds', isNumber: true },
  { name: 'dry-run', text: 'change nothing' },
];

describe(given.name, () => {
  it('reads options and what stands behind the name, in any order', () => {
    const input = given(['--model', 'shared', 'acme', '--dry-run'], OPTIONS, 'tenant');
    expect(input).toMatchObject({ operand: 'acme', values: { model: 'shared', 'dry-run': true } });
  });

  it.each([
    [['acme'], '--model <model> is missing'],
    [['acme', '--model', 'odd'], '--model is "odd": it must be one of shared, hybrid'],
    [['acme', '--model', 'shared', '--ttl', '1h'], '--ttl is "1h": it must be a number'],
    [['acme', 'beta', '--model', 'shared'], 'What is "beta" for?'],
    [['--model', 'shared'], 'Which tenant?'],
    [['acme', '--colour'], '--colour'],
  ])('refuses %j', (args, reason) => {
    const call = () => given(args, OPTIONS, 'tenant');
    expect(call).toThrow(UsageError);
    expect(call).toThrow(reason);
  });
});

describe(bodyOf.name, () => {
  it('puts each value in its field, and leaves out what was not given', () => {
    const body = bodyOf(OPTIONS, { model: 'shared', database: 'sqlite', ttl: '60' });
    expect(body).toEqual({ database: { driver: 'sqlite' }, ttl_seconds: 60 });
    expect(bodyOf(OPTIONS, {})).toEqual({});
  });
});

describe(optionsUsage.name, () => {
  it('shows what may be chosen, and what has to be', () => {
    expect(optionsUsage(OPTIONS)).toContain('  --model <model>       which (shared, hybrid); required\n');
  });
});
