import { draftedRunbook } from './drafted-runbook';
import { riskAtLeast } from './least-risk';

const LOOK = { name: 'look', kind: 'manual', risk: 'low', config: { instructions: 'Look.' } };
const CALL = {
  name: 'call',
  kind: 'http',
  risk: 'low',
  config: { method: 'GET', url: 'https://a.example/' },
};
const draftOf = (...steps: object[]) => draftedRunbook({ name: 'Repair', steps });

describe('a drafted runbook', () => {
  it('loses what no runbook has, and what only an agent needs', () => {
    const selector = { site: 'berlin' };
    const shell = {
      ...LOOK,
      kind: 'shell',
      risk: 'high',
      config: { command: 'df' },
      agent_selector: selector,
    };
    const draft = draftedRunbook({
      name: 'Repair',
      id: 'invented',
      steps: [
        { ...LOOK, agent_selector: selector, approved: true },
        { ...shell, name: 'measure' },
      ],
    });
    expect(JSON.parse(JSON.stringify(draft))).toEqual({
      name: 'Repair',
      steps: [LOOK, { ...shell, name: 'measure' }],
    });
  });

  it('loses credentials, which can only be invented', () => {
    const headers = { Authorization: 'Bearer invented', 'X-Api-Key': 'invented', accept: 'text/plain' };
    const [step] = draftOf({ ...CALL, config: { ...CALL.config, headers } }).steps;
    expect(step?.config).toEqual({ ...CALL.config, headers: { accept: 'text/plain' } });
  });

  it.each([
    ['no object', []],
    ['no steps', { name: 'Repair', steps: [] }],
    ['a kind that does not exist', { name: 'Repair', steps: [{ ...LOOK, kind: 'sql' }] }],
    ['a character that cannot be stored', { name: 'Repair\0', steps: [LOOK] }],
    ['half of a character', { name: 'Repair \ud83d', steps: [LOOK] }],
  ])('is refused with %s', (_, json) => {
    expect(() => draftedRunbook(json)).toThrow(expect.objectContaining({ code: 'ai_answer_unreadable' }));
  });

  it('may mention how such a character is written', () => {
    expect(draftedRunbook({ name: 'Remove \\u0000 and 😀', steps: [LOOK] }).name).toBe(
      'Remove \\u0000 and 😀',
    );
  });
});

describe('the risk of a drafted step', () => {
  it.each([
    ['manual', {}, 'low'],
    ['http', { method: 'GET' }, 'low'],
    ['http', { method: 'GET', url: 'https://x.example/?u=web-1' }, 'medium'],
    ['http', { method: 'GET', url: 'https://x.example/', body: '' }, 'medium'],
    ['http', { method: 'POST' }, 'medium'],
    ['http', { method: 'DELETE' }, 'high'],
    ['shell', { command: 'systemctl', args: ['status'] }, 'high'],
  ] as const)('of %s %j is at least %s', (kind, config, least) => {
    expect(riskAtLeast(kind, config, 'low')).toBe(least);
    expect(riskAtLeast(kind, config, 'critical')).toBe('critical');
  });
});
