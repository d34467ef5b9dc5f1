import { UsageError } from './failure';
import { type Option, bodyOf, given } from './options';

const OPTIONS: readonly Option[] = [
  { name: 'model', value: '<model>', text: 'which', choices: ['shared', 'hybrid'], isRequired: true },
  { name: 'database', value: '<driver>', text: 'its own', field: 'database.driver' },
  { name: 'ttl', value: '<seconds>', text: 'how long', field: 'ttl_seconds', isNumber: true },
  { name: 'dry-run', text: 'change nothing' },
];
const TENANT = { name: 'tenant', text: 'slug or id' };

describe(given.name, () => {
  it('reads options and the argument in any order', () => {
    const input = given(['--model', 'shared', 'acme', '--dry-run'], OPTIONS, TENANT);
    expect(input).toMatchObject({ operand: 'acme', values: { model: 'shared', 'dry-run': true } });
  });

  it.each([
    [['acme'], 'Missing option --model <model>.'],
    [['acme', '--model', 'odd'], '--model is "odd", but must be one of shared, hybrid.'],
    [['acme', '--model', 'shared', '--ttl', '1h'], '--ttl is "1h", but must be a whole number.'],
    [['acme', 'beta', '--model', 'shared'], 'Unexpected argument "beta".'],
    [['--model', 'shared'], 'Missing argument <tenant>.'],
    [['acme', '--model'], '--model needs a value: --model <model>.'],
    [['acme', '--model', '--dry-run'], '--model needs a value: --model <model>.'],
    [['acme', '--dry-run=yes'], '--dry-run takes no value.'],
    [['acme', '--colour'], 'Unknown option --colour.'],
    [['acme', '-x'], 'Unknown option -x.'],
    [['acme', '--ttl', '1', '--ttl', '2'], '--ttl is given twice.'],
    [['', '--model', 'shared'], '<tenant> is "", which names nothing.'],
    [['..', '--model', 'shared'], '<tenant> is "..", which names nothing.'],
  ])('refuses %j', (args, reason) => {
    const call = () => given(args, OPTIONS, TENANT);
    expect(call).toThrow(UsageError);
    expect(call).toThrow(reason);
  });

  it('names all missing options at once', () => {
    const size = { name: 'size', value: '<n>', text: 'how many', isRequired: true };
    const call = () => given(['acme'], [...OPTIONS, size], TENANT);
    expect(call).toThrow('Missing options --model <model>, --size <n>.');
  });

  it('suggests the option that was probably meant', () => {
    const call = () => given(['acme', '--modle', 'shared'], OPTIONS, TENANT);
    expect(call).toThrow(expect.objectContaining({ code: 'unknown_option', hint: 'Did you mean --model?' }));
  });

  it('requires an argument to be one of its choices, and lets an optional argument be omitted', () => {
    const shell = { name: 'shell', text: 'the shell', choices: ['bash'] };
    expect(() => given(['csh'], [], shell)).toThrow('<shell> is "csh", but must be one of bash.');
    expect(given([], [], { ...shell, isOptional: true }).operand).toBe('');
  });
});

describe(bodyOf.name, () => {
  it('puts each value in its field and omits options that were not given', () => {
    const body = bodyOf(OPTIONS, { model: 'shared', database: 'sqlite', ttl: '60' });
    expect(body).toEqual({ database: { driver: 'sqlite' }, ttl_seconds: 60 });
    expect(bodyOf(OPTIONS, {})).toEqual({});
  });

  it('lets several options fill one object, unless one of them replaces it', () => {
    const options: readonly Option[] = [
      { name: 'limit', value: '<n>', text: 'one', field: 'agreed.limit', isNumber: true },
      { name: 'part', value: '<part>', text: 'other', field: 'agreed.part' },
      { name: 'nothing', text: 'none', field: 'agreed', parse: () => null },
    ];
    expect(bodyOf(options, { limit: '1', part: 'a' })).toEqual({ agreed: { limit: 1, part: 'a' } });
    expect(bodyOf(options, { nothing: true })).toEqual({ agreed: null });
    expect(() => bodyOf(options, { part: 'a', nothing: true })).toThrow(
      '--part and --nothing cannot be combined.',
    );
  });
});
