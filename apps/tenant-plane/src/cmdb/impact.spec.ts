import { type Edge, NeedGraph } from './impact';

/** `web>app` means that web needs app. `lb>2:web1+web2` means that lb needs two of them. */
function edges(text: string): Edge[] {
  return text.split(' ').flatMap((part) => {
    const [from = '', targets = ''] = part.split('>');
    const [minUp, names] = targets.includes(':') ? targets.split(':') : [undefined, targets];
    const type = minUp === undefined ? 'depends_on' : 'member_of';
    return (names ?? '')
      .split('+')
      .map((toId): Edge => ({ fromId: from, toId, type, minUp: minUp === undefined ? null : Number(minUp) }));
  });
}

describe(NeedGraph.name, () => {
  it.each<[string, string, Record<string, string>]>([
    ['a chain', 'web>app app>db', { db: 'down', app: 'down', web: 'down' }],
    ['a cycle', 'a>db b>a a>b', { db: 'down', a: 'down', b: 'down' }],
    ['enough of several', 'lb>1:db+web2', { db: 'down', lb: 'degraded' }],
    ['too few of several', 'lb>2:db+web2', { db: 'down', lb: 'down' }],
    [
      'several that all need the root',
      'lb>1:a+b a>db b>db',
      { db: 'down', a: 'down', b: 'down', lb: 'down' },
    ],
    ['something degraded', 'lb>1:db+web2 shop>lb', { db: 'down', lb: 'degraded', shop: 'degraded' }],
    ['a part in two ways', 'lb>1:db+web2 lb>db', { db: 'down', lb: 'down' }],
    ['more than there is', 'lb>3:db+web2', { db: 'down', lb: 'down' }],
    ['nothing', 'web>app', { db: 'down' }],
    [
      'the root and something that becomes worse',
      'x>1:db+z x>db lb>1:x+y',
      { db: 'down', x: 'down', lb: 'degraded' },
    ],
    [
      'more than is left, of which one is degraded',
      'lb>2:a a>1:db+x',
      { db: 'down', a: 'degraded', lb: 'degraded' },
    ],
    [
      'one degraded and one down',
      'lb>1:a+b a>1:db+x b>db',
      { db: 'down', a: 'degraded', b: 'down', lb: 'degraded' },
    ],
  ])('derives the states of items that need %s', (_, text, states) => {
    expect(Object.fromEntries(new NeedGraph(edges(text)).impactOf('db'))).toEqual(states);
  });

  it('measures the shortest distance in both directions, up to a limit', () => {
    const graph = new NeedGraph(edges('web>app app>db web>db shop>web db>shop'));
    const distances = (direction: 'dependents' | 'dependencies', most: number) =>
      Object.fromEntries(graph.distances('db', direction, most));
    expect(distances('dependents', 20)).toEqual({ db: 0, app: 1, web: 1, shop: 2 });
    expect(distances('dependents', 1)).toEqual({ db: 0, app: 1, web: 1 });
    expect(distances('dependencies', 20)).toEqual({ db: 0, shop: 1, web: 2, app: 3 });
  });

  it('takes time that grows with the relationships, even if one item has 100,000 of them', () => {
    const star = Array.from({ length: 100_000 }, (_, index) => [
      { fromId: 'lb', toId: `web-${index}`, type: 'member_of', minUp: 1 } as const,
      { fromId: `web-${index}`, toId: 'db', type: 'depends_on', minUp: null } as const,
    ]).flat();
    const states = new NeedGraph(star).impactOf('db');
    expect([states.size, states.get('lb')]).toEqual([100_002, 'down']);
  });
});
